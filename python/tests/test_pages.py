"""What the pages show of Python is what Python prints.

A page is run from its top to its end in an empty folder, as `crates/gto-cli/tests/cli/documents/readme.rs` does for commands: what is typed
into the shell is in the block behind `<!-- typed -->`, and what is shown in blocks of the kind `pycon`. Before each line of
the shell and each example the clock goes on by an hour.

`UPDATE_DOCS=1 python -m unittest test_pages` writes what is printed now into the pages. Where the pages are not beside the tests
there is nothing to test.
"""

import code
import contextlib
import io
import itertools
import os
import subprocess
import sys
import unittest
from pathlib import Path

from clocked import ClockedTestCase

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / "python.md", ROOT / "docs" / "guides" / "moving-from-python.md"]


class Pages(ClockedTestCase):
    maxDiff = None

    def test_the_pages_show_what_python_prints(self):
        for page in PAGES:
            with self.subTest(page.name):
                text = page.read_text(encoding="utf-8")
                fresh = self.run_page(text, page.stem)
                if os.environ.get("UPDATE_DOCS"):
                    page.write_text(fresh, encoding="utf-8")
                else:
                    self.assertEqual(text, fresh, "UPDATE_DOCS=1 makes the page fresh")

    def run_page(self, text, name):
        """The page with what its examples print now."""
        folder = self.folder / name
        folder.mkdir()
        os.chdir(folder)
        console = code.InteractiveInterpreter({"__name__": "__main__"})
        fresh, lines = [], iter(text.splitlines(keepends=True))
        for line in lines:
            fresh.append(line)
            if line.strip() == "<!-- typed -->":
                fresh.append(next(lines))
                typed = list(itertools.takewhile(lambda line: line.strip() != "```", lines))
                fresh += [*typed, "```\n"]
                for line in typed:
                    self.type(line)
            elif line.strip() == "```pycon":
                for example in self.examples(lines):
                    fresh += [example, self.output_of(console, example)]
                fresh.append("```\n")
        return "".join(fresh)

    def type(self, line):
        """Types this line into a shell, and stays in the folder in which it ends."""
        if not line.startswith("git init"):
            self.tick()
        script = f"set -e\n{line}\npwd"
        done = subprocess.run(["sh", "-c", script], check=True, stdout=subprocess.PIPE, encoding="utf-8")
        os.chdir(done.stdout.splitlines()[-1])

    def examples(self, lines):
        """The examples of a block, without what the page says that they print."""
        example = ""
        for line in lines:
            if line.startswith("... "):
                example += line
                continue
            if line.startswith((">>> ", "```")) and example:
                yield example
                example = ""
            if line.startswith("```"):
                return
            if line.startswith(">>> "):
                example = line

    def output_of(self, console, example):
        self.tick()
        source = "".join(line[4:] for line in example.splitlines(keepends=True))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            # A compound statement ends with an empty line when it is typed.
            console.runsource(source + "\n" * (source.count("\n") > 1), symbol="single")
        return printed.getvalue()


class Reference(unittest.TestCase):
    def test_the_reference_is_fresh(self):
        done = subprocess.run(
            [sys.executable, str(ROOT / "python" / "api_reference.py"), "--check"], stdout=subprocess.PIPE
        )
        self.assertEqual(done.returncode, 0, done.stdout.decode())


if __name__ == "__main__":
    unittest.main()
