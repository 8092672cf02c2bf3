"""Repositories whose commits and tags are made at times that the test chooses, so that ids and times are always the same."""

import os
from pathlib import Path

from sandbox import TestCase

#: 2024-03-04 09:00:00 UTC, a Monday.
MORNING = 1_709_542_800


class ClockedTestCase(TestCase):
    """A test with a clock that goes on when it says so, and Ada before it."""

    def setUp(self):
        super().setUp()
        for role in ["AUTHOR", "COMMITTER"]:
            os.environ[f"GIT_{role}_NAME"] = "Ada"
            os.environ[f"GIT_{role}_EMAIL"] = "ada@example.com"
        self.now = MORNING

    def tick(self, seconds=3600):
        """Lets time go on; what Git and the engine make then has that time."""
        self.now += seconds
        os.environ["GIT_AUTHOR_DATE"] = os.environ["GIT_COMMITTER_DATE"] = f"{self.now} +0000"

    def commit_files(self, files=()):
        """One more commit, with these texts by their paths; its id."""
        for path, text in dict(files).items():
            (Path(self.repo) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(self.repo) / path).write_text(text)
        return self.commit()
