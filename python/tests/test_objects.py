"""The classes of `gto.base`, `gto.index` and `gto.exceptions`: what programs that had pydantic's objects do with them."""

import copy
import inspect
import json
import os
import pickle
import unittest
from datetime import datetime, timedelta, timezone

from gto import api, base, exceptions
from gto.index import (
    Artifact,
    FileIndexManager,
    Index,
    RepoIndexManager,
    check_if_path_exists,
    find_repeated_path,
    info_from_engine,
)
from gto.registry import GitRegistry
from sandbox import TestCase

DAY = datetime(2024, 3, 4, tzinfo=timezone.utc)


def registration(version="v1.0.0", days=0, **other):
    return base.Registration(
        **{
            "artifact": "m",
            "version": version,
            "created_at": DAY + timedelta(days=days),
            "author": "Ann",
            "author_email": "ann@example.com",
            "message": "say",
            "commit_hexsha": version[1] * 40,
            "tag": f"m@{version}",
            **other,
        }
    )


class Objects(unittest.TestCase):
    def test_fields_have_defaults_and_required_ones_are_missed(self):
        event = registration()
        self.assertEqual((event.priority, event.addition, event.event, event.ref), (3, True, "registration", "m@v1.0.0"))
        self.assertIsInstance(event, base.BaseEvent)
        with self.assertRaisesRegex(ValueError, "Registration: the field 'created_at' is required"):
            base.Registration(artifact="m")
        self.assertEqual(list(base.Registration.model_fields)[:3], ["priority", "addition", "artifact"])

    def test_lists_of_one_object_are_not_those_of_another(self):
        one, other = (base.Version(artifact="m", version="v1.0.0", commit_hexsha="1") for _ in range(2))
        one.add_event(registration(commit_hexsha="1"))
        self.assertEqual((len(one.registrations), other.registrations), (1, []))

    def test_dumps_are_dicts_or_json(self):
        event = registration()
        self.assertEqual(event.model_dump()["created_at"], DAY)
        self.assertEqual(event.model_dump(mode="json")["created_at"], "2024-03-04T00:00:00Z")
        self.assertEqual(json.loads(event.model_dump_json()), event.model_dump(mode="json"))
        self.assertNotIn("message", event.model_dump(exclude={"message"}))
        self.assertEqual(list(event.dict_state())[-1], "event")
        self.assertNotIn("tag", event.dict_state(exclude={"tag"}))

    def test_what_was_dumped_is_read_again_with_the_objects_in_it(self):
        commit = base.Commit(
            **{key: value for key, value in registration() if key not in ("tag", "priority")},
            enrichments=[info_from_engine({"source": "gto", "artifact": {"path": "x", "labels": ["a"]}})],
            committer="Ann",
            committer_email="ann@example.com",
        )
        state = base.BaseRegistryState()
        artifact = state.find_artifact("m", create_new=True)
        artifact.add_event(registration())
        artifact.add_event(commit)
        artifact.add_event(
            base.Assignment(**{key: value for key, value in registration() if key != "priority"}, stage="prod")
        )
        for dumped in (state.model_dump(), json.loads(state.model_dump_json())):
            again = base.BaseRegistryState.model_validate(dumped)
            self.assertEqual(again, state)
            version = again.artifacts["m"].versions[0]
            self.assertIsInstance(version.stages["prod"].assignments[0], base.Assignment)
            self.assertEqual(version.created_at, DAY)
            self.assertEqual(version.get_enrichments_info[0].get_path(), "x")
        (event,) = again.artifacts["m"].versions[0].registrations
        self.assertIs(base.Registration.model_validate(event), event)

    def test_what_is_as_by_default_can_be_left_out_of_a_dump(self):
        artifact = Artifact(path="x")
        for left_out in ({"exclude_unset": True}, {"exclude_defaults": True, "by_alias": True}):
            self.assertEqual(artifact.model_dump(**left_out), {"path": "x"})
            self.assertEqual(artifact.model_dump_json(**left_out), '{"path":"x"}')

    def test_objects_are_equal_by_value_copied_and_pickled(self):
        event = registration()
        self.assertEqual(event, registration())
        self.assertNotEqual(event, registration(days=1))
        for same in (copy.deepcopy(event), pickle.loads(pickle.dumps(event)), event.model_copy()):
            self.assertEqual(same, event)
        self.assertEqual(event.model_copy(update={"message": "x"}).message, "x")
        with self.assertRaises(TypeError):
            hash(event)

    def test_printed_objects_name_their_fields(self):
        self.assertEqual(repr(Artifact(type="model")).split("(")[0], "Artifact")
        self.assertIn("type='model'", repr(Artifact(type="model")))
        self.assertEqual(str(registration()), 'Version "v1.0.0" of artifact "m" was registered')

    def test_an_artifact_is_built_of_events(self):
        artifact = base.Artifact(artifact="m", versions=[])
        for event in (registration("v1.0.0"), registration("v2.0.0", 1), registration("v1.0.0")):
            artifact.add_event(event)
        self.assertEqual([version.version for version in artifact.get_versions()], ["v2.0.0", "v1.0.0"])
        self.assertEqual(artifact.get_latest_version().ref, "m@v2.0.0")
        self.assertEqual(artifact.find_version("v1.0.0").commit_hexsha, "1" * 40)
        self.assertEqual(artifact.find_version_at_commit("2" * 40).version, "v2.0.0")
        with self.assertRaises(exceptions.VersionRequired):
            artifact.find_version("v3.0.0", raise_if_not_found=True)
        with self.assertRaises(exceptions.ManyVersions):
            artifact.find_version()
        with self.assertRaises(exceptions.NoStageForVersion):
            artifact.versions[0].get_vstage("dev")
        with self.assertRaises(exceptions.NotImplementedInGTO):
            artifact.versions[0].add_event(base.Deprecation.model_validate(deprecation()))
        artifact.add_event(base.Deprecation(**deprecation()))
        self.assertFalse(artifact.is_active)


