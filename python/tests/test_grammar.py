"""The regular expressions of `gto.constants` and the functions of `gto.tag` read the same as the engine, and refuse the same."""

import random
import unittest

from gto import _gto, api, constants, tag
from gto.constants import Action, VersionSort
from gto.exceptions import (
    IncomparableVersions,
    InvalidTagName,
    InvalidVersion,
    MissingArg,
    UnknownAction,
    ValidationError,
    WrongArgs,
)
from gto.versions import SemVer
from sandbox import TestCase

PARTS = [
    "m", "model", "a/b", "a-b", "a_", "_a", "dir/x", "x.y", ".", "/", ":", "=", "@", "#", "!", "v", "1", "0", "01", "v1.2.3",
    "v0.0.1-rc.1+b.5", "v1.0.0-01", "v1.0", "latest", "greatest", "deprecated", "created", "#7", "#0", "prod", "é", " ", "\n", "-", "٣",
]  # fmt: skip


def texts(count):
    """Texts that are nearly names, tags and shortcuts, and some that are."""
    chance = random.Random(7)
    for _ in range(count):
        if chance.random() < 0.5:
            yield "".join(chance.choice(PARTS) for _ in range(chance.randint(0, 6)))
        else:
            name = chance.choice(["m", "a/b", "dir=m", "dir:m", "x.y/z=m", "é", "a--b"])
            what = chance.choice(["@v1.0.0", "#prod", "@deprecated", "@created", "@latest", "@v1.0.0-rc.1", "@v01.0.0", ""])
            yield name + what + chance.choice(["", "!", "#3", "!#12", "#x", "\n", "#"])


class Grammar(unittest.TestCase):
    def test_the_expressions_match_what_the_engine_reads(self):
        matched = 0
        for text in texts(20_000):
            with self.subTest(repr(text)):
                engine = _gto.parse_tag(text)
                match = constants.tag_re.search(text)
                self.assertEqual(match is not None, engine is not None)
                if match:
                    matched += 1
                    self.assertEqual(constants.tag_to_name(match["artifact"]), engine["name"])
                    for key in ("version", "stage"):
                        self.assertEqual(match[key], engine.get(key))
                    self.assertEqual(match["counter"] and int(match["counter"]), engine.get("counter"))
                self.assertEqual(constants.check_string_is_valid(text), _gto.is_name(text))
                self.assertEqual(
                    constants.check_string_is_valid(text, constants.fullname_re), _gto.is_full_name(text)
                )
                self.assertEqual(constants.parse_shortcut(text).model_dump(), _gto.parse_shortcut(text))
                self.assertEqual(SemVer.is_valid(text or "v"), _gto.parse_version(text or "v") is not None)
        self.assertGreater(matched, 2_000)

    def test_names_are_checked_with_the_words_of_the_python_tool(self):
        constants.assert_name_is_valid("nlp/model-1")
        constants.assert_fullname_is_valid("dir.d:model")
        for check in (constants.assert_name_is_valid, constants.assert_fullname_is_valid):
            with self.assertRaisesRegex(ValidationError, "^Invalid value 'a b'. Only letters"):
                check("a b")

    def test_names_of_tags_are_read_into_dicts(self):
        read = {
            "m@v1.0.0": {"name": "m", "version": "v1.0.0", "action": Action.REGISTER},
            "m@v1.0.0!#3": {"name": "m", "version": "v1.0.0", "action": Action.DEREGISTER, "counter": 3},
            "d=m#prod#1": {"name": "d:m", "stage": "prod", "action": Action.ASSIGN, "counter": 1},
            "m#prod!": {"name": "m", "stage": "prod", "action": Action.UNASSIGN},
            "m@deprecated": {"name": "m", "action": Action.DEPRECATE},
            "m@created": {"name": "m"},
        }
        for name, said in read.items():
            self.assertEqual(list(api.parse_tag(name).items()), list(said.items()))
        self.assertEqual(tag.parse_name("v1.0.0", raise_on_fail=False), {})
        with self.assertRaisesRegex(InvalidTagName, "Cannot parse tag name 'v1.0.0'"):
            tag.parse_name("v1.0.0")
        self.assertEqual(tag.parse_name_reference("m"), (tag.NAME_REFERENCE.NAME, "m"))
        self.assertEqual(tag.parse_name_reference("m@v1.0.0")[0], tag.NAME_REFERENCE.TAG)

    def test_versions_are_compared_and_bumped(self):
        ordered = ["v0.9.0", "v1.0.0-alpha", "v1.0.0-rc.2", "v1.0.0-rc.10", "v1.0.0", "v1.10.0", "v2.0.0"]
        self.assertEqual([version.version for version in sorted(map(SemVer, reversed(ordered)))], ordered)
        self.assertTrue(SemVer("v1.0.0") > "v0.1.0")
        self.assertEqual(SemVer("v1.2.3"), "v1.2.3")
        self.assertEqual(SemVer("v1.2.3").bump(bump_minor=True).version, "v1.3.0")
        # D14
        self.assertEqual(SemVer("v1.0.0-rc.1").bump_patch().version, "v1.0.0")
        self.assertEqual(SemVer.parse("v1.2.3-rc.1+b").prerelease, "rc.1")
        self.assertEqual(SemVer.get_minimal().version, "v0.0.1")
        for error, call in [
            (InvalidVersion, lambda: SemVer("1.0.0")),
            (IncomparableVersions, lambda: SemVer("v1.0.0") == 1),
            (WrongArgs, lambda: SemVer("v1.0.0").bump()),
        ]:
            with self.assertRaises(error):
                call()

    def test_what_is_no_text_is_no_version(self):
        for value in (None, 1, ""):
            self.assertFalse(SemVer.is_valid(value))


