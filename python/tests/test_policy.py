"""The promotion policy in Python: what obeys it, approvals, and reasons to do without it."""

import os
from unittest import mock

from clocked import ClockedTestCase

import gto
from gto import api, exceptions

POLICY = "version: 1\nrules:\n- {stage: prod, from: [staging]}\n"


class Policy(ClockedTestCase):
    def setUp(self):
        super().setUp()
        self.commit_files({"train.py": "1"})
        registry = gto.Registry(self.repo)
        self.tick()
        registry.register("m", version="v1.0.0")
        self.tick()
        registry.assign("m", "staging", "v1.0.0")
        self.tick()
        registry.assign("m", "prod", "v1.0.0")
        self.commit_files({"train.py": "2"})
        self.tick()
        registry.register("m", version="v2.0.0")
        self.tick()
        registry.assign("m", "prod", "v2.0.0")
        self.commit_files({".gto-policy.yaml": POLICY})

    def without_policy(self):
        self.git("rm", "-q", ".gto-policy.yaml")
        self.commit()

    def test_what_violates_the_policy_is_absent_for_who_obeys_it(self):
        plain, obeying = gto.Registry(self.repo), gto.Registry(self.repo, policy="enforce")
        self.assertEqual(plain["m"].stages["prod"].version, "v2.0.0")
        with self.assertWarnsRegex(exceptions.GtoWarning, "'m#prod#3' violates the policy of HEAD and counts as absent"):
            self.assertEqual(obeying["m"].stages["prod"].version, "v1.0.0")
        with self.assertWarns(exceptions.GtoWarning):
            self.assertEqual(obeying.resolve("m#prod").version, "v1.0.0")
        with self.assertWarns(exceptions.GtoWarning), mock.patch.dict(os.environ, {"GTO_POLICY": "enforce"}):
            self.assertEqual(plain["m"].stages["prod"].version, "v1.0.0")
            self.assertIsNone(api.check_ref(self.repo, "m#prod#3") or None)
        self.assertIn("policy='enforce'", repr(obeying))
        self.assertNotEqual(plain, obeying)
        self.assertEqual(len(list(plain.history("m"))), len(list(obeying.history("m"))))
        with self.assertRaises(exceptions.WrongArgs):
            gto.Registry(self.repo, policy="yes")

    def test_without_a_policy_who_wants_one_gets_no_answer(self):
        self.without_policy()
        with self.assertRaisesRegex(exceptions.GTOException, "There is no policy in force"):
            list(gto.Registry(self.repo, policy="enforce"))

    def test_versions_are_approved_and_reasons_given(self):
        registry = gto.Registry(self.repo)
        done = registry.approve("m", "v2.0.0", "prod")
        self.assertTrue(done.tags[0].tag.startswith("gto-approval/m@v2.0.0/prod/-/"), done)
        registry.approve("m", "v2.0.0", "prod", exist_ok=True)
        with self.assertRaises(exceptions.WrongArgs):
            registry.approve("m", "v2.0.0", "prod")
        registry.approve("m", "v2.0.0", "prod", withdraw=True)
        self.tick()
        with self.assertRaisesRegex(exceptions.GTOException, "The policy forbids"):
            registry.assign("m", "prod", "v2.0.0", force=True, override_reason="outage")
        self.without_policy()
        with self.assertRaisesRegex(exceptions.GTOException, "There is no policy to override"):
            registry.assign("m", "dev", "v2.0.0", override_reason="outage")