def deprecation():
    fields = registration(days=9).model_dump(exclude={"version", "priority", "addition"})
    return {**fields, "tag": "m@deprecated"}


class Sorting(unittest.TestCase):
    def test_versions_are_sorted_whatever_they_are(self):
        names = ["v1.10.0", "1" * 40, "v1.9.0", "2" * 40]
        dicts = [{"version": name, "created_at": DAY + timedelta(days=day)} for day, name in enumerate(names)]

        class Model:
            """Of another program: pydantic's have `model_fields`."""

            model_fields = {"version": None}

            def __init__(self, **fields):
                self.__dict__.update(fields)

        for items, get in ((dicts, dict.get), ([Model(**fields) for fields in dicts], getattr)):
            by = [get(item, "version") for item in base.sort_versions(items)]
            self.assertEqual(by, ["v1.10.0", "v1.9.0", "2" * 40, "1" * 40])
            by = [get(item, "version") for item in base.sort_versions(items, sort="Timestamp", ascending=True)]
            self.assertEqual(by, names)
        named = [{"v": "v1.0.0"}, {"v": "v2.0.0"}]
        self.assertEqual(base.sort_versions(named, version="v")[0], {"v": "v2.0.0"})
        with self.assertRaises(NotImplementedError):
            base.sort_versions([1])

    def test_what_has_no_version_is_the_last(self):
        """DVC sorts the tags of stages together with those of versions, out of a generator."""
        items = ({"version": version} for version in (None, "v1.0.0", None))
        self.assertEqual(base.sort_versions(items)[0], {"version": "v1.0.0"})


class Exceptions(unittest.TestCase):
    def test_every_error_is_one_of_gto_and_can_be_pickled(self):
        for name, kind in vars(exceptions).items():
            if not isinstance(kind, type) or name.startswith("_") or issubclass(kind, Warning):
                continue
            with self.subTest(name):
                self.assertTrue(issubclass(kind, exceptions.GTOException))
                parameters = list(inspect.signature(kind.__init__).parameters)[1:]
                error = kind(*[f"the {parameter}" for parameter in parameters if parameter != "args"])
                error.hint = "do that"
                again = pickle.loads(pickle.dumps(error))
                self.assertEqual((type(again), str(again), again.msg, again.hint), (kind, str(error), error.msg, "do that"))
                self.assertTrue(kind.__doc__)

    def test_texts_are_the_python_tools(self):
        self.assertEqual(str(exceptions.NoRepo("x")), "No Git repo found in 'x'")
        self.assertEqual(str(exceptions.UnknownStage("a", ["b"])), "Allowed stages are: '['b']'")
        self.assertEqual(exceptions.TagExists("t").message, "tag 't' already exists")


