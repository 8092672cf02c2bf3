"""The quickstart of the Python tool's package page, word for word, and what its `register` does beside other changes."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from gto import api, exceptions
from gto.index import Artifact, RepoIndexManager
from sandbox import TestCase

QUICKSTART = '''
import os, shutil, tempfile
from pathlib import Path
from gto import api

original_cwd = os.getcwd()
temp_dir = Path(tempfile.mkdtemp())
os.chdir(temp_dir)
try:
    os.system('git init -b main')
    os.system('git config user.email "test@example.com"')
    os.system('git config user.name "Test User"')
    (temp_dir / "model.pkl").write_text("dummy_model_content")
    os.system('git add .')
    os.system('git commit -m "Initial commit with model.pkl"')
    api.register("my-model", "model.pkl", type="model", description="My first model")
    registry_state = api.show(name="my-model", json=True)
    print(registry_state)
    api.assign("my-model", stage="dev", version="my-model@v0.0.1")
    updated_registry_state = api.show(name="my-model", json=True)
    print(updated_registry_state)
finally:
    os.chdir(original_cwd)
    shutil.rmtree(temp_dir)
'''


class Quickstart(TestCase):
    def test_it_runs_as_it_stands(self):
        run = subprocess.run(
            [sys.executable, "-c", QUICKSTART], cwd=self.folder, capture_output=True, text=True, check=False
        )
        self.assertEqual((run.returncode, run.stderr.count("Traceback")), (0, 0), run.stderr)
        printed = run.stdout[run.stdout.index("\n[\n") :]
        first, end = json.JSONDecoder().raw_decode(printed.strip())
        second = json.loads(printed.strip()[end:])
        (version,) = first
        self.assertEqual((version["artifact"], version["version"], version["stages"]), ("my-model", "v0.0.1", []))
        annotation = version["enrichments"][0]["enrichments"][0]["artifact"]
        self.assertEqual(
            (annotation["type"], annotation["path"], annotation["description"]), ("model", "model.pkl", "My first model")
        )
        self.assertEqual(second[0]["stages"][0]["stage"], "dev")


class Annotating(TestCase):
    def setUp(self):
        super().setUp()
        self.commit(model__pkl="1", other="1")

    def test_registering_with_a_description_commits_the_annotation_alone_and_registers_that_commit(self):
        (self.repo / "other").write_text("changed")
        (self.repo / "staged").write_text("new")
        self.git("add", "staged")
        event = api.register("my-model", "model.pkl", type="model", labels=["nlp"], custom={"a": 1}, version="v1.0.0")
        self.assertEqual((event.version, event.commit_hexsha), ("v1.0.0", self.git("rev-parse", "HEAD")))
        self.assertEqual(self.git("show", "--name-only", "--format=", "HEAD"), "artifacts.yaml")
        self.assertEqual(self.git("log", "-1", "--format=%s"), "Annotate artifact `my-model` of type `model` with path `model.pkl`")
        self.assertEqual(self.git("status", "--porcelain").split("\n"), ["M other", "A  staged"])
        expected = Artifact(type="model", path="model.pkl", labels=["nlp"], custom={"a": 1})
        self.assertEqual(api.describe("my-model@v1.0.0"), expected)

    def test_what_is_annotated_already_is_registered_at_the_commit_that_is_there(self):
        api.register("my-model", "model.pkl", type="model")
        self.commit("train", model__pkl="2")
        head = self.git("rev-parse", "HEAD")
        event = api.register("my-model", "model.pkl", type="model")
        self.assertEqual((event.version, event.commit_hexsha), ("v0.0.2", head))

    def test_nothing_is_registered_if_the_annotation_is_refused(self):
        with self.assertRaises(exceptions.ValidationError):
            api.register("my model", "model.pkl", type="model")
        api.register(name="my-model", path="model.pkl", repo=self.repo)
        with self.assertRaises(exceptions.PathIsUsed):
            api.register("other", "model.pkl", type="model")
        self.assertEqual(self.git("tag"), "my-model@v0.0.1")

    def refused(self, **repo):
        """Calls that fail after the annotation has been found to be good."""
        api.register("other", path="other", type="model", version="v3.0.0", **repo)
        for error, wrong in [
            (TypeError, {"verison": "v1.0.0"}),
            (exceptions.InvalidVersion, {"version": "1"}),
            (exceptions.WrongArgs, {"version": "v1.0.0", "bump_major": True}),
            (exceptions.WrongArgs, {"author": " "}),
        ]:
            yield error, lambda wrong=wrong: api.register("my-model", "model.pkl", type="model", **wrong, **repo)
        yield (
            exceptions.VersionAlreadyRegistered,
            lambda: api.register("other", path="other", type="dataset", version="v3.0.0", **repo),
        )

    def test_what_is_refused_leaves_no_commit(self):
        bare = self.folder / "bare.git"
        self.git("clone", "--quiet", "--bare", str(self.repo), str(bare))
        for where, repo in [(self.repo, {}), (bare, {"repo": f"file://{bare.as_posix()}"})]:
            before = None
            for error, call in self.refused(**repo):
                before = before or self.git("for-each-ref", within=where)
                with self.subTest(error.__name__, **repo), self.assertRaises(error):
                    call()
                self.assertEqual(self.git("for-each-ref", within=where), before)
        self.assertEqual(self.git("status", "--porcelain"), "")

    def test_the_commit_before_may_have_a_version_already(self):
        api.register("my-model", "model.pkl", type="model")
        event = api.register("my-model", "model.pkl", type="dataset", bump_minor=True)
        self.assertEqual((event.version, event.commit_hexsha), ("v0.1.0", self.git("rev-parse", "HEAD")))

    def test_without_an_identity_it_is_said_how_to_give_one(self):
        before = self.git("rev-parse", "HEAD")
        Path(os.environ["GIT_CONFIG_GLOBAL"]).write_text("[user]\n    useConfigOnly = true\n")
        with self.assertRaises(exceptions.NoIdentity) as caught:
            api.register("my-model", "model.pkl", type="model")
        self.assertIn("author_email=", caught.exception.hint)
        self.assertEqual((self.git("rev-parse", "HEAD"), self.git("status", "--porcelain")), (before, ""))
        api.register("my-model", "model.pkl", type="model", author="Eve", author_email="eve@example.com")
        self.assertEqual(
            self.git("log", "-1", "--format=%an %ae %cn %ce"), "Eve eve@example.com Eve eve@example.com"
        )

    def test_a_remote_repository_gets_the_commit_and_the_tag(self):
        bare = self.folder / "bare.git"
        self.git("clone", "--quiet", "--bare", str(self.repo), str(bare))
        api.register("my-model", "model.pkl", type="model", repo=f"file://{bare.as_posix()}")
        self.assertEqual(self.git("tag", within=bare), "my-model@v0.0.1")
        self.assertEqual(self.git("show", "--name-only", "--format=", "my-model@v0.0.1^{commit}", within=bare), "artifacts.yaml")


class Manager(TestCase):
    def test_annotations_are_added_changed_and_removed_and_the_rest_of_the_file_stays(self):
        self.commit(model__pkl="1", artifacts__yaml="# ours\nother:\n  type: dataset  # kept\n")
        given = {"must_exist": True, "allow_same_path": False, "labels": ["a"], "description": "", "custom": None}
        with RepoIndexManager.from_url(self.repo) as manager:
            manager.add("model", type="model", path="model.pkl", update=False, **given)
            self.assertEqual(manager.get_index().state["model"].virtual, False)
            with self.assertRaises(exceptions.ArtifactExists):
                manager.add("model", type="model", path="model.pkl", update=False, **given)
            with self.assertRaises(exceptions.NoFile):
                manager.add("third", type="model", path="no-such", update=False, **given)
            with self.assertRaisesRegex(exceptions.WrongArgs, "has other changes that are not committed"):
                manager.remove("other", commit=True)
            self.commit()
            manager.add("model", type="", path="", update=True, commit=True, **{**given, "must_exist": False, "labels": ["b"]})
            self.assertEqual(sorted(manager.get_commit_index("HEAD").state["model"].labels), ["a", "b"])
            manager.remove("model", commit=True, commit_message="Take it out")
            with self.assertRaises(exceptions.ArtifactNotFound):
                manager.remove("model")
        self.assertEqual(self.git("log", "-1", "--format=%s"), "Take it out")
        self.assertEqual((self.repo / "artifacts.yaml").read_text(), "# ours\nother:\n  type: dataset  # kept\n")
        self.assertEqual(os.listdir(self.repo).count("artifacts.yaml"), 1)

    def test_types_that_are_not_allowed_are_refused(self):
        (self.repo / ".gto").write_text("types: [model]\n")
        self.commit()
        with RepoIndexManager.from_url(self.repo) as manager, self.assertRaises(exceptions.UnknownType):
            manager.add("m", "dataset", "x", False, False, [], "", None, False)


if __name__ == "__main__":
    unittest.main()
