"""The package as it is installed: what it needs, the command in it, and how fast it is."""

import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import time
import unittest
from pathlib import Path

import gto
from gto import _gto, api
from sandbox import TestCase

COMMAND = Path(sys.executable).with_name("gto.exe" if os.name == "nt" else "gto")


def medians(runs, *measures):
    """The median of each, measured in turn: what slows the machine down for a while slows all of them."""
    times = [[measure() for measure in measures] for _ in range(runs)]
    return [statistics.median(column) for column in zip(*times)]


class Installed(unittest.TestCase):
    def test_it_needs_no_other_package(self):
        needed = importlib.metadata.requires("gto") or []
        self.assertEqual([package for package in needed if "extra ==" not in package], [])

    def test_all_versions_are_one(self):
        said = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, encoding="utf-8", check=True)
        version = importlib.metadata.version("gto")
        self.assertIn(version, said.stdout)
        self.assertEqual((gto.__version__, _gto.__version__), (version, version))

    def test_the_command_is_a_program_of_its_own(self):
        self.assertNotEqual(COMMAND.read_bytes()[:2], b"#!")

    def test_its_description_is_for_those_who_install_it(self):
        description = importlib.metadata.metadata("gto").get_payload()
        self.assertTrue(description.startswith("# gto for Python"), description[:80])
        self.assertIn("not the package that PyPI has", description)
        # Of a link into the repository nothing is left where the description is shown.
        self.assertNotRegex(description, r"\]\((?!https://)")

    def test_it_is_typed(self):
        package = Path(gto.__file__).parent
        self.assertTrue((package / "py.typed").is_file())
        self.assertTrue((package / "_gto.pyi").is_file())


class Fast(TestCase):
    def test_importing_it_takes_at_most_three_times_as_long_as_json(self):
        def importing(module):
            script = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
            # Outside of any folder with modules, so that what is installed is found.
            done = subprocess.run(
                [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True, cwd=self.folder
            )
            return float(done.stdout)

        ours, of_json = medians(15, lambda: importing("gto"), lambda: importing("json"))
        self.assertLessEqual(ours, 3 * of_json)

    def test_show_of_ten_thousand_tags_takes_at_most_twice_as_long_as_the_command(self):
        self.make_tags(artifacts=100, versions=100)

        def in_python():
            begun = time.perf_counter()
            self.assertEqual(len(api.show(str(self.repo))), 100)
            return time.perf_counter() - begun

        def by_command():
            begun = time.perf_counter()
            done = subprocess.run([COMMAND, "show", "--json"], cwd=self.repo, capture_output=True, check=True)
            took = time.perf_counter() - begun
            self.assertEqual(len(json.loads(done.stdout)), 100)
            return took

        in_python()
        ours, commands = medians(5, in_python, by_command)
        self.assertLessEqual(ours, 2 * commands)

    def make_tags(self, artifacts, versions):
        """Registrations, made by git itself: one process for all."""
        stream = []
        for version in range(versions):
            stream.append(
                f"commit refs/heads/main\nmark :{version + 1}\n"
                f"committer Ann <ann@example.com> {1700000000 + version} +0000\ndata 1\nx\n"
            )
        for artifact in range(artifacts):
            for version in range(versions):
                stream.append(
                    f"tag a{artifact}@v0.0.{version + 1}\nfrom :{version + 1}\n"
                    f"tagger Ann <ann@example.com> {1700000000 + version} +0000\ndata 1\nx\n"
                )
        self.git("fast-import", "--quiet", input="".join(stream))
        self.git("pack-refs", "--all")


if __name__ == "__main__":
    unittest.main()