class Annotations(TestCase):
    def test_paths_conflict_with_those_above_and_below(self):
        self.assertEqual(find_repeated_path("a/b", [None, "c", "a"]), (self.repo / "a").resolve())
        self.assertEqual(find_repeated_path("a", ["a/b"]), (self.repo / "a/b").resolve())
        self.assertIsNone(find_repeated_path("ab", ["a", "abc"]))

    def test_a_folder_of_annotations_is_read_and_written(self):
        manager = FileIndexManager.from_path(str(self.repo))
        given = {"must_exist": False, "allow_same_path": False, "labels": ["b", "a"], "description": 'say "it"', "custom": {"k": [1]}, "update": False}
        manager.add("model", type="model", path="model.pkl", **given)
        expected = Artifact(type="model", path="model.pkl", labels=["b", "a"], description='say "it"', custom={"k": [1]})
        self.assertEqual(manager.get_index().state, {"model": expected})
        self.assertEqual(FileIndexManager.from_path(str(self.repo)).get_index().state, {"model": expected})
        with self.assertRaises(exceptions.ArtifactExists):
            manager.add("model", type="model", path="model.pkl", **given)
        with self.assertRaises(exceptions.PathIsUsed):
            manager.add("other", type="model", path="model.pkl", **given)
        with self.assertRaises(exceptions.NoFile):
            manager.add("other", type="model", path="x", **{**given, "must_exist": True})
        manager.remove("model")
        self.assertEqual(manager.get_index().state, {})
        with self.assertRaises(exceptions.ArtifactNotFound):
            manager.remove("model")

    def test_the_index_of_a_commit_cannot_be_changed(self):
        self.commit(artifacts__yaml="model:\n  type: model\n")
        with RepoIndexManager.from_url(self.repo) as manager:
            index = manager.get_commit_index("HEAD")
            self.assertIn("model", index)
            with self.assertRaisesRegex(ValueError, "is frozen"):
                index.remove("model")
            self.assertTrue(manager.check_existence("model", "HEAD"))
            with self.assertRaises(exceptions.ArtifactNotFound):
                manager.assert_existence("other", "HEAD")

    def test_without_a_file_there_is_no_index(self):
        self.commit()
        with RepoIndexManager.from_url(self.repo) as manager:
            self.assertIsNone(manager.get_commit_index("HEAD"))
            with self.assertRaisesRegex(ValueError, "No Index exists at HEAD"):
                manager.get_commit_index("HEAD", allow_to_not_exist=False)

    def test_a_file_that_is_none_is_refused(self):
        (self.repo / "artifacts.yaml").write_text("- 1\n")
        with self.assertRaises(exceptions.WrongArtifactsYaml):
            Index.read("artifacts.yaml")
        with self.assertRaises(exceptions.NoFile):
            Index.read("no-such.yaml")
        (self.repo / "artifacts.yaml").write_text("model:\n  type: model\n")
        for mode in ("r", "rb"):
            with open("artifacts.yaml", mode) as file:
                self.assertEqual(list(Index.read(file).state), ["model"])

    def test_a_path_exists_in_a_commit(self):
        self.commit(x="1")
        (self.repo / "y").write_text("not committed")
        os.chdir(self.folder)
        for path, is_there in (("x", True), ("y", False), ("no-such", False)):
            self.assertIs(check_if_path_exists(path, scm=self.repo), is_there)
        self.assertFalse(check_if_path_exists("x", scm=self.repo, ref="no-such"))
        self.assertFalse(check_if_path_exists("x"))
        self.assertTrue(check_if_path_exists("repo/y"))

    def test_the_history_of_annotations_is_that_of_all_branches(self):
        first = self.commit(artifacts__yaml="model:\n  type: model\n")
        self.git("checkout", "-q", "-b", "side")
        second = self.commit(artifacts__yaml="data: {}\n")
        self.git("checkout", "-q", "main")
        self.git("rm", "-q", "artifacts.yaml")
        self.commit()
        with RepoIndexManager.from_url(self.repo) as manager:
            self.assertEqual(set(manager.get_history()), {first, second})
            by_artifact = manager.artifact_centric_representation()
        self.assertEqual(by_artifact, {"model": {first: Artifact(type="model")}, "data": {second: Artifact()}})


class State(TestCase):
    def test_artifacts_of_all_branches_and_commits_have_a_version_where_they_are_annotated(self):
        first = self.commit(artifacts__yaml="model: {}\n")
        api.register("model")
        second = self.commit(artifacts__yaml="model: {}\ndata: {}\n")
        self.git("checkout", "-q", "-b", "side")
        third = self.commit(artifacts__yaml="data: {}\n")
        self.git("checkout", "-q", "--detach", first)
        with GitRegistry.from_url(self.repo) as registry:
            for where, expected in [
                ({}, {"model": {"v0.0.1"}}),
                ({"all_branches": True}, {"model": {"v0.0.1", second}, "data": {second, third}}),
                ({"all_commits": True}, {"model": {"v0.0.1", second}, "data": {second, third}}),
            ]:
                artifacts = registry.get_artifacts(**where).values()
                found = {of.artifact: {version.version for version in of.versions} for of in artifacts}
                self.assertEqual(found, expected)
                self.assertTrue(all(version.enrichments for of in artifacts for version in of.versions))
            self.assertEqual(len(registry.find_artifact("data", all_commits=True).versions), 2)

    def test_events_of_one_second_keep_their_order(self):
        """D2"""
        self.commit()
        os.environ["GIT_COMMITTER_DATE"] = "1700000000 +0000"
        api.register("m", version="v1.0.0")
        api.assign("m", stage="dev", version="v1.0.0")
        api.unassign("m", stage="dev", version="v1.0.0")
        events = api._get_state().find_artifact("m").get_events(ascending=True)
        self.assertEqual([event.event for event in events], ["registration", "assignment", "unassignment", "commit"])
        self.assertFalse(api._get_state().find_artifact("m").find_version("v1.0.0").get_vstage("dev").is_active)


if __name__ == "__main__":
    unittest.main()
