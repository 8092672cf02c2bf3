"""`gto.get`, `gto.ls` and `gto.open`."""

import hashlib
import json
import os

from sandbox import TestCase

import gto
from gto import exceptions


class Files(TestCase):
    def setUp(self):
        super().setUp()
        (self.repo / "data" / "sub").mkdir(parents=True)
        (self.repo / "data" / "a.csv").write_text("1\n")
        (self.repo / "data" / "sub" / "b.txt").write_text("ä\n", encoding="utf-8")
        annotations = "data: {path: data}\nmodel: {path: model.pkl}\nkept: {path: kept}\nlost: {path: lost}\n"
        self.commit(artifacts__yaml=annotations, model__pkl="weights")
        self.registry = gto.Registry(self.repo)
        for name in ("data", "model"):
            self.registry.register(name, version="v1.0.0")

    def test_files_are_listed_got_and_opened(self):
        files = gto.ls("data")
        self.assertEqual([(file.path, file.size, file.kept_by) for file in files], [("a.csv", 2, "git"), ("sub/b.txt", 3, "git")])
        got = gto.get("data@v1.0.0", output="out", repo=self.repo)
        self.assertEqual((got.written, got.kept, got.version, got.target), (2, 0, "v1.0.0", str(self.repo / "out")))
        self.assertEqual((self.repo / "out" / "sub" / "b.txt").read_text(encoding="utf-8"), "ä\n")
        self.assertEqual(gto.get("data", output="out", repo=self.registry).kept, 2)
        self.assertEqual(gto.get("data", output="some", include=["*.csv"]).written, 1)
        with gto.open("model") as file:
            self.assertEqual(file.read(), b"weights")
        with gto.open("data", "sub/b.txt", "r") as file:
            self.assertEqual(list(file), ["ä\n"])
        self.assertEqual(repr(got), f"<Got data v1.0.0 in {got.target!r}: 2 written, 0 kept>")

    def test_what_goes_wrong_says_what_to_do(self):
        with self.assertRaisesRegex(exceptions.FileNotFound, "There is no file 'x' in 'data'") as raised:
            gto.open("data", "x")
        self.assertIn("`gto.ls(name)`", raised.exception.hint)
        with self.assertRaisesRegex(exceptions.FilesError, "'data' is a folder with 2 files"):
            gto.open("data")
        (self.repo / "out").write_text("in the way")
        with self.assertRaisesRegex(exceptions.FilesError, "is there already, and differs") as raised:
            gto.get("model", output="out")
        self.assertIn("force=True", raised.exception.hint)
        gto.get("model", output="out", force=True)
        with self.assertRaises(exceptions.WrongArgs):
            gto.open("model", mode="w")
        with self.assertRaises(exceptions.ArtifactNotFound):
            gto.ls("nothing")
        with self.assertRaises(exceptions.WrongArgs):
            gto.get()

    def test_what_dvc_keeps_comes_from_its_cache(self):
        digest = hashlib.md5(b"kept").hexdigest()
        cache = self.repo / ".dvc" / "cache" / "files" / "md5" / digest[:2]
        cache.mkdir(parents=True)
        (cache / digest[2:]).write_text("kept")
        (self.repo / ".dvc" / ".gitignore").write_text("/cache\n")
        (self.repo / ".dvc" / "config").write_text("")
        for name, md5 in (("kept", digest), ("lost", "0" * 32)):
            (self.repo / f"{name}.dvc").write_text(f"outs:\n- md5: '{md5}'\n  size: 4\n  hash: md5\n  path: {name}\n")
        self.commit("kept by DVC")
        for name in ("kept", "lost"):
            self.registry.register(name, version="v1.0.0")
        self.assertEqual(gto.ls("kept")[0].hash, f"md5:{digest}")
        with gto.open("kept", mode="r") as file:
            self.assertEqual(file.read(), "kept")
        with self.assertRaisesRegex(exceptions.FileNotFound, "Cannot find 'lost'"):
            gto.get("lost", output="x")
        self.assertFalse(os.path.exists("x"))

    def test_a_pin_gets_the_same_again(self):
        url = self.repo.as_uri()
        gto.get("model", repo=url, output="m", pin="model.pin")
        self.assertEqual(json.loads((self.repo / "model.pin").read_text())["repository"], url)
        self.git("tag", "--delete", "model@v1.0.0")
        self.commit(model__pkl="other")
        self.registry.register("model", version="v1.0.0")
        self.assertEqual(gto.open("model").read(), b"other")
        gto.get(from_pin="model.pin", output="again")
        self.assertEqual((self.repo / "again").read_text(), "weights")
        with self.assertRaises(exceptions.WrongArgs):
            gto.get("model", from_pin="model.pin")
        (self.repo / "model.pin").write_text("{}")
        with self.assertRaisesRegex(exceptions.FilesError, "This is no pin of gto"):
            gto.get(from_pin="model.pin")
