"""The functions of the Python tool: what they return and raise, how `repo` may be named, and the calls without it."""

import json
import os
import unittest
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

from gto import api, base, exceptions, ui
from gto.git_utils import git_push_tag
from gto.index import Artifact
from gto.registry import GitRegistry
from sandbox import TestCase

ANNOTATED = "model:\n  type: model\n  path: model.pkl\n  labels: [nlp]\n"


class Writes(TestCase):
    def setUp(self):
        super().setUp()
        self.first = self.commit(artifacts__yaml=ANNOTATED)

    def test_each_write_returns_the_event_that_it_made(self):
        registered = api.register(".", "model", "HEAD", message="say", author="Bob", author_email="bob@example.com")
        self.assertIsInstance(registered, base.Registration)
        self.assertEqual(
            (registered.artifact, registered.version, registered.tag, registered.ref, registered.commit_hexsha),
            ("model", "v0.0.1", "model@v0.0.1", "model@v0.0.1", self.first),
        )
        self.assertEqual((registered.message, registered.author, registered.author_email), ("say", "Bob", "bob@example.com"))
        self.assertIsNotNone(registered.created_at.utcoffset())
        assigned = api.assign(".", "model", "dev", version="v0.0.1")
        self.assertIsInstance(assigned, base.Assignment)
        self.assertEqual((assigned.stage, assigned.tag), ("dev", "model#dev#1"))
        unassigned = api.unassign(".", "model", stage="dev", version="v0.0.1")
        self.assertEqual((type(unassigned), unassigned.tag), (base.Unassignment, "model#dev!#2"))
        deregistered = api.deregister(".", "model", version="v0.0.1")
        self.assertEqual((type(deregistered), deregistered.tag), (base.Deregistration, "model@v0.0.1!"))
        deprecated = api.deprecate(".", "model")
        self.assertEqual((type(deprecated), deprecated.tag), (base.Deprecation, "model@deprecated"))

    def test_deleting_tags_returns_none(self):
        api.assign(".", "model", "dev", ref="HEAD")
        self.assertIsNone(api.unassign(".", "model", stage="dev", version="v0.0.1", delete=True))
        self.assertIsNone(api.deregister(".", "model", version="v0.0.1", delete=True))
        self.assertEqual(self.git("tag"), "")

    def test_a_registration_that_an_assignment_needs_is_made_and_the_assignment_returned(self):
        event = api.assign(".", "model", "dev", ref="HEAD", name_version="v1.0.0")
        self.assertEqual((event.event, event.version), ("assignment", "v1.0.0"))
        self.assertEqual(self.git("tag").split(), ["model#dev#1", "model@v1.0.0"])

    def test_a_version_can_be_named_as_its_tag(self):
        api.register(".", "model", "HEAD")
        self.assertEqual(api.assign("model", stage="dev", version="model@v0.0.1").version, "v0.0.1")
        with self.assertRaisesRegex(exceptions.WrongArgs, "'other@v0.0.1' is a version of 'other', not of 'model'"):
            api.assign("model", stage="prod", version="other@v0.0.1")

    def test_what_is_said_goes_to_whoever_listens(self):
        said = []
        with ui.set_echo(said.append):
            api.register(".", "model", "HEAD", stdout=True)
        self.assertEqual(said[0], "Created git tag 'model@v0.0.1' that registers version")
        self.assertEqual(said[-1], "    git push origin model@v0.0.1")

    def test_refusals_are_the_python_tools_errors(self):
        api.register(".", "model", "HEAD")
        self.commit()
        refused = [
            (exceptions.ValidationError, lambda: api.register(".", "a b", "HEAD")),
            (exceptions.WrongArgs, lambda: api.register(".", "model", "HEAD", version="v1.0.0", bump_major=True)),
            (exceptions.VersionExistsForCommit, lambda: api.register(".", "model", self.first)),
            (exceptions.VersionAlreadyRegistered, lambda: api.register(".", "model", "HEAD", version="v0.0.1")),
            (exceptions.RefNotFound, lambda: api.register(".", "model", "no-such")),
            (exceptions.WrongArgs, lambda: api.assign(".", "model", "dev", version="v9.9.9")),
            (exceptions.WrongArgs, lambda: api.assign(".", "model", "dev")),
            (exceptions.ArtifactNotFound, lambda: api.show(".", "no-such")),
            (exceptions.VersionRequired, lambda: api.unassign(".", "model", stage="dev", version="v9.9.9")),
            (exceptions.InvalidTagName, lambda: api.parse_tag("v1.0.0")),
            (exceptions.NoRepo, lambda: api.show(self.folder)),
        ]
        for error, call in refused:
            with self.subTest(error.__name__), self.assertRaises(error):
                call()

    def test_a_stage_that_is_missing_is_refused_after_what_contradicts_itself(self):
        api.register(".", "model", "HEAD")
        both = {"version": "v0.0.1", "ref": "HEAD"}
        for call in (lambda **how: api.unassign(".", "model", **how), lambda **how: api.assign(".", "model", None, **how)):
            for how in ({}, both):
                with self.assertRaisesRegex(exceptions.WrongArgs, r"^One and only one of \(version, rev\) must") as caught:
                    call(**how)
                self.assertIn("`ref`", caught.exception.hint)
            with self.assertRaisesRegex(exceptions.MissingArg, "^'stage' is required$"):
                call(version="v0.0.1")
        with GitRegistry.from_url(".") as registry, self.assertRaises(exceptions.MissingArg):
            registry.unassign("model", None, version="v0.0.1")

    def test_a_taken_simple_name_gets_a_counter_unless_it_must_be_simple(self):
        """D6"""
        api.register(".", "model", "HEAD")
        api.deregister(".", "model", version="v0.0.1")
        with self.assertRaises(exceptions.TagExists):
            api.register(".", "model", "HEAD", version="v0.0.1", simple=True)
        self.assertEqual(api.register(".", "model", "HEAD", version="v0.0.1").tag, "model@v0.0.1#1")


