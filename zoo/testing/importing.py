"""What importing a plugin does: every command waits for it, `zoo list` too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from zoo.testing.check import Declared, Failed
from zoo.testing.spec import references

if TYPE_CHECKING:
    from zoo.testing.subject import Subject

SECONDS = 1.0
"""That a plugin's import may take of its own: `zoo list` takes a fifth of it with all of zoo's plugins."""
HEAVY = ("torch", "onnx", "onnxruntime", "matplotlib", "scipy", "sklearn", "pandas")
PROGRAM = """
import importlib, json, sys, time
sys.path[:0] = json.loads(sys.argv[1])
plugin, *others = sys.argv[2:]
asked = []

def listen(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        asked.append([name, event, repr(arguments)[:80]])
        raise OSError("no network while a plugin is imported")

def bring(name):
    try:
        importlib.import_module(name)
    except SystemExit as stop:
        sys.exit(f"importing {name} ends the program: {stop!r}")

sys.addaudithook(listen)
import zoo.hookspecs, zoo.signatures, zoo.spec, zoo.study, numpy  # every plugin may
before, start, name = set(sys.modules), time.process_time(), plugin
bring(plugin)
seconds, loaded = time.process_time() - start, set(sys.modules) - before
for name in others:
    bring(name)
print("\\n" + json.dumps({"seconds": seconds, "loaded": sorted(loaded), "asked": asked}))
"""
"""Run in a process of its own: what is imported there was not imported before. Time is the processor's, so that a busy machine
does not make a plugin slow."""


def light(subject: Subject) -> None:
    """The plugin's own module brings no heavy library, and takes less than a second."""
    plugin, seen = _imported(subject)
    if heavy := [name for name in HEAVY if name in seen["loaded"]]:
        raise Failed(
            f"importing {plugin} should not import {heavy[0]}: build, task and exports are resolved when they are needed; move the "
            "import into the module that they name, or into a function",
            where=_file(plugin),
        )
    if seen["seconds"] > SECONDS:
        raise Failed(
            f"importing {plugin} should take less than {SECONDS:g} s, and takes {seen['seconds']:.1f} s", where=_file(plugin)
        )


def offline(subject: Subject) -> None:
    """Neither the plugin's module nor those that its spec names ask the network anything while they are imported."""
    _, seen = _imported(subject)
    for name, event, arguments in seen["asked"]:
        raise Failed(
            f"importing {name} should not touch the network, and calls {event}{arguments}: a DatasetSpec says what to fetch",
            where=_file(name),
        )


def _imported(subject: Subject) -> tuple[str, dict[str, Any]]:
    """The plugin's module, and what its import did."""
    spec = subject.declared
    owned = subject.full.models.get(spec.id)
    plugin = owned.owner.module if owned and owned.spec == spec else type(spec.config).__module__
    others = {reference.partition(":")[0] for _, reference in references(spec)}
    others.add(subject.full.dataset(spec.dataset).load.partition(":")[0])
    # zoo's own modules are looked at by zoo's own tests.
    return plugin, _import(plugin, tuple(sorted(name for name in others if name.partition(".")[0] != "zoo")))


@cache
def _import(plugin: str, others: tuple[str, ...]) -> dict[str, Any]:
    places = json.dumps([place or os.getcwd() for place in sys.path])  # noqa: PTH109 - sys.path holds text
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, places, plugin, *others], capture_output=True, text=True, check=False, timeout=120
    )
    answers = [line for line in done.stdout.splitlines() if line.startswith('{"seconds": ')]  # the plugin may print, too
    if done.returncode or not answers:
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise Failed(f"{plugin} should be importable in a process of its own, and is not: {last}", where=_file(plugin))
    found: dict[str, Any] = json.loads(answers[-1])
    return found


def _file(module: str) -> str:
    """The file of a module that may be imported, else its name."""
    return getattr(sys.modules.get(module), "__file__", None) or module


CHECKS = (
    Declared("import-light", "Every command of zoo, `zoo list` and `--help` too, waits until the plugin has been imported.", light),
    Declared(
        "import-offline", "zoo hangs or fails where there is no network, and tells a stranger's server that it runs.", offline
    ),
)