class Tags(TestCase):
    def setUp(self):
        super().setUp()
        self.head = self.commit()
        api.register("m")
        api.assign("m", stage="dev", version="v0.0.1")
        api.assign("m", stage="prod", version="v0.0.1")
        self.git("tag", "m@v9.9.9")
        self.git("tag", "-a", "other", "-m", "not ours")

    def test_tags_are_found_by_what_they_do_the_oldest_first(self):
        names = {
            (): ["m@v0.0.1", "m#dev#1", "m#prod#2"],
            (("action", Action.REGISTER),): ["m@v0.0.1"],
            (("action", frozenset([Action.ASSIGN, Action.DEPRECATE])),): ["m#dev#1", "m#prod#2"],
            (("version", "v0.0.1"),): ["m@v0.0.1"],
            (("stage", "prod"),): ["m#prod#2"],
            (("name", "x"),): [],
        }
        for sought, found in names.items():
            self.assertEqual([said.name for said in tag.find(scm=self.repo, **dict(sought))], found)
        (first, *_) = tag.find(scm=self.repo)
        self.assertEqual((first.target, first.tagger_name, first.tagger_email), (self.head, "Ann", "ann@example.com"))
        self.assertEqual(first.tag_datetime.timestamp(), first.tag_time)
        self.assertEqual([said.name for said in tag.find(scm=self.repo, tags=[first])], ["m@v0.0.1"])
        parsed = tag.parse_tag(first)
        self.assertEqual((parsed.action, parsed.version, parsed.tag.name), (Action.REGISTER, "v0.0.1", "m@v0.0.1"))
        with self.assertRaises(MissingArg):
            tag.find(name="m")

    def test_tags_are_named_made_and_deleted(self):
        self.assertEqual(tag.name_tag(Action.REGISTER, "d:m", version="v1.0.0", simple=True), "d=m@v1.0.0")
        self.assertEqual(tag.name_tag(Action.ASSIGN, "m", stage="dev", scm=self.repo), "m#dev#3")
        for error, arguments in [(MissingArg, (Action.DEPRECATE, "m")), (UnknownAction, (Action.CREATE, "m"))]:
            with self.assertRaises(error):
                tag.name_tag(*arguments)
        tag.create_tag(self.repo, "m#x#9", "HEAD", "say", tagger="Bob", tagger_email="bob@example.com")
        (made,) = tag.find(scm=self.repo, stage="x")
        self.assertEqual((made.tagger_name, made.tagger_email, made.message.strip()), ("Bob", "bob@example.com", "say"))
        tag.delete_tag(self.repo, "m#x#9")
        self.assertEqual(tag.find(scm=self.repo, stage="x"), [])

    def test_managers_read_and_make_the_tags_of_their_actions(self):
        from gto.base import BaseRegistryState
        from gto.config import RegistryConfig

        named = {"scm": self.repo, "config": RegistryConfig()}
        state = BaseRegistryState()
        for manager in (tag.TagVersionManager, tag.TagStageManager):
            state = manager(**named).update_state(state)
        artifact = state.find_artifact("m")
        self.assertEqual([event.ref for event in artifact.get_events(ascending=True)][0], "m@v0.0.1")
        self.assertEqual(sorted(artifact.get_vstages()), ["dev", "prod"])
        self.assertEqual(tag.TagArtifactManager(**named).deprecate("m", "HEAD", "say", True), "m@deprecated")


class Sorting(unittest.TestCase):
    def test_words_for_the_order_of_versions(self):
        self.assertEqual([VersionSort.SemVer.value, VersionSort.Timestamp.value], ["semver", "timestamp"])


if __name__ == "__main__":
    unittest.main()
