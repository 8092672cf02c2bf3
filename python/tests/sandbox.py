"""Real Git repositories that know nothing of the machine that they are on."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SETTINGS = """\
[user]
    name = Ann
    email = ann@example.com
[init]
    defaultBranch = main
[commit]
    gpgSign = false
[tag]
    gpgSign = false
"""


class TestCase(unittest.TestCase):
    """Each test has a folder, a home and an environment of its own, and starts in an empty repository."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gto-test-")).resolve()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        home = self.folder / "home"
        home.mkdir()
        (home / "settings").write_text(SETTINGS)
        before = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        for name in list(os.environ):
            if name.startswith(("GIT_", "GTO_")) and not name.startswith(("GTO_ORACLE", "GTO_REQUIRE")):
                del os.environ[name]
        os.environ.update(
            HOME=str(home),
            XDG_CACHE_HOME=str(home / "cache"),
            GIT_CONFIG_NOSYSTEM="1",
            GIT_CONFIG_GLOBAL=str(home / "settings"),
            GIT_CEILING_DIRECTORIES=str(self.folder),
        )
        self.repo = self.new_repo("repo")
        before_folder = os.getcwd()
        self.addCleanup(os.chdir, before_folder)
        os.chdir(self.repo)

    def new_repo(self, name):
        path = self.folder / name
        self.git("init", "--quiet", str(path), within=self.folder)
        return path

    def git(self, *arguments, within=None, input=None):
        """What git prints. An error of it fails the test."""
        command = ["git", "-C", str(within or self.repo), *arguments]
        done = subprocess.run(command, input=input, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stderr}")
        return done.stdout.strip()

    def commit(self, message="change", within=None, **files):
        """Commits files, by name with dots for what no keyword can be; the commit's id."""
        folder = Path(within or self.repo)
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text)
        self.git("add", "--all", within=folder)
        self.git("commit", "--quiet", "--allow-empty", "--message", message, within=folder)
        return self.git("rev-parse", "HEAD", within=folder)