class Pushes(TestCase):
    def setUp(self):
        super().setUp()
        self.commit()
        self.remote = self.folder / "remote.git"
        self.git("init", "--quiet", "--bare", str(self.remote), within=self.folder)
        self.git("remote", "add", "origin", str(self.remote))
        api.register("model")
        self.tag = "model@v0.0.1"

    def test_a_tag_is_pushed_and_deleted_twice(self):
        for _ in range(2):
            self.assertIsNone(git_push_tag(self.scm(), self.tag))
            self.assertEqual(self.git("tag", within=self.remote), self.tag)
        for _ in range(2):
            self.assertIsNone(git_push_tag(self.scm(), self.tag, delete=True))
            self.assertEqual(self.git("tag", within=self.remote), "")

    def test_what_keeps_a_tag_from_being_pushed_is_said(self):
        self.git("tag", "-a", "-m", "x", "other", within=self.repo)
        git_push_tag(self.scm(), "other")
        self.git("tag", "-f", "-a", "-m", "y", "other", within=self.repo)
        hook = self.remote / "hooks/pre-receive"
        hook.write_text("#!/bin/sh\necho the policy says no >&2\nexit 1\n")
        hook.chmod(0o755)
        for tag, remote, reason in [
            ("other", "origin", "Tags differ here and on origin: other"),
            ("absent", "origin", "'absent' is not found"),
            (self.tag, "nowhere", "There is no remote 'nowhere'"),
            (self.tag, "origin", "the policy says no"),
        ]:
            with self.subTest(reason), self.assertRaisesRegex(exceptions.GTOException, reason):
                git_push_tag(self.scm(), tag, remote_name=remote)

    def scm(self):
        return SimpleNamespace(root_dir=str(self.repo))


