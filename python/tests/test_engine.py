"""The native module: what it answers, what it raises, and that threads and forks may use it."""

import os
import signal
import subprocess
import sys
import threading
import time
import unittest
import warnings
from datetime import datetime, timedelta

from gto import _gto, exceptions
from sandbox import TestCase


class Answers(TestCase):
    def test_times_are_aware_and_keep_the_offset_of_whoever_wrote(self):
        self.commit()
        os.environ["GIT_COMMITTER_DATE"] = "1700000000 +0530"
        _gto.register(None, "model")
        (version,) = _gto.versions(None, "model")["versions"]
        made = version["registrations"][0]["created_at"]
        self.assertEqual(made, datetime.fromisoformat("2023-11-14T22:13:20+00:00"))
        self.assertEqual(made.utcoffset(), timedelta(hours=5, minutes=30))
        self.assertEqual(_gto.tags(None, ["model@v0.0.1"])[0]["tag_datetime"], made)

    def test_a_repository_is_named_by_a_folder_in_it_or_is_the_current_one(self):
        self.commit()
        _gto.register(None, "model")
        below = self.repo / "folder"
        below.mkdir()
        expected = {"model": {"version": "v0.0.1", "stage": {}, "registered": True, "active": True}}
        self.assertEqual(_gto.show(), expected)
        self.assertEqual(_gto.show(str(below)), expected)
        os.chdir(below)
        self.assertEqual(_gto.show(), expected)

    def test_variables_that_the_program_sets_count(self):
        os.environ["GTO_STAGES"] = '["dev"]'
        self.assertEqual(_gto.stages(), ["dev"])
        self.assertEqual(_gto.config()["stages"], ["dev"])
        del os.environ["GTO_STAGES"]
        self.assertEqual(_gto.stages(), [])

    def test_a_write_says_what_it_did_and_a_dry_run_what_it_would_do(self):
        commit = self.commit()
        planned = _gto.assign(None, "model", "prod", ref="HEAD", dry_run=True)
        self.assertEqual([tag["tag"] for tag in planned["tags"]], ["model@v0.0.1", "model#prod#1"])
        self.assertEqual((planned["dry_run"], planned["events"], _gto.tag_names()), (True, [], []))
        done = _gto.assign(None, "model", "prod", ref="HEAD", author="Bob", author_email="bob@example.com")
        self.assertEqual([event["event"] for event in done["events"]], ["registration", "assignment"])
        self.assertEqual(done["events"][1]["author"], "Bob")
        self.assertEqual(done["tags"][0]["target"], commit)
        self.assertEqual(done["lines"][0], "Created git tag 'model@v0.0.1' that registers version")
        gone = _gto.deprecate(None, "model", delete=True)
        self.assertEqual({tag["action"] for tag in gone["tags"]}, {"delete"})
        self.assertEqual(_gto.tag_names(), [])

    def test_a_version_is_meant_by_its_commit_too(self):
        commit = self.commit()
        _gto.assign(None, "model", "prod", ref="HEAD")
        _gto.unassign(None, "model", "prod", ref=commit)
        _gto.deregister(None, "model", ref=commit)
        self.assertEqual(_gto.show()["model"]["version"], None)
        with self.assertRaises(exceptions.WrongArgs):
            _gto.deregister(None, "model", ref=commit, version="v0.0.1")

    def test_the_state_tells_the_order_of_events_within_one_second(self):
        self.commit()
        os.environ["GIT_COMMITTER_DATE"] = "1700000000 +0000"
        _gto.register(None, "model")
        for _ in range(2):
            _gto.assign(None, "model", "prod", version="v0.0.1")
            _gto.unassign(None, "model", "prod", version="v0.0.1")
        stage = _gto.state()["model"]["versions"][0]["stages"]["prod"]
        self.assertEqual([event["order"] for event in stage["assignments"]], [1, 3])
        self.assertEqual([event["order"] for event in stage["unassignments"]], [2, 4])

    def test_what_one_should_know_is_a_warning_at_the_line_that_asked(self):
        self.commit()
        self.git("tag", "model@v1.0.0")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            _gto.show()
        (warning,) = caught
        self.assertIs(warning.category, exceptions.GtoWarning)
        self.assertIn("lightweight", str(warning.message))

    def test_a_remote_repository_is_read_and_written_to(self):
        self.commit()
        _gto.register(None, "model")
        url = self.repo.as_uri()
        self.assertEqual(_gto.show(url), _gto.show())
        done = _gto.assign(url, "model", "prod", version="v0.0.1")
        self.assertTrue(done["pushed"])
        self.assertEqual(_gto.tag_names(), ["model#prod#1", "model@v0.0.1"])
        clone = self.folder / "clone"
        _gto.clone(url, str(clone))
        self.assertEqual(_gto.show(str(clone)), _gto.show())
        self.git("tag", "--annotate", "--message", "x", "other", within=clone)
        _gto.push_tag(str(clone), "other")
        self.assertIn("other", _gto.tag_names())
        _gto.push_tag(str(clone), "other", delete=True)
        self.assertNotIn("other", _gto.tag_names())
        self.assertEqual(_gto.status(str(clone))["tags"], [])

    def test_tags_of_any_name_are_made_and_deleted(self):
        commit = self.commit()
        _gto.create_tag(None, "release-1", "HEAD", "A release", author="Bob", author_email="bob@example.com")
        (tag,) = _gto.tags()
        self.assertEqual((tag["name"], tag["target"], tag["message"]), ("release-1", commit, "A release\n"))
        self.assertEqual((tag["tagger_name"], tag["tagger_email"]), ("Bob", "bob@example.com"))
        with self.assertRaises(exceptions.TagExists):
            _gto.create_tag(None, "release-1", "HEAD", "Again")
        _gto.delete_tag(None, "release-1")
        with self.assertRaises(exceptions.TagNotFound):
            _gto.delete_tag(None, "release-1")

    def test_annotations_are_those_of_a_revision_or_of_the_work_tree(self):
        self.assertIsNone(_gto.annotations())
        self.commit(artifacts__yaml="model: {type: model, labels: [a]}\n")
        (self.repo / "artifacts.yaml").write_text("data: {path: x}\n")
        self.assertEqual(list(_gto.annotations()), ["data"])
        self.assertEqual(_gto.annotations(None, "HEAD")["model"]["labels"], ["a"])
        self.assertEqual(_gto.parse_annotations(b"m: {}\n")["m"]["virtual"], True)
        with self.assertRaises(exceptions.WrongArtifactsYaml):
            _gto.parse_annotations(b"- m\n")


