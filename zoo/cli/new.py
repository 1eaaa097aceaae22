"""`zoo new`: a plugin to begin with."""

from __future__ import annotations

import importlib.util
import keyword
import os
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

import click

from zoo.cli.output import current_registry, echo_json, json_option, quiet_option
from zoo.errors import UsageError, near_matches, typed
from zoo.files import replacing_folder
from zoo.spec import ARCHITECTURE

SUFFIX = ".template"
"""Of files in which `$name` and the like are filled in; others are copied as they are."""


@dataclass(frozen=True)
class Kind:
    """What a new plugin learns.

    Args:
        summary: of its model, one line.
        ask: what `zoo predict NAME` is given.
        brings: file → what it is, besides those that every plugin has.
    """

    summary: str
    ask: str
    brings: dict[str, str]


NETWORK = "the network, in PyTorch"
KINDS = {
    "image": Kind("One hidden layer on handwritten digits", "digit.png", {"model.py": NETWORK}),
    "tabular": Kind(
        "One hidden layer on a table of numbers",
        "5.1,3.5,1.4,0.2",
        {"model.py": NETWORK, "data.py": "the table as arrays", "table.csv": "irises; put your table in its place"},
    ),
    "pairs": Kind(
        "A translator of a few sentences, German to English",
        '"Der Hund schläft heute."',
        {"data.py": "the pairs as arrays", "pairs.tsv": "sentence pairs; put yours in their place"},
    ),
    "text": Kind(
        "Word vectors of a short text",
        "congress",
        {"data.py": "the text as ids of words", "text.txt": "a text; put yours in its place"},
    ),
}


@click.command("new")
@click.argument("name")
@click.option("--task", type=click.Choice(list(KINDS)), default="image", show_default=True, help="What its model learns from.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder that is made; default: ./zoo-NAME.")
@json_option
@quiet_option
def command(name: str, task: str, output: Path | None, as_json: bool, quiet: bool) -> None:
    """Make a plugin with the model NAME.first: a distribution that installs, trains, exports and passes its tests as it is.

    NAME becomes the architecture: lower-case letters and digits. Pairs and text are examples of a network of the zoo with data of
    one's own.

    \b
    zoo new mine && pip install -e zoo-mine && zoo run mine
    """
    check_name(name)
    folder = output or Path(f"zoo-{name}")
    if os.path.lexists(folder):
        raise UsageError(f"{folder} exists already, and nothing in it is overwritten.", hint=f"zoo new {name} --output DIR")
    contents = plugin_files(name, task)
    with replacing_folder(folder) as beside:
        for path, content in contents.items():
            (beside / path).parent.mkdir(parents=True, exist_ok=True)
            (beside / path).write_bytes(content)
    steps = [typed("pip", "install", "-e", f"{folder}[test]"), typed("zoo", "run", name), typed("pytest", folder)]
    if as_json:
        paths = [str(folder / path) for path in contents]
        echo_json({"name": name, "model": f"{name}.first", "task": task, "folder": str(folder), "files": paths, "next": steps})
    elif quiet:
        click.echo(folder)
    else:
        for path in contents:
            click.echo(folder / path)
        click.echo("\nnext: " + "\n      ".join(steps))


def check_name(name: str) -> None:
    """Refuse what cannot be the name of an architecture, of a package `zoo_NAME` and of a distribution `zoo-NAME`.

    Raises:
        UsageError: it is malformed or reserved, or another plugin has it.
    """
    if not ARCHITECTURE.match(name):
        better = re.sub(r"[^a-z0-9]", "", name.lower()).lstrip("0123456789")
        hint = f"zoo new {better}" if ARCHITECTURE.match(better) else None
        raise UsageError(f"The name {name!r} should be lower-case letters and digits, a letter first.", hint=hint)
    if keyword.iskeyword(name):
        raise UsageError(f"The name {name!r} is a keyword of Python.", hint=f"zoo new {name}net")
    registry = current_registry()
    architectures = {owned.spec.architecture: owned.owner for owned in registry.models.values()}
    taken = architectures | {key: owned.owner for key, owned in registry.datasets.items()}
    taken |= {plugin.name: plugin for plugin in registry.plugins if plugin.module}
    if name in taken:
        raise UsageError(f"The name {name!r} is taken by {taken[name].distribution}.", hint=f"zoo new my{name}")
    if importlib.util.find_spec(f"zoo_{name}"):
        raise UsageError(f"There is a package zoo_{name} already, so {name!r} cannot be a plugin's name.", hint=f"zoo new my{name}")
    if near := near_matches(name, architectures, limit=1):
        click.echo(f"note: {name} is easily mistaken for {near[0]}, which is there already", err=True)


def plugin_files(name: str, task: str) -> dict[Path, bytes]:
    """The files of a new plugin: path in its folder → content.

    Args:
        name: for which `check_name` holds.
        task: a key of `KINDS`.
    """
    kind, package, templates = KINDS[task], f"zoo_{name}", files("zoo") / "scaffold"
    listed = {"__init__.py": "model card, config, recipe, what goes in and out", **kind.brings}
    words = {
        "name": name,
        "summary": kind.summary,
        "ask": f"{name} {kind.ask}",
        "files": "\n".join(f"| `{package}/{file}` | {meaning} |" for file, meaning in listed.items())
        + f"\n| `tests/test_{name}.py` | the checks of `zoo.testing` |",
    }
    common = {"pyproject.toml": Path("pyproject.toml"), "README.md": Path("README.md"), "test.py": Path(f"tests/test_{name}.py")}
    made = {path: _filled(templates / "common", file, words) for file, path in common.items()}
    return made | {Path(package, file): _filled(templates / task, file, words) for file in listed}


def _filled(folder: Traversable, file: str, words: dict[str, str]) -> bytes:
    """A file of the templates; where it is one, with `words` in their places."""
    template = folder / (file + SUFFIX)
    if not template.is_file():
        return (folder / file).read_bytes()
    return Template(template.read_text(encoding="utf-8")).substitute(words).encode()
