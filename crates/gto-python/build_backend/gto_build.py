"""Builds the Python package: maturin's wheel, with the native command `gto` in it.

Maturin puts either a module or a program into a wheel. Of `gto` people expect an answer within milliseconds, in which a
Python does not even start: so the program itself is built first, and goes in as a script.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path

import maturin
from maturin import (  # noqa: F401 (they are hooks of the backend)
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

# Where maturin looks for what else goes into the wheel: the name is the module's.
SCRIPTS = Path("gto._gto.data", "scripts")


def _chosen(arguments, option):
    """The value of an option among the arguments for maturin."""
    for place, argument in enumerate(arguments):
        if argument == option and place + 1 < len(arguments):
            return arguments[place + 1]
        if argument.startswith(f"{option}="):
            return argument.split("=", 1)[1]
    return None


def _build_command(arguments):
    """Builds the program with the module's features and profile, so that their dependencies are compiled once."""
    profile = _chosen(arguments, "--profile") or maturin.get_config()["profile"]
    command = ["cargo", "build", "--locked", "--package=gto-cli", "--package=gto-python", "--bin=gto"]
    command.append(f"--profile={profile}")
    target = _chosen(arguments, "--target")
    if target:
        command.append(f"--target={target}")
    command.append("--message-format=json-render-diagnostics")
    print(f"Running `{' '.join(command)}`")
    sys.stdout.flush()
    # What maturin itself would install where there is no Rust.
    environment = maturin._get_env()
    built = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=False)
    if built.returncode != 0:
        sys.exit(f"Error: {command} ended with status {built.returncode}")
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "gto":
            return Path(message["executable"])
    sys.exit("Error: cargo built no program `gto`")


@contextmanager
def _command_in_data(config_settings):
    arguments = maturin._additional_pep517_args() + maturin.get_maturin_pep517_args(config_settings)
    program = _build_command(arguments)
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copy2(program, SCRIPTS / program.name)
        yield
    finally:
        shutil.rmtree(SCRIPTS.parent)


def _trim_lock_file(archive):
    """Takes out of the lock file what belongs to crates that are not in the archive: cargo refuses to leave it out by itself.

    Maturin packs the crates that the module is made of, and names only these in the workspace.
    """
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(archive) as packed:
            packed.extractall(scratch)
        (root,) = Path(scratch).iterdir()
        metadata = ["cargo", "metadata", "--format-version=1"]
        subprocess.run(metadata, cwd=root, stdout=subprocess.DEVNULL, env=maturin._get_env(), check=True)
        with tarfile.open(archive, "w:gz") as packed:
            packed.add(root, root.name, filter=_of_nobody)


def _of_nobody(member):
    """Who builds it is nobody's business."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def build_sdist(sdist_directory, config_settings=None):
    name = maturin.build_sdist(sdist_directory, config_settings)
    _trim_lock_file(Path(sdist_directory, name))
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with _command_in_data(config_settings):
        return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    with _command_in_data(config_settings):
        return maturin.build_editable(wheel_directory, config_settings, metadata_directory)
