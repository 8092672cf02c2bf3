"""Keeps the PyPI tool `gto` loaded and runs its command line again and again, each time as if it were fresh.

Started by `oracle.rs`. Says `{"version": ...}` on a line, then answers every line of JSON on stdin,
`{"cwd", "args", "env", "stdin"}`, with a line of JSON: `{"status", "stdout", "stderr"}`.

What a fresh process would read when it is imported is read again before each run: the emoji switch, the log
level. What a run leaves behind is put back: environment, folder, streams, log level, caches. A wrong value of a
GTO_* variable, on which the tool fails while it is being imported, cannot be asked here.
"""

import io
import json
import logging
import os
import sys
import traceback

# The pipe to the caller, out of reach of everything that prints.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
questions = os.fdopen(os.dup(0), "r", encoding="utf-8")
os.dup2(2, 1)
os.close(0)
os.open(os.devnull, os.O_RDONLY)

# rich measures the terminal once, when its console is made; wide enough never to wrap.
WIDTH = "100000"
os.environ["COLUMNS"] = WIDTH

import gto  # noqa: E402
import gto.cli  # noqa: E402
import gto.config  # noqa: E402
import gto.ext  # noqa: E402
import gto.index  # noqa: E402
import gto.registry  # noqa: E402
import gto.ui  # noqa: E402
from importlib.metadata import version  # noqa: E402

EMOJIS = ("EMOJI_FAIL", "EMOJI_OK", "EMOJI_GTO")
WITH_EMOJIS = {name: getattr(gto.ui, name) for name in EMOJIS}
LOGGER = logging.getLogger("gto")

# The tool reads `.gto` anew for every version that it looks at, which is most of its time. No run changes the
# file, so once a run is enough; an error is met again each time.
READ_CONFIG = gto.config.read_registry_config
configs = {}


def read_config_once(path):
    if path not in configs:
        configs[path] = READ_CONFIG(path)
    return configs[path]


gto.index.read_registry_config = gto.registry.read_registry_config = read_config_once


def stream(data=b""):
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="surrogateescape", write_through=True)


def forget():
    """Reads again what the tool reads while it is imported."""
    config = gto.config.NoFileConfig()
    gto.config.CONFIG = gto.ui.CONFIG = gto.CONFIG = config
    for name in EMOJIS:
        value = WITH_EMOJIS[name] if config.EMOJIS else gto.ui.Text("")
        setattr(gto.ui, name, value)
        setattr(gto.cli, name, value)
    level = "DEBUG" if config.DEBUG else config.LOG_LEVEL
    LOGGER.setLevel(level)
    LOGGER.handlers[0].setLevel(level)
    configs.clear()
    for cached in (gto.ext.find_enrichments, gto.ext.find_enrichment_types):
        cached.cache_clear()


def run(question):
    os.environ.clear()
    os.environ.update(question["env"])
    os.environ["COLUMNS"] = WIDTH
    os.chdir(question["cwd"])
    sys.stdin, sys.stdout, sys.stderr = stream(question["stdin"].encode()), stream(), stream()
    sys.argv = ["gto", *question["args"]]
    LOGGER.handlers[0].setStream(sys.stdout)
    forget()
    try:
        gto.cli.app.main(args=question["args"], prog_name="gto")
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    said = [pipe.buffer.getvalue().decode("utf-8", "replace") for pipe in (sys.stdout, sys.stderr)]
    return {"status": status, "stdout": said[0], "stderr": said[1]}


def tell(value):
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def main():
    streams = sys.stdin, sys.stdout, sys.stderr
    environment = dict(os.environ)
    folder = os.getcwd()
    tell({"version": version("gto")})
    for line in questions:
        try:
            answer = run(json.loads(line))
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
            LOGGER.handlers[0].setStream(sys.stderr)
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(folder)
        tell(answer)


main()
