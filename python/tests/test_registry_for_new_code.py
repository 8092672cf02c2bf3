"""`gto.Registry`, as somebody uses it who writes new code."""

import dataclasses
import inspect
import json
import os
import pickle
import sys
import threading
import unittest
import warnings
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest import mock

from clocked import MORNING, ClockedTestCase

import gto
from gto import api, exceptions


class Asking(ClockedTestCase):
    def setUp(self):
        super().setUp()
        annotation = (
            "model:\n  type: model\n  path: model.pkl\n  description: d\n  labels: [a]\n  custom: {k: 1}\n"
        )
        self.first = self.commit_files({"artifacts.yaml": annotation})
        self.registry = gto.Registry(self.repo)
        self.tick()
        self.registry.register("model", version="v1.0.0")
        self.second = self.commit_files({"train.py": "2"})
        self.tick()
        self.registry.register("model", bump="minor", message="better")
        self.tick()
        self.registry.assign("model", "prod", "v1.0.0")
        self.tick()
        self.registry.assign("model", "dev", "v1.1.0")

    def test_an_artifact_says_what_is_latest_and_what_is_in_which_stage(self):
        model = self.registry["model"]
        self.assertEqual([str(version) for version in model.versions], ["v1.1.0", "v1.0.0"])
        self.assertEqual(model.latest.version, "v1.1.0")
        self.assertEqual(
            {stage: str(version) for stage, version in model.stages.items()},
            {"dev": "v1.1.0", "prod": "v1.0.0"},
        )
        self.assertEqual(list(model.stages), ["dev", "prod"])
        self.assertEqual(model.in_stage("prod"), model["v1.0.0"])
        self.assertIsNone(model.in_stage("staging"))
        with self.assertRaises(KeyError):
            model["v9.9.9"]

    def test_d25_an_empty_argument_is_refused_and_none_is_not_given(self):
        before = self.git("for-each-ref")
        registry, methods = self.registry, 0
        wanted = {"name": "model", "stage": "prod", "revision": "HEAD", "ref": "HEAD", "reference": "model"}
        wanted.update(a="v1.0.0", b="v1.1.0")
        for name, method in inspect.getmembers(gto.Registry, inspect.isfunction):
            if name.startswith("_") or name in ("keys", "items", "values", "get", "to_pandas"):
                continue
            parameters = inspect.signature(method).parameters.values()
            needed = {p.name: wanted[p.name] for p in parameters if p.name in wanted and p.default is p.empty}
            texts = [p.name for p in parameters if "str" in str(p.annotation)]
            texts += ["author", "author_email", "local_user"] if "options" in method.__code__.co_varnames else []
            for text in set(texts) - {"message", "description", "type", "path"}:
                for empty in ("", " ", [""]):
                    with self.subTest(name, text=text, empty=empty), self.assertRaises(ValueError) as caught:
                        getattr(registry, name)(**{**needed, text: empty})
                    self.assertIsInstance(caught.exception, exceptions.WrongArgs)
                    self.assertEqual(str(caught.exception), f"'{text}' is empty")
                    self.assertIn("a variable may be unset", caught.exception.hint)
                methods += 1
        self.assertGreater(methods, 30)
        with self.assertRaises(ValueError):
            gto.Registry("")
        with self.assertRaises(KeyError):
            registry[""]
        self.assertNotIn("", registry)
        self.assertEqual(self.git("for-each-ref"), before)
        registry.deprecate("model", ref=None, message="", dry_run=True)

    def test_a_reference_is_resolved_to_one_version(self):
        found = self.registry.resolve("model#prod")
        self.assertEqual((found.version, found.stage, found.commit), ("v1.0.0", "prod", self.first))
        self.assertEqual(found.ref, "model@v1.0.0")
        self.assertEqual(self.registry.resolve("model").version, "v1.1.0")
        with self.assertRaises(exceptions.VersionRequired):
            self.registry.resolve("model#staging")
        with self.assertRaises(exceptions.ArtifactNotFound):
            self.registry.resolve("other")

    def test_what_an_artifact_is_is_said_by_the_commit_of_its_version_or_by_the_files_as_they_are_now(self):
        (self.repo / "artifacts.yaml").write_text("model:\n  path: new.pkl\n")
        then = self.registry.describe("model#prod")
        self.assertEqual((then.path, then.version, then.commit), ("model.pkl", "v1.0.0", self.first))
        self.assertEqual((then.type, then.labels, then.custom), ("model", ("a",), {"k": 1}))
        now = self.registry.describe("model")
        self.assertEqual((now.path, now.commit, now.file), ("new.pkl", None, "artifacts.yaml"))
        self.assertEqual(self.registry.describe("model", self.second).path, "model.pkl")
        self.assertEqual(pickle.loads(pickle.dumps(then)), then)
        with self.assertRaises(exceptions.ArtifactNotFound) as caught:
            self.registry.describe("other")
        self.assertIn("is not annotated", str(caught.exception))

    def test_a_version_says_where_it_is_and_who_made_it(self):
        version = self.registry["model"].latest
        self.assertEqual(version.commit, self.second)
        self.assertEqual(version.tag, "model@v1.1.0")
        self.assertEqual(version.message, "better")
        self.assertEqual((version.author, version.author_email), ("Ada", "ada@example.com"))
        self.assertEqual(version.created_at, datetime.fromtimestamp(MORNING + 2 * 3600, timezone.utc))
        self.assertEqual(version.stages, ("dev",))
        self.assertEqual(version.assignments[0].tag, "model#dev#2")
        annotation = version.annotation
        self.assertEqual(
            (annotation.type, annotation.path, annotation.labels), ("model", "model.pkl", ("a",))
        )
        self.assertEqual((annotation.custom, annotation.source), ({"k": 1}, "gto"))
        self.assertEqual(self.registry.annotations(), {"model": annotation})

    def test_a_registry_is_a_mapping_of_the_artifacts_in_use(self):
        self.registry.register("old", self.first)
        self.assertEqual(sorted(self.registry), ["model", "old"])
        self.tick()
        self.registry.deprecate("old")
        self.assertEqual(list(self.registry), ["model"])
        self.assertEqual(len(self.registry), 1)
        self.assertIn("model", self.registry)
        self.assertNotIn("old", self.registry)
        self.assertIsNone(self.registry.get("old"))
        with self.assertRaisesRegex(KeyError, "^Cannot find artifact 'old'$") as caught:
            self.registry["old"]
        self.assertIsInstance(caught.exception, exceptions.ArtifactNotFound)
        self.assertIn("deprecated", caught.exception.hint)
        self.assertFalse(self.registry.artifact("old").active)
        self.assertEqual({row.name for row in self.registry.artifacts(deprecated=True)}, {"model", "old"})

    def test_what_is_no_name_of_an_artifact_is_not_found(self):
        for name in ["nothing", "model@latest", "model#prod", "", "-x", "a b"]:
            with self.subTest(name), self.assertRaises(KeyError):
                self.registry[name]

    def test_history_is_newest_first_and_can_be_filtered(self):
        self.assertEqual(
            [event.tag for event in self.registry.history()],
            ["model#dev#2", "model#prod#1", "model@v1.1.0", "model@v1.0.0"],
        )
        found = self.registry.history("model", stage="prod")
        self.assertEqual(
            [(event.event, event.version, event.stage) for event in found], [("assignment", "v1.0.0", "prod")]
        )
        since = datetime.fromtimestamp(MORNING + 3 * 3600, timezone.utc)
        self.assertEqual(len(self.registry.history(since=since)), 2)
        self.assertEqual(
            len(self.registry.history(version=self.registry["model"].latest, artifact="model")), 2
        )
        self.assertEqual(len(self.registry.history(events=["registration"], limit=1)), 1)

    def test_history_takes_days_and_one_kind_and_refuses_what_is_unclear(self):
        day = datetime.fromtimestamp(MORNING).date()
        self.assertEqual(len(self.registry.history(since=day, until=day)), 4)
        self.assertEqual(len(self.registry.history(until=day - timedelta(days=1))), 0)
        self.assertEqual(
            {event.event for event in self.registry.history(events="registration")}, {"registration"}
        )
        self.assertEqual(self.registry.history(limit=0), ())
        for wrong in ({"limit": -1}, {"since": datetime(2024, 1, 1)}, {"events": "nonsense"}):
            with self.subTest(wrong), self.assertRaises(exceptions.WrongArgs):
                self.registry.history(**wrong)

    def test_d27_what_cannot_be_read_is_warned_of_and_nothing_is_picked_or_written_beside_it(self):
        self.git("tag", "--annotate", "--message", "x", "other@v1.0.0", "HEAD")
        tag = self.git("rev-parse", "model@v1.1.0")
        file = self.repo / ".git" / "objects" / tag[:2] / tag[2:]
        for damage in ("lost", "empty"):
            file.unlink(missing_ok=True)
            if damage == "empty":
                file.touch()
            from gto import api
            from gto.registry import GitRegistry

            with GitRegistry.from_url(self.repo) as old:
                picks = (
                    lambda: self.registry["model"],
                    lambda: self.registry.resolve("model#prod"),
                    lambda: self.registry.check_ref("model@v1.1.0"),
                    lambda: self.registry.register("model", version="v2.0.0"),
                    lambda: self.registry.assign("model", "prod", "v1.0.0"),
                    lambda: api.find_latest_version(self.repo, "model"),
                    lambda: api.find_versions_in_stage(self.repo, "model", "prod"),
                    lambda: api.show(self.repo, "model@latest"),
                    lambda: old.find_artifact("model"),
                    lambda: api.register(self.repo, "model", "HEAD"),
                )
                for pick in picks:
                    with self.subTest(damage, pick=inspect.getsource(pick)):
                        with self.assertRaisesRegex(exceptions.GitError, "tag 'model@v1.1.0' cannot be read"):
                            pick()
            for read in (
                lambda: self.registry.history(),
                lambda: self.registry.artifacts(),
                lambda: api.show(self.repo),
                lambda: api.show(self.repo, "model"),
                lambda: api.history(self.repo),
            ):
                with self.subTest(damage, read=inspect.getsource(read)):
                    with self.assertWarnsRegex(exceptions.GtoWarning, "tag 'model@v1.1.0' cannot be read"):
                        read()
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                self.assertEqual(self.registry["other"].latest.version, "v1.0.0")

    def test_what_is_no_text_is_no_key(self):
        self.assertIsNone(self.registry.get(3))
        with self.assertRaises(KeyError):
            self.registry[None]

    def test_an_artifact_that_is_not_there_has_the_hint_as_a_note(self):
        with self.assertRaises(KeyError) as caught:
            self.registry["modle"]
        self.assertEqual(caught.exception.hint, "did you mean 'model'?")
        if sys.version_info >= (3, 11):
            self.assertEqual(caught.exception.__notes__, ["hint: did you mean 'model'?"])

    def test_check_ref_says_what_a_tag_did(self):
        event = self.registry.check_ref("refs/tags/model#prod#1")
        self.assertEqual((event.event, event.artifact, event.stage), ("assignment", "model", "prod"))
        self.assertEqual(event, self.registry.history("model", stage="prod")[0])
        self.assertIsNone(self.registry.check_ref("v1.0.0"))
        self.git("tag", "model@v5.0.0")
        with self.assertWarnsRegex(exceptions.GtoWarning, "lightweight"):
            self.assertIsNone(self.registry.check_ref("model@v5.0.0"))

    def test_the_other_questions(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.assertEqual([str(v) for v in self.registry.at("HEAD~1")], ["v1.0.0"])
            self.assertEqual(self.registry.stages(), ("dev", "prod"))
            self.assertEqual(self.registry.config()["stages"], None)
            self.assertEqual((self.registry.doctor().errors, self.registry.doctor().findings), (0, ()))
            self.assertEqual({tag.result for tag in self.registry.verify("model")}, {"unsigned"})
        with self.assertRaises(exceptions.RefNotFound):
            self.registry.at("nowhere")

    def test_the_current_folder_is_taken_where_none_is_given_and_may_change_afterwards(self):
        os.chdir(self.repo)
        with gto.Registry() as registry:
            os.chdir("/")
            self.assertEqual(list(registry), ["model"])
        self.assertEqual(registry, self.registry)
        self.assertEqual(registry.location, str(self.repo))
        with self.assertRaises(exceptions.NoRepo):
            gto.Registry("/")

    def test_results_cannot_be_changed_and_can_be_compared_hashed_and_sent(self):
        results = [
            self.registry["model"],
            *self.registry["model"].versions,
            self.registry.artifacts()[0],
            self.registry.history()[0],
            self.registry.doctor(),
            self.registry.register("other", dry_run=True),
            self.registry.verify()[0],
        ]
        for result in results:
            with self.subTest(type(result).__name__):
                names = [field.name for field in dataclasses.fields(result)]
                with self.assertRaises(dataclasses.FrozenInstanceError):
                    setattr(result, names[0], None)
                self.assertFalse(hasattr(result, "__dict__") and type(result).__slots__ is None)
                self.assertEqual(sorted(names), sorted(type(result).__slots__))
                again = pickle.loads(pickle.dumps(result))
                self.assertEqual(again, result)
                self.assertEqual(hash(again), hash(result))
                self.assertEqual(list(json.loads(result.to_json())), names)
        with self.assertRaises(TypeError):
            self.registry.artifacts()[0].stages["prod"] = ()

    def test_results_are_shown_in_a_line(self):
        self.assertEqual(
            repr(self.registry["model"]), "<Artifact model latest=v1.1.0 dev=v1.1.0 prod=v1.0.0>"
        )
        self.assertEqual(
            repr(self.registry["model"].latest), f"<Version model v1.1.0 in dev at {self.second[:7]}>"
        )
        self.assertEqual(
            repr(self.registry.history()[-1:]),
            "Rows([<registration of model v1.0.0 at 2024-03-04 10:00:00+0000>])",
        )


class Writing(ClockedTestCase):
    def setUp(self):
        super().setUp()
        self.commit()
        self.registry = gto.Registry(str(self.repo))

    def tags(self):
        return self.git("tag").split()

    def test_a_dry_run_says_what_would_be_done_and_does_nothing(self):
        report = self.registry.register("model", dry_run=True)
        self.assertTrue(report.dry_run)
        self.assertEqual((report.tag, report.version), ("model@v0.0.1", "v0.0.1"))
        self.assertEqual(repr(report), "<WriteReport: would create model@v0.0.1>")
        self.assertEqual(self.tags(), [])
        done = self.registry.register("model")
        self.assertEqual([change.tag for change in done.tags], ["model@v0.0.1"])
        self.assertEqual(done.tags[0].target, self.git("rev-parse", "HEAD"))
        self.assertEqual(str(done).splitlines()[0], "Created git tag 'model@v0.0.1' that registers version")

    def test_an_assignment_of_a_commit_registers_it_first(self):
        done = self.registry.assign("model", "prod")
        self.assertEqual([change.tag for change in done.tags], ["model@v0.0.1", "model#prod#1"])
        self.assertEqual((done.tag, done.version), ("model#prod#1", "v0.0.1"))
        head = self.commit()
        done = self.registry.assign("model", "prod", "v2.0.0", ref=head)
        self.assertEqual(done.version, "v2.0.0")
        self.assertEqual(self.registry["model"].in_stage("prod").version, "v2.0.0")

    def test_what_was_done_can_be_taken_back(self):
        self.registry.assign("model", "prod")
        self.registry.unassign("model", "prod", self.registry["model"].latest)
        self.assertEqual(self.registry["model"].stages, {})
        self.registry.deregister("model", "v0.0.1")
        self.assertEqual(self.registry["model"].versions, ())
        self.assertEqual(
            [str(v) for v in self.registry.artifact("model", deregistered=True).versions], ["v0.0.1"]
        )
        self.registry.deprecate("model", delete=True)
        self.assertEqual(self.tags(), [])

    def test_what_a_stage_shows_can_be_taken_out_of_it(self):
        self.registry.assign("model", "prod", "v1.0.0", ref="HEAD")
        self.registry.assign("model", "prod", "v2.0.0", ref=self.commit())
        done = self.registry.unassign("model", "prod")
        self.assertEqual((done.tag, done.version), ("model#prod!#3", "v2.0.0"))
        self.assertEqual(self.registry["model"].in_stage("prod").version, "v1.0.0")
        self.assertEqual(self.registry.unassign("model", stage="prod", dry_run=True).version, "v1.0.0")
        # The calls of the Python tool still want to be told.
        with self.assertRaisesRegex(exceptions.WrongArgs, "One and only one of"):
            api.unassign(self.repo, "model", stage="prod")

    def test_two_versions_can_be_compared(self):
        self.registry.assign("model", "prod", "v1.0.0", ref="HEAD")
        self.registry.register("model", self.commit(), version="v2.0.0")
        versions = self.registry["model"]
        for a, b in (("v1.0.0", "v2.0.0"), ("#prod", "latest"), ("model#prod", versions["v2.0.0"])):
            old, new = self.registry.compare("model", a, b)
            self.assertEqual((old.version, new.version), ("v1.0.0", "v2.0.0"))
            self.assertEqual((old.commit, new.commit), (versions["v1.0.0"].commit, versions["v2.0.0"].commit))
            self.assertEqual((old.stages, new.stages), (("prod",), ()))
        with self.assertRaises(exceptions.WrongArgs):
            self.registry.compare("model", "v1.0.0", "v3.0.0")
        with self.assertRaises(exceptions.VersionRequired):
            self.registry.compare("model", "v1.0.0", "#dev")

    def test_a_rollback_and_a_promotion_are_assignments(self):
        self.registry.assign("model", "prod")
        self.commit()
        self.registry.assign("model", "dev", ref="HEAD")
        done = self.registry.promote(["model"], "dev", "prod")
        self.assertEqual((done.tag, done.version), ("model#prod#3", "v0.0.2"))
        done = self.registry.rollback("model", "prod")
        self.assertEqual((done.tag, done.version), ("model#prod#4", "v0.0.1"))
        self.assertEqual(self.registry["model"].in_stage("prod").version, "v0.0.1")
        with self.assertRaisesRegex(exceptions.WrongArgs, "No earlier version is left in stage 'prod'"):
            self.registry.rollback("model", "prod")
        self.assertEqual(self.registry.rollback("model", "prod", "v0.0.2", dry_run=True).version, "v0.0.2")

    def test_a_version_of_another_artifact_is_refused(self):
        for name in ("aa", "bb"):
            self.registry.register(name, version="v1.0.0")
        before = self.tags()
        for version in (self.registry["bb"].latest, "bb@v1.0.0"):
            for call in (
                lambda: self.registry.assign("aa", "prod", version),
                lambda: self.registry.unassign("aa", "prod", version),
                lambda: self.registry.deregister("aa", version),
                lambda: self.registry.history("aa", version=version),
            ):
                with self.assertRaisesRegex(
                    exceptions.WrongArgs, "^'bb@v1.0.0' is a version of 'bb', not of 'aa'$"
                ):
                    call()
        self.assertEqual(self.tags(), before)
        self.assertEqual(self.registry.assign("aa", "prod", "aa@v1.0.0").version, "v1.0.0")
        for version in (self.registry["bb"].latest, "bb@v1.0.0"):
            self.assertEqual([event.artifact for event in self.registry.history(version=version)], ["bb"])
        self.assertEqual(len(self.registry.history(version="v1.0.0")), 3)

    def test_a_refusal_is_an_exception_with_a_hint(self):
        self.registry.register("model")
        with self.assertRaises(exceptions.VersionExistsForCommit):
            self.registry.register("model")
        with self.assertRaises(exceptions.GTOException):
            self.registry.assign("model", "prod", "v7.0.0")
        with self.assertRaisesRegex(ValueError, "'major', 'minor' or 'patch'"):
            self.registry.register("model", bump="huge")
        with self.assertRaises(TypeError):
            self.registry.register("model", authr="Ada")

    def test_another_person_can_be_named(self):
        done = self.registry.register("model", author="Eve", author_email="eve@example.com")
        self.assertEqual((done.tags[0].author, done.tags[0].author_email), ("Eve", "eve@example.com"))

    def test_a_remote_is_compared_and_pushed_to(self):
        remote = self.folder / "remote.git"
        self.git("init", "--quiet", "--bare", str(remote), within=self.folder)
        self.git("remote", "add", "origin", str(remote))
        self.git("push", "--quiet", "--set-upstream", "origin", "main")
        self.registry.register("model")
        status = self.registry.status()
        self.assertFalse(status.in_step)
        self.assertEqual([(tag.tag, tag.state) for tag in status.tags], [("model@v0.0.1", "only_here")])
        self.assertEqual(self.registry.push(dry_run=True).tags, ("model@v0.0.1",))
        self.assertTrue(self.registry.push().pushed)
        self.assertTrue(self.registry.status().in_step)
        pushed = self.registry.assign("model", "prod", "v0.0.1", push=True)
        self.assertTrue(pushed.pushed and pushed.tags[0].pushed)
        with gto.Registry(f"file://{remote}") as there:
            self.assertEqual(there.location, f"file://{remote}")
            self.assertEqual(there["model"].in_stage("prod").version, "v0.0.1")
            there.unassign("model", "prod", "v0.0.1")
            self.assertEqual(there["model"].stages, {})


class Annotating(ClockedTestCase):
    """What an artifact is, written by programs."""

    TEXT = "# The models.\nmodel:\n  path: model.pkl # in DVC\n  labels: [a]\n"

    def setUp(self):
        super().setUp()
        self.commit_files({"artifacts.yaml": self.TEXT, "nlp/dvc.yaml": "stages: {}\n"})
        self.registry = gto.Registry(self.repo)
        self.file = self.repo / "artifacts.yaml"

    def head(self):
        return self.git("rev-parse", "HEAD").strip()

    def test_what_is_left_out_stays_and_what_is_empty_goes(self):
        done = self.registry.annotate("model", type="model", labels=["b"], custom={"k": [1, None]})
        self.assertEqual((done.files, done.commit, done.dry_run), (("artifacts.yaml",), None, False))
        self.assertEqual(str(done), "Updated `artifacts.yaml`")
        said = self.registry.describe("model")
        self.assertEqual((said.type, said.path, said.labels), ("model", "model.pkl", ("a", "b")))
        self.assertEqual(said.custom, {"k": [1, None]})
        self.registry.annotate("model", type="", remove_labels=["b"], custom={})
        self.assertEqual(self.file.read_text(), self.TEXT)
        self.assertEqual(self.registry.annotate("model", labels=["a"]).files, ())

    def test_a_commit_has_the_file_alone_and_its_own_author(self):
        (self.repo / "nlp/dvc.yaml").write_text("stages: {} # mine\n")
        person = {"author": "Eve", "author_email": "eve@example.com"}
        done = self.registry.annotate("m", path=Path("data/m"), commit=True, message="Say where", **person)
        self.assertEqual(done.commit, self.head())
        self.assertEqual(self.git("log", "-1", "--format=%an %ae %s").strip(), "Eve eve@example.com Say where")
        self.assertEqual(self.git("status", "--porcelain").strip(), "M nlp/dvc.yaml")
        done = self.registry.remove_annotation("m", commit=True, **person)
        self.assertEqual(self.git("log", "-1", "--format=%an %s").strip(), "Eve Remove annotation for artifact `m`")
        self.assertEqual(self.file.read_text(), self.TEXT)

    def test_a_dry_run_changes_nothing(self):
        before = self.head()
        for done in [
            self.registry.annotate("m", path="m", commit=True, dry_run=True),
            self.registry.remove_annotation("model", commit=True, dry_run=True),
        ]:
            self.assertTrue(done.dry_run)
            self.assertEqual((done.files, done.commit), (("artifacts.yaml",), None))
        self.assertEqual((self.file.read_text(), self.head()), (self.TEXT, before))

    def test_all_files_say_what_there_is(self):
        self.registry.annotate("nlp:bert", path="nlp/bert.bin", labels=["text"])
        found = self.registry.annotations()
        self.assertEqual(list(found), ["model", "nlp:bert"])
        bert = found["nlp:bert"]
        self.assertEqual((bert.path, bert.source, bert.labels), ("nlp/bert.bin", "dvc", ("text",)))
        self.assertEqual(list(self.registry.annotations("HEAD")), ["model"])
        (self.repo / "dvc.yaml").write_text("artifacts:\n  model: {path: other.pkl}\n  bad: 3\n")
        with self.assertWarnsRegex(exceptions.GtoWarning, "'dvc.yaml', line 3"):
            self.assertEqual(self.registry.annotations()["model"].path, "other.pkl")
        with self.assertRaises(exceptions.RefNotFound):
            self.registry.annotations("nothing")

    def test_what_cannot_be_is_refused_and_changes_nothing(self):
        refused = [
            (exceptions.PathIsUsed, {"path": "model.pkl"}),
            (exceptions.NoFile, {"path": "nothing", "must_exist": True}),
            (exceptions.WrongArgs, {"path": "../x"}),
            (ValueError, {"path": "m", "message": "no commit"}),
            (ValueError, {"labels": "ab"}),
            (ValueError, {"custom": float("nan")}),
            (exceptions.WrongArgs, {"custom": {"id": 2**64}}),
            (exceptions.WrongArgs, {"custom": {1: "a", "1": "b"}}),
            (exceptions.WrongArgs, {"labels": ["a"], "remove_labels": ["a"]}),
            (TypeError, {"pth": "m"}),
        ]
        for error, said in refused:
            with self.subTest(said), self.assertRaises(error):
                self.registry.annotate("m", **said)
        with self.assertRaises(exceptions.ArtifactExists):
            self.registry.annotate("model", type="model", must_be_new=True)
        with self.assertRaises(exceptions.ArtifactNotFound):
            self.registry.remove_annotation("m")
        self.assertEqual(self.file.read_text(), self.TEXT)

    def test_a_remote_repository_gets_a_commit(self):
        remote = self.folder / "remote.git"
        self.git("clone", "--quiet", "--bare", str(self.repo), str(remote), within=self.folder)
        there = gto.Registry(f"file://{remote}")
        done = there.annotate("m", path="m", message="From afar")
        self.assertEqual(self.git("rev-parse", "HEAD", within=remote).strip(), done.commit)
        self.assertEqual(there.describe("m").path, "m")
        self.assertEqual(self.file.read_text(), self.TEXT)


class CloneWithoutTags(ClockedTestCase):
    """As CI makes them: where nothing is found, it is said why that may be."""

    def setUp(self):
        super().setUp()
        self.commit()
        gto.Registry(self.repo).register("model")

    def clone(self, *options):
        path = self.folder / "clone"
        self.git("clone", "--quiet", *options, f"file://{self.repo}", str(path))
        return gto.Registry(path)

    def test_each_question_warns(self):
        registry = self.clone("--no-tags")
        questions = [
            registry.artifacts,
            registry.history,
            lambda: "model" in registry,
            lambda: gto.api.show(registry.location),
            lambda: gto.api.find_latest_version(registry.location, "model"),
            lambda: gto.api._get_state(registry.location),
        ]
        for place, question in enumerate(questions):
            with self.subTest(place), self.assertWarnsRegex(exceptions.GtoWarning, "`git fetch --tags --force"):
                try:
                    question()
                except exceptions.ArtifactNotFound:
                    pass
        self.git("fetch", "--quiet", "--tags", within=registry.location)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.assertEqual([*registry], ["model"])

    def test_a_shallow_clone_warns_with_the_command_that_fetches_all(self):
        self.commit()
        registry = self.clone("--depth=1", "--no-tags")
        with self.assertWarnsRegex(exceptions.GtoWarning, "`git fetch --tags --force --unshallow"):
            self.assertEqual(len(registry), 0)

    def test_where_warnings_are_errors_an_error_is_still_itself(self):
        registry = self.clone("--no-tags")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with self.assertRaises(exceptions.ArtifactNotFound):
                registry.artifact("model")
            with self.assertRaises(exceptions.GtoWarning):
                registry.artifacts()

    def test_a_write_warns_once_as_the_command_does(self):
        registry = self.clone("--no-tags")
        with self.assertWarnsRegex(exceptions.GtoWarning, "this clone has no tags: .* with fetch=True") as caught:
            registry.register("model")
        self.assertEqual(len(caught.warnings), 1)
        self.assertEqual(caught.filename, __file__)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            registry.register("other", fetch=True)

    def test_a_repository_of_its_own_or_with_other_tags_does_not_warn(self):
        other = self.new_repo("other")
        self.git("remote", "add", "origin", "https://example.invalid/x", within=other)
        self.git("commit", "--quiet", "--allow-empty", "--message", "first", within=other)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.assertEqual(len(gto.Registry(other)), 0)
            gto.Registry(other).register("model", dry_run=True)
            registry = self.clone("--no-tags")
            self.git("tag", "release-1", within=registry.location)
            self.assertEqual(len(registry), 0)


class Tables(ClockedTestCase):
    def setUp(self):
        super().setUp()
        self.commit()
        self.registry = gto.Registry(self.repo)

    def test_a_notebook_shows_tables_and_no_markup_of_strangers(self):
        self.registry.register("model", message="<script>alert(1)</script> \u202e $x$", author="<b>Eve</b>")
        self.registry.assign("model", "prod", "v0.0.1")
        things = [
            self.registry,
            self.registry["model"],
            self.registry["model"].versions,
            self.registry.artifacts(),
            self.registry.history(),
            self.registry.doctor(),
            self.registry.register("x", "HEAD", message="<script>", dry_run=True),
        ]
        for thing in things:
            html = thing._repr_html_()
            with self.subTest(type(thing).__name__):
                self.assertTrue(html.startswith('<table class="tex2jax_ignore'))
                for markup in ["<script", "<b>", "\u202e"]:
                    self.assertNotIn(markup, html)
        self.assertIn(
            "&lt;script&gt;alert(1)&lt;/script&gt; \\u{202e} $x$", self.registry.history()._repr_html_()
        )
        self.assertIn("<th>#prod</th>", self.registry._repr_html_())

    def test_an_empty_registry_has_an_empty_table(self):
        self.assertIn("<tbody></tbody>", self.registry._repr_html_())
        self.assertIn("<tbody></tbody>", self.registry.history()._repr_html_())

    def test_a_large_table_is_cut(self):
        event = gto.Event(
            datetime.now(timezone.utc), "m", "registration", "v1.0.0", None, "", "", "", "", "m@v1.0.0"
        )
        html = gto.Rows([event] * 1000)._repr_html_()
        self.assertEqual(html.count("<tr>"), 201)
        self.assertIn("200 of 1000 rows are shown", html)

    def test_without_pandas_it_is_said_what_to_install(self):
        with mock.patch.dict(sys.modules, {"pandas": None}):
            with self.assertRaisesRegex(ImportError, "pip install pandas"):
                self.registry.to_pandas()

    def test_rows_go_to_pandas(self):
        try:
            import pandas  # noqa: F401
        except ImportError:
            self.skipTest("pandas is not installed")
        self.registry.assign("model", "prod")
        self.assertEqual(
            self.registry.to_pandas().to_dict("records"),
            [{"name": "model", "latest": "v0.0.1", "#prod": "v0.0.1"}],
        )
        self.assertEqual(list(self.registry["model"].to_pandas()["stages"]), ["prod"])
        self.assertEqual(len(self.registry.history().to_pandas()), 2)


class Threads(ClockedTestCase):
    def test_readers_see_only_states_that_existed_while_one_writes(self):
        self.commit()
        registry = gto.Registry()
        registry.register("model")
        done, wrong, reads = threading.Event(), [], []

        def read():
            highest = 0
            while not done.is_set():
                versions = [version.version for version in registry["model"].versions]
                # Of versions that are registered one by one there is never one without those before it.
                expected = [f"v0.0.{n}" for n in range(len(versions), 0, -1)]
                if versions != expected or len(versions) < highest:
                    wrong.append(versions)
                highest = len(versions)
                reads.append(1)

        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        try:
            for _ in range(15):
                registry.register("model", self.commit())
        finally:
            done.set()
            for reader in readers:
                reader.join()
        self.assertEqual(wrong, [])
        self.assertGreater(len(reads), 8)
        self.assertEqual(len(registry["model"].versions), 16)

    def test_writers_of_one_artifact_wait_for_each_other(self):
        self.commit()
        registry = gto.Registry()
        registry.register("model")
        failed = []

        def assign(stage):
            try:
                registry.assign("model", stage, "v0.0.1")
            except exceptions.GTOException as error:
                failed.append(error)

        writers = [threading.Thread(target=assign, args=(f"stage-{n}",)) for n in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        self.assertEqual(failed, [])
        self.assertEqual(len(registry["model"].stages), 8)
        counters = sorted(event.tag.rsplit("#", 1)[1] for event in registry.history(events=["assignment"]))
        self.assertEqual(counters, [str(n) for n in range(1, 9)])

    @unittest.skipUnless(hasattr(os, "fork"), "this system has no fork")
    def test_a_forked_process_reads_what_its_parent_does(self):
        self.commit()
        registry = gto.Registry()
        registry.register("model")
        child = os.fork()
        if child == 0:
            os._exit(0 if registry["model"].latest.version == "v0.0.1" else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)


class Importing(unittest.TestCase):
    def test_nothing_of_the_pleasant_api_is_imported_before_it_is_used(self):
        import subprocess

        code = "import sys, gto; print([m for m in ('dataclasses', 'typing', 're', 'gto._registry', 'json') if m in sys.modules])"
        done = subprocess.run(
            [sys.executable, "-S", "-I", "-c", f"import sys; sys.path[:] = {sys.path!r}; " + code],
            stdout=subprocess.PIPE,
            check=True,
        )
        self.assertEqual(done.stdout.decode().strip(), "[]")

    def test_the_package_is_marked_as_typed(self):
        self.assertTrue((Path(gto.__file__).parent / "py.typed").is_file())


if __name__ == "__main__":
    unittest.main()
