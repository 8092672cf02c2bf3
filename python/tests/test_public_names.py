"""Every public name of the Python tool's modules is here: same parameters, defaults, fields, members and base classes.

``oracle_names.json`` says what they are there; ``public_names.py`` wrote it.
"""

import json
import re
import unittest
from pathlib import Path

import public_names

#: What is not here, and why.
LEFT_OUT = {
    "api": {"_get_versions": "a step of _show_versions"},
    "config": {"YamlConfigSettingsSource": "of pydantic_settings", "yaml": "of ruamel.yaml"},
    "ext": {"ENRICHMENT_ENTRYPOINT": "plugins are not loaded", "import_string": "plugins are not loaded"},
    "git_utils": {
        "_reset_repo_to_head": "commits are made without a stash",
        "git_add_and_commit_all_changes": "commits are of one file",
    },
    "index": {"logger": "of logging", "state_adapter": "of pydantic", "yaml": "of ruamel.yaml"},
    "registry": {"CONFIG_FILE_NAME": "imported", "NAME": "imported", "TBaseEvent": "a type variable"},
    "tag": {"tag_re": "imported"},
}
#: The same of members.
MEMBERS_LEFT_OUT = {
    "types_are_valid",  # pydantic calls it
    "stages_are_valid",
    "get_commits",  # of scmrepo's commits
}
#: Their text may differ: what they match is in `test_grammar`.
EXPRESSIONS = {"dirname", "name", "semver", "counter", "fullname", "fullname_in_tag"}


class PublicNames(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        recorded = Path(__file__).with_name("oracle_names.json")
        cls.theirs = json.loads(recorded.read_text(encoding="utf8"))
        cls.ours = json.loads(json.dumps(public_names.package()))

    def each(self, kind):
        for module, names in self.theirs.items():
            for name, theirs in names.items():
                if kind in theirs and name not in LEFT_OUT.get(module, {}):
                    yield f"gto.{module}.{name}", theirs, self.ours[module].get(name)

    def test_every_name_is_here(self):
        missing = [
            f"{module}.{name}"
            for module, names in self.theirs.items()
            for name in names
            if name not in self.ours[module] and name not in LEFT_OUT.get(module, {})
        ]
        self.assertEqual(missing, [])

    def test_functions_have_the_same_parameters(self):
        for name, theirs, ours in self.each("function"):
            with self.subTest(name):
                self.assert_takes_the_same(ours["function"], theirs["function"])

    def test_classes_have_the_same_bases_fields_and_members(self):
        for name, theirs, ours in self.each("class"):
            with self.subTest(name):
                self.assertEqual([base for base in ours["class"] if not base.startswith("_")], theirs["class"])
                self.assertEqual(ours["fields"], theirs["fields"])
                members = {
                    name: kind for name, kind in theirs["members"].items() if name not in MEMBERS_LEFT_OUT
                }
                self.assertEqual(set(members) - set(ours["members"]), set())
                for member, kind in members.items():
                    with self.subTest(f"{name}.{member}"):
                        if isinstance(kind, str):
                            self.assertEqual(ours["members"][member], kind)
                        else:
                            self.assert_takes_the_same(ours["members"][member][1], kind[1])

    def test_constants_and_enumerations_have_the_same_values(self):
        for kind in ("value", "enum", "groups"):
            for name, theirs, ours in self.each(kind):
                if name.rpartition(".")[2] not in EXPRESSIONS:
                    with self.subTest(name):
                        self.assertEqual(ours, theirs)

    def assert_takes_the_same(self, ours, theirs):
        """The same parameters in the same order. `repo` may have got a default, and new ones must be given by keyword."""
        ours = [parameter for parameter in ours if parameter[1] != "KEYWORD_ONLY" or parameter in theirs]
        if ours and ours[0] in (["repo", "POSITIONAL_OR_KEYWORD", None], ["url_or_scm", "POSITIONAL_OR_KEYWORD", None]):
            ours[0] = ours[0][:2]
        if len(ours) > 1 and ours[1] == ["url_or_scm", "POSITIONAL_OR_KEYWORD", None]:
            ours[1] = ours[1][:2]
        self.assertEqual(ours, theirs)


class Package(unittest.TestCase):
    def test_names_can_be_imported_from_where_the_python_tool_had_imported_them(self):
        from importlib import import_module

        for module, names in {
            "api": ["GitRegistry", "RepoIndexManager", "parse_tag_name"],
            "base": ["Action", "RegistryConfig"],
            "tag": ["tag_re", "TagExists", "TagNotFound", "RefNotFound"],
            "config": ["WrongConfig"],
            "registry": ["SemVer", "WrongArgs", "CONFIG_FILE_NAME"],
        }.items():
            for name in names:
                with self.subTest(f"gto.{module}.{name}"):
                    self.assertIsNotNone(getattr(import_module(f"gto.{module}"), name))
            with self.assertRaisesRegex(AttributeError, f"module 'gto.{module}' has no attribute 'no_such_name'"):
                getattr(import_module(f"gto.{module}"), "no_such_name")

    def test_the_package_has_the_names_of_the_python_tools(self):
        import gto

        for name in ("api", "CONFIG", "RepoIndexManager", "GitRegistry", "__version__"):
            self.assertIn(name, gto.__all__)
            self.assertIsNotNone(getattr(gto, name))
            self.assertIn(name, dir(gto))
        self.assertRegex(gto.__version__, re.compile(r"^\d+\.\d+\.\d+"))
        with self.assertRaises(AttributeError):
            gto.no_such_name  # noqa: B018


if __name__ == "__main__":
    unittest.main()
