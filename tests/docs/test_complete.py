"""The documentation lacks nothing: hooks, fields, options, errors, pages; and it is built without a warning."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import zoo
import zoo.errors
import zoo.hookspecs
import zoo.spec
import zoo.study
from tools.cli_reference import PAGE, commands
from zoo.spec import Spec

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONTEXTS = list(commands())
HOOKS = [hook for name, hook in vars(zoo.hookspecs).items() if hasattr(hook, "zoo_spec")]
ERRORS = [kind for kind in vars(zoo.errors).values() if inspect.isclass(kind) and issubclass(kind, zoo.errors.ZooError)]
SPECS = [
    kind
    for module in (zoo.spec, zoo.study)
    for kind in vars(module).values()
    if inspect.isclass(kind) and issubclass(kind, Spec) and (module is zoo.spec or kind.__module__ == module.__name__)
]


def documented(kind: type) -> set[str]:
    """What the section `Args` of a class's docstring names."""
    _, _, rest = inspect.cleandoc(kind.__doc__ or "").partition("Args:\n")
    return set(re.findall(r"^    (\w+): ", rest, re.MULTILINE))


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The pages as HTML, made as a newcomer would."""
    folder = tmp_path_factory.mktemp("html")
    made = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", folder / "cache", DOCS, folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def described(built) -> set[str]:
    """Names of all Python objects that the built pages describe."""
    from sphinx.util.inventory import InventoryFile

    inventory = InventoryFile.loads((built / "objects.inv").read_bytes(), uri="")
    return {name for kind in list(inventory.data) if kind.startswith("py:") for name in inventory.data[kind]}


@pytest.mark.parametrize("kind", SPECS, ids=lambda kind: kind.__name__)
def test_each_field_of_a_spec_has_its_line(kind):
    assert kind.__doc__
    assert documented(kind) == set(kind.__struct_fields__)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_each_error_says_what_it_means(kind):
    assert kind.__doc__  # one of its own: a page would show that of its base
    assert kind.__name__ in (zoo.errors.__doc__ or "")


def test_hooks_specs_and_errors_are_on_the_pages(described):
    assert {f"zoo.hookspecs.{hook.__name__}" for hook in HOOKS} <= described
    assert {f"{kind.__module__}.{kind.__name__}" for kind in ERRORS} <= described
    assert {f"zoo.spec.{kind.__name__}" for kind in SPECS if kind.__module__ != "zoo.study"} <= described
    assert {f"zoo.study.{kind.__name__}" for kind in SPECS if kind.__module__ == "zoo.study"} <= described
    assert len(HOOKS) >= 4


@pytest.mark.parametrize("page", sorted((DOCS / "api").glob("*.md")), ids=lambda page: page.stem)
def test_all_that_a_public_module_defines_is_on_a_page(page, described):
    module = importlib.import_module(page.stem)
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and callable(value) and getattr(value, "__module__", "") == module.__name__
    ]
    known = {name.rpartition(".")[2] for name in described}
    assert {name for name in names if callable(getattr(module, name))} <= known


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda context: context.command_path)
def test_each_option_has_help_and_is_on_the_page(context):
    section = PAGE.read_text(encoding="utf-8").partition(f"# `{context.command_path}`\n")[2].partition("\n##")[0]
    options = [parameter for parameter in context.command.params if isinstance(parameter, click.Option)]
    for option in options:
        assert option.help, option.opts
        assert all(name in section for name in (*option.opts, *option.secondary_opts)), option.opts
    assert context.command.help
    assert context.command.get_short_help_str(500)


def test_the_commands_page_is_fresh():
    made = subprocess.run(
        [sys.executable, "tools/cli_reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr


def test_each_page_has_its_place_in_the_index():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    trees = re.findall(r"^```\{toctree\}\n(.*?)^```", index, re.MULTILINE | re.DOTALL)
    places = [line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")]
    pages = [path.relative_to(DOCS).with_suffix("").as_posix() for path in (*DOCS.glob("*.md"), *DOCS.glob("api/*.md"))]
    assert sorted(["index", *places]) == sorted(pages)


def test_the_index_types_the_commands_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n.*?^```$", (DOCS / "index.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    assert all(block in readme for block in blocks)


def test_pages_fetch_nothing_from_elsewhere(built):
    pages = list(built.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"([^\"]*)\"", text)
        fetched += re.findall(r"<link\b(?=[^>]*\brel=\"(?:stylesheet|preload|preconnect|icon)\")[^>]*\bhref=\"([^\"]*)\"", text)
        assert fetched
        assert not [address for address in fetched if re.match(r"(https?:)?//", address)], page
    for style in built.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.read_text(encoding="utf-8")), style