class Reads(TestCase):
    def setUp(self):
        super().setUp()
        self.commit(artifacts__yaml=ANNOTATED + "data:\n  type: dataset\n")
        api.assign(".", "model", "dev", ref="HEAD")

    def test_show_has_rows_with_table_and_text_with_json(self):
        shown = api.show(".")
        self.assertEqual(
            shown["model"], {"version": "v0.0.1", "stage": {"dev": "v0.0.1"}, "registered": True, "active": True}
        )
        rows, headers = api.show(".", table=True)
        self.assertEqual(headers, "keys")
        self.assertEqual(rows[0], OrderedDict([("name", "*data"), ("latest", None), ("#dev", None)]))
        self.assertEqual(json.loads(api.show(".", json=True)), shown)
        (version,) = json.loads(api.show(name="model", json=True))
        self.assertEqual((version["version"], version["stages"][0]["stage"]), ("v0.0.1", "dev"))
        self.assertIsInstance(version["created_at"], str)

    def test_limits_and_sorting_are_checked(self):
        with self.assertRaisesRegex(exceptions.WrongArgs, "'assignments_per_version' must be >= -1"):
            api.show(".", assignments_per_version=-2)
        with self.assertRaises(KeyError):
            api.show(".", sort="nonsense")
        self.assertEqual(api.show(".", sort="SemVer"), api.show("."))

    def test_objects_have_methods_and_answers_about_themselves(self):
        latest = api.find_latest_version(".", "model")
        self.assertIsInstance(latest, base.Version)
        self.assertTrue(latest.is_active and latest.is_registered and not latest.discovered)
        self.assertIsInstance(latest.get_vstage("dev"), base.VStage)
        (in_stage,) = api.find_versions_in_stage(".", "model", "dev")
        self.assertEqual((in_stage.version, in_stage.is_active, in_stage.ref), ("v0.0.1", True, "model#dev#1"))
        self.assertIsNone(api.find_versions_in_stage(".", "model", "prod"))
        (event,) = api.check_ref(".", "refs/tags/model#dev#1")
        self.assertEqual(str(event), 'Stage "dev" was assigned to version "v0.0.1" of artifact "model"')
        self.assertEqual(api.check_ref(".", "no-such"), [])

    def test_describe_finds_the_annotation_of_a_commit_a_version_and_a_stage(self):
        expected = Artifact(type="model", path="model.pkl", labels=["nlp"])
        self.commit(artifacts__yaml="{}\n")
        self.assertIsNone(api.describe(".", "model"))
        for name in ("model@v0.0.1", "model@latest", "model#dev"):
            self.assertEqual(api.describe(".", name), expected)
        self.assertEqual(api.describe(".", "model", rev="HEAD~1"), expected)
        for nothing in ("no-such", "a b", "model#prod", "model@v9.9.9"):
            self.assertIsNone(api.describe(".", nothing))
        for error, arguments in [(exceptions.WrongArgs, ("model@latest", "HEAD")), (exceptions.RefNotFound, ("model", "x"))]:
            with self.assertRaises(error):
                api.describe(".", *arguments)

    def test_describe_reads_what_dvc_wrote(self):
        folder = self.repo / "nlp"
        folder.mkdir()
        (folder / "dvc.yaml").write_text("artifacts:\n  bert:\n    path: bert.pkl\n    type: model\n    desc: It reads\n")
        self.commit()
        api.register("nlp:bert")
        expected = Artifact(type="model", path="nlp/bert.pkl", description="It reads")
        self.assertEqual(api.describe("nlp:bert@latest"), expected)
        (version,) = api._show_versions(name="nlp:bert", repo=".", raw=True)
        (info,) = version.get_enrichments_info
        self.assertEqual((info.source, info.get_path(), info.get_object().desc), ("dvc", "nlp/bert.pkl", "It reads"))

    def test_a_repository_is_a_path_an_address_or_has_a_root_dir(self):
        expected = api.show()
        scm = SimpleNamespace(root_dir=str(self.repo))
        for repo in (".", str(self.repo), self.repo, Path("."), scm, f"file://{self.repo.as_posix()}", None):
            with self.subTest(repo):
                self.assertEqual(api.show(repo), expected)
        with self.assertRaisesRegex(TypeError, "repo must be a path, an address, or an object with a root_dir, not int"):
            api.show(1)

    def test_a_folder_may_or_may_not_be_a_registry(self):
        self.assertTrue(api._is_gto_repo("."))
        self.assertFalse(api._is_gto_repo(self.new_repo("other")))
        self.assertFalse(api._is_gto_repo(self.folder))


