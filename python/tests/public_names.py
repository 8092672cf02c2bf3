"""Lists the public names of gto's modules: functions with their parameters, classes with fields and methods, constants.

Run by the Python of an environment with ``gto==1.10.1`` it records the Python tool's in ``oracle_names.json``; the test
``test_public_names`` compares ours with that, so that it needs no oracle.

    target/oracle/bin/python python/tests/public_names.py > python/tests/oracle_names.json
"""

import enum
import inspect
import json
import re
from importlib import import_module

MODULES = [
    "api",
    "base",
    "config",
    "constants",
    "exceptions",
    "ext",
    "git_utils",
    "index",
    "registry",
    "tag",
    "versions",
]


def plain(value):
    """A value that looks the same in both packages."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (str, int, list, type(None))):
        return value
    return f"<{type(value).__name__}>"


def parameters(function):
    """``[name, kind, default]`` of each; no default is a missing third."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return None
    return [
        [parameter.name, parameter.kind.name]
        + ([] if parameter.default is parameter.empty else [plain(parameter.default)])
        for parameter in signature.parameters.values()
    ]


def fields(kind):
    """The fields of a pydantic model, or of one of ours, and their defaults."""
    said = {}
    for name, field in getattr(kind, "model_fields", {}).items():
        if hasattr(field, "is_required"):
            required, default = field.is_required(), field.get_default(call_default_factory=True)
        else:
            required, default = type(field) is object, field
        said[name] = "required" if required else plain(default)
    return said


def members(kind):
    """The methods and properties of a class that it has itself or from a class of gto's."""
    said = {}
    for above in reversed(kind.__mro__):
        if not above.__module__.startswith("gto.") or above.__module__ == "gto._model":
            continue
        for name, value in above.__dict__.items():
            if name.startswith(("_", "model_")) and name != "__init__":
                continue
            if isinstance(value, property):
                said[name] = "property"
            elif isinstance(value, (classmethod, staticmethod)):
                said[name] = [type(value).__name__, parameters(value.__func__)]
            elif inspect.isfunction(value):
                said[name] = ["method", parameters(value)]
    if hasattr(kind, "model_fields"):
        # Made by pydantic, and by our Model, of the fields.
        said.pop("__init__", None)
    return said


def public_names(module):
    """The public names that a module defines."""
    said = {}
    for name in dir(module):
        value = getattr(module, name)
        if name.startswith("_") and not inspect.isfunction(value):
            continue
        home = getattr(value, "__module__", None)
        if inspect.ismodule(value) or (isinstance(home, str) and home != module.__name__ and callable(value)):
            continue
        if isinstance(value, type) and issubclass(value, enum.Enum):
            said[name] = {"enum": {entry.name: plain(entry.value) for entry in value}}
        elif isinstance(value, type):
            bases = [above.__name__ for above in value.__mro__[1:] if above.__module__ == module.__name__]
            builtins = [above.__name__ for above in value.__mro__[1:-1] if above.__module__ == "builtins"]
            said[name] = {"class": bases + builtins, "fields": fields(value), "members": members(value)}
        elif isinstance(value, re.Pattern):
            said[name] = {"groups": list(value.groupindex)}
        elif callable(value):
            said[name] = {"function": parameters(value)}
        else:
            said[name] = {"value": plain(value)}
    return said


def package():
    """The same of the whole package."""
    return {name: public_names(import_module(f"gto.{name}")) for name in MODULES}


def as_text(names):
    """JSON with one line for each name."""
    modules = []
    for module, said in names.items():
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in said.items())
        modules.append(f" {json.dumps(module)}: {{\n{lines}\n }}")
    return "{\n" + ",\n".join(modules) + "\n}"


if __name__ == "__main__":
    print(as_text(package()))