class Errors(TestCase):
    def refused(self, kind, text, call, *arguments, **options):
        with self.assertRaises(kind) as caught:
            call(*arguments, **options)
        self.assertIs(type(caught.exception), kind)
        self.assertIn(text, str(caught.exception))
        return caught.exception

    def test_each_is_the_class_of_the_python_tool_and_says_what_to_do(self):
        e = exceptions
        error = self.refused(e.RefNotFound, "no commit", _gto.register, None, "model")
        self.assertIn("make a commit", error.hint)
        self.commit()
        _gto.register(None, "model")
        for kind, text, call, *arguments in [
            (e.NoRepo, "No Git repo found in '/'", _gto.show, "/"),
            (e.VersionExistsForCommit, "'model' is already", _gto.register, None, "model"),
            (e.ValidationError, "Invalid value '-x'", _gto.register, None, "-x"),
            (e.ArtifactNotFound, "Cannot find artifact 'x'", _gto.versions, None, "x"),
            (e.RefNotFound, "Ref 'x' was not found", _gto.resolve, None, "x"),
            (e.InvalidVersion, "'1' cannot be parsed", _gto.compare_versions, "1", "v1.0.0"),
            (e.RemoteError, "There is no remote", _gto.status),
        ]:
            error = self.refused(kind, text, call, *arguments)
            self.assertIsInstance(error, e.GTOException)
            if kind is not e.InvalidVersion:
                self.assertTrue(error.hint, kind)
        self.commit()
        self.refused(e.VersionAlreadyRegistered, "'v0.0.1'", _gto.register, None, "model", version="v0.0.1")
        self.refused(e.WrongArgs, "is not registered", _gto.assign, None, "model", "prod", version="v9.0.0")
        self.refused(e.VersionRequired, "'model'", _gto.deregister, None, "model", version="v9.0.0")
        self.refused(e.WrongArgs, ">= -1", _gto.show, None, assignments_per_version=-2)
        self.refused(e.NoIdentity, "user.name", self.write_without_identity)
        (self.repo / ".gto").write_text("stages: [dev]\n")
        error = self.refused(e.UnknownStage, "['dev']", _gto.assign, None, "model", "prod", ref="HEAD")
        self.assertIn(".gto", error.hint)
        (self.repo / ".gto").write_text("stages: 3\n")
        error = self.refused(e.WrongConfig, "Wrong config file", _gto.show)
        self.assertIn("'stages'", error.hint)

    def write_without_identity(self):
        settings = self.folder / "home" / "nobody"
        settings.write_text("[user]\n    useConfigOnly = true\n")
        before, os.environ["GIT_CONFIG_GLOBAL"] = os.environ["GIT_CONFIG_GLOBAL"], str(settings)
        try:
            _gto.register(None, "model")
        finally:
            os.environ["GIT_CONFIG_GLOBAL"] = before

    def test_no_message_drives_a_terminal(self):
        error = self.refused(exceptions.RefNotFound, "", _gto.resolve, None, "\x1b[31mred")
        self.assertNotIn("\x1b", error.hint or "")
        self.commit(**{"__gto": '"\\e[31m": 1\n'})
        error = self.refused(exceptions.WrongConfig, "", _gto.show)
        self.assertNotIn("\x1b", f"{error} {error.hint}")