class WithoutRepository(TestCase):
    """Which calls mean the repository of the current folder."""

    def setUp(self):
        super().setUp()
        self.commit()

    def test_the_only_argument_by_place_is_what_comes_after_repo(self):
        self.assertEqual(api.register("model").version, "v0.0.1")
        self.assertEqual(api.assign("model", stage="dev", version="v0.0.1").stage, "dev")
        self.assertEqual(api.find_latest_version("model").version, "v0.0.1")
        self.assertEqual(api.find_versions_in_stage("model", stage="dev")[0].version, "v0.0.1")
        self.assertEqual(api.check_ref("model@v0.0.1")[0].artifact, "model")
        self.assertIsNone(api.describe("model"))
        self.assertEqual(api.unassign("model", stage="dev", version="v0.0.1").stage, "dev")
        self.assertEqual(api.deregister("model", version="v0.0.1").version, "v0.0.1")
        self.assertEqual(api.deprecate("model").artifact, "model")
        self.assertEqual(len(api.history()), 5)
        self.assertEqual(api.get_stages(), [])

    def test_everything_can_be_given_by_name(self):
        self.assertEqual(api.register(name="model", ref="HEAD").version, "v0.0.1")
        self.assertEqual(api.assign(name="model", stage="dev", version="v0.0.1", repo=self.repo).stage, "dev")
        self.assertEqual(api.assign(".", name="model", stage="prod", version="v0.0.1").stage, "prod")

    def test_a_call_that_lacks_something_shows_both_forms(self):
        forms = r"assign\(\) lacks 'stage': assign\(repo, name, stage\) or, .*, assign\(name, stage=…\)"
        for call in (lambda: api.assign("model", "dev", version="v0.0.1"), lambda: api.assign("model"), api.assign):
            with self.subTest(call), self.assertRaisesRegex(TypeError, forms.replace("'stage'", ".*'stage'")):
                call()
        self.assertEqual(self.git("tag"), "")

    def test_a_registration_that_can_mean_two_things_shows_both_forms(self):
        both = r"register\(repo, name, ref\) registers a commit; register\(name, path=…, type=…"
        unclear = [
            lambda: api.register("model", "model.pkl"),
            lambda: api.register("model", "model.pkl", version="v1.0.0"),
            lambda: api.register(".", "model", "HEAD", type="model"),
            lambda: api.register("model", "model.pkl", ref="HEAD", type="model"),
            lambda: api.register(".", "model", path="model.pkl"),
            lambda: api.register(".", name="model", type="model"),
        ]
        for place, call in enumerate(unclear):
            with self.subTest(place), self.assertRaisesRegex(exceptions.AmbiguousArg, both):
                call()
        self.assertEqual(self.git("tag"), "")


class Managers(TestCase):
    def setUp(self):
        super().setUp()
        self.commit(artifacts__yaml=ANNOTATED)

    def test_a_registry_answers_and_writes(self):
        with GitRegistry.from_url(str(self.repo)) as registry:
            self.assertEqual(registry.register("model", "HEAD").tag, "model@v0.0.1#1")
            self.assertEqual(registry.register("other", "HEAD", simple=True).tag, "other@v0.0.1")
            registry.assign("model", "dev", version="v0.0.1")
            self.assertEqual(registry.which("model", "dev")[0].version, "v0.0.1")
            with self.assertRaises(ValueError):
                registry.which("model", "prod")
            self.assertEqual(registry.latest("model").version, "v0.0.1")
            self.assertEqual(registry.get_stages(), ["dev"])
            self.assertEqual(registry.find_commit("model", "v0.0.1"), registry.scm.get_rev())
            self.assertEqual(list(registry.get_artifacts()), ["model", "other"])
            self.assertTrue(registry.is_gto_repo())
            self.assertFalse(registry.cloned)
            self.assertEqual(registry.config.INDEX, "artifacts.yaml")

    def test_a_registry_at_an_address_is_cloned_and_pushed_to(self):
        bare = self.folder / "bare.git"
        self.git("clone", "--quiet", "--bare", str(self.repo), str(bare))
        with GitRegistry.from_url(f"file://{bare.as_posix()}") as registry:
            self.assertTrue(registry.cloned)
            registry.register("model", "HEAD", simple=True)
            place = registry.scm.root_dir
        self.assertFalse(os.path.exists(place))
        self.assertEqual(self.git("tag", within=bare), "model@v0.0.1")

    def test_a_folder_has_no_branch_to_check_out(self):
        with self.assertRaisesRegex(exceptions.WrongArgs, "branch can only be set for remote repos"):
            with GitRegistry.from_url(".", branch="main"):
                pass

    def test_the_configuration_of_the_repository_counts(self):
        (self.repo / ".gto").write_text("stages: [dev]\ntypes: [model]\n")
        with GitRegistry.from_url(self.repo) as registry:
            self.assertEqual((registry.config.stages, registry.config.types), (["dev"], ["model"]))
            self.assertTrue(registry.config.config_file_exists())
            with self.assertRaisesRegex(exceptions.UnknownStage, r"Allowed stages are: '\['dev'\]'"):
                registry.assign("model", "prod", rev="HEAD")
        (self.repo / ".gto").write_text("nonsense: 1\n")
        with self.assertRaises(exceptions.WrongConfig):
            with GitRegistry.from_url(self.repo):
                pass


if __name__ == "__main__":
    unittest.main()