class AtTheSameTime(TestCase):
    def test_eight_readers_see_only_states_that_existed(self):
        versions = 12
        commits = [self.commit(f"change {n}") for n in range(versions)]
        states, latest, prod = [{}], None, None
        for n in range(1, versions + 1):
            latest = f"v0.0.{n}"
            stage = {} if prod is None else {"prod": prod}
            states.append({"model": {"version": latest, "stage": stage, "registered": True, "active": True}})
            prod = latest
            states.append({"model": {"version": latest, "stage": {"prod": prod}, "registered": True, "active": True}})
        done, seen = threading.Event(), []

        def read():
            mine = []
            while not done.is_set():
                mine.append(_gto.show())
            seen.append(mine)

        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        try:
            for commit in commits:
                _gto.register(None, "model", commit)
                _gto.assign(None, "model", "prod", ref=commit)
        finally:
            done.set()
            for reader in readers:
                reader.join()
        self.assertEqual(len(seen), 8)
        for mine in seen:
            places = [states.index(state) for state in mine]
            self.assertEqual(places, sorted(places), "a reader saw an older state after a newer one")
        self.assertEqual(_gto.show(), states[-1])

    @unittest.skipIf(os.name == "nt", "this system has no signals for other processes")
    def test_ctrl_c_ends_a_git_that_hangs(self):
        ssh = self.folder / "ssh"
        ssh.write_text(f"#!/bin/sh\ntouch '{self.folder}/inside'\nexec sleep 60\n")
        ssh.chmod(0o755)
        os.environ["GIT_SSH"] = str(ssh)
        # Where the tests themselves ignore it, as in the background of a script, Python would ignore it too.
        hear = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        ask = "try:\n    _gto.show('ssh://host/x')\nexcept KeyboardInterrupt:\n    print('stopped')"
        script = f"{hear}from gto import _gto\n{ask}"
        program = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 30
        while not (self.folder / "inside").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        self.assertEqual(program.communicate(timeout=30)[0], "stopped\n")

    @unittest.skipUnless(hasattr(os, "fork"), "this system has no fork")
    def test_a_fork_works_while_another_thread_is_inside(self):
        self.commit()
        _gto.register(None, "model")
        done = threading.Event()

        def read():
            while not done.is_set():
                _gto.show()

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        try:
            for _ in range(20):
                with warnings.catch_warnings():
                    # From Python 3.12 on it warns of forks of programs with threads.
                    warnings.simplefilter("ignore")
                    child = os.fork()
                if child == 0:
                    # Whoever hangs is killed.
                    signal.alarm(30)
                    status = 1
                    try:
                        status = 0 if _gto.show()["model"]["version"] == "v0.0.1" else 1
                    finally:
                        os._exit(status)
                self.assertEqual(os.waitpid(child, 0)[1], 0)
        finally:
            done.set()
            for reader in readers:
                reader.join()


if __name__ == "__main__":
    unittest.main()
