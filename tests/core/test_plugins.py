"""Hostile plugins: none may stop a command, each is named in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.api import list_models
from zoo.errors import PluginError
from zoo.plugins import resolve

ZOO = [sys.executable, "-m", "zoo"]

HOSTILE = {
    "raises": ("raise RuntimeError('boom\\nsecond line')", "RuntimeError: boom second line"),
    "exits": ("raise SystemExit(7)", "SystemExit: 7"),
    "lacks": ("import a_package_that_nobody_has", "No module named 'a_package_that_nobody_has'"),
    "twice": (
        "from zoo.hookspecs import hookimpl\nimport zoo_cnn\n@hookimpl\ndef zoo_models():\n    return zoo_cnn.zoo_models()",
        "cnn.fast is declared by onnx-zoo",
    ),
    "junk": (
        "from zoo.hookspecs import hookimpl\n@hookimpl\ndef zoo_models():\n    return [42]",
        "zoo_models returned a int, not a ModelSpec",
    ),
    "none": (
        "from zoo.hookspecs import hookimpl\n@hookimpl\ndef zoo_datasets():\n    return None",
        "zoo_datasets failed: TypeError",
    ),
    "misnamed": ("from zoo.hookspecs import hookimpl\n@hookimpl\ndef zoo_modles():\n    return []", "unknown hook 'zoo_modles'"),
    "prints": ("print('SPAM')", ""),
}


def distribution(folder: Path, name: str, code: str) -> None:
    """A distribution as pip leaves it, with one entry point of group `zoo`."""
    (folder / f"hostile_{name}.py").write_text(code)
    info = folder / f"hostile_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: hostile-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[zoo]\n{name} = hostile_{name}\n")


def zoo(*arguments: str, path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), os.environ.get("PYTHONPATH", "")]), **variables}
    return subprocess.run([*ZOO, *arguments], capture_output=True, text=True, env=environment, check=False, timeout=60)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    for name, (code, _) in HOSTILE.items():
        distribution(folder, name, code)
    return folder


def test_list_answers_and_names_each_culprit_in_one_line(hostile):
    clean = subprocess.run([*ZOO, "list", "-q"], capture_output=True, text=True, check=True)
    result = zoo("list", "-q", path=hostile)
    assert result.returncode == 0
    assert result.stdout == clean.stdout
    warnings = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    for name, (_, said) in HOSTILE.items():
        about = [line for line in warnings if f"plugin {name} (hostile-{name} 1.0)" in line]
        assert len(about) == bool(said), (name, result.stderr)
        assert not said or said in about[0]
    assert "SPAM" not in result.stdout


def test_plugins_tells_all(hostile):
    import msgspec

    rows = {row["name"]: row for row in msgspec.json.decode(zoo("plugins", "--json", path=hostile).stdout)}
    assert rows["cnn"]["failure"] is None
    assert rows["cnn"]["models"] == sum(spec.architecture == "cnn" for spec in list_models())
    assert "boom" in rows["raises"]["failure"]
    assert rows["raises"]["distribution"] == "hostile-raises 1.0"


def test_plugins_can_be_switched_off(hostile):
    assert "warning" not in zoo("--no-plugins", "list", "-q", path=hostile).stderr
    allowed = zoo("list", "-q", path=hostile, ZOO_PLUGINS="cnn,mnist")
    assert allowed.stderr == ""
    assert {line.split(".")[0] for line in allowed.stdout.splitlines()} == {"cnn"}
    assert zoo("list", "-q", path=hostile, ZOO_PLUGINS="").stdout == ""


def test_a_strangers_plugin_enters_by_the_same_line(tmp_path):
    distribution(
        tmp_path,
        "stranger",
        """
from zoo.hookspecs import hookimpl
from zoo.spec import CommandSpec, replaced
import zoo_camera

@hookimpl
def zoo_models():
    return [replaced(next(iter(zoo_camera.zoo_models())), architecture="stranger")]

@hookimpl
def zoo_commands():
    return [CommandSpec(name="greet", help="Say hello.", target="hostile_stranger_command:command")]
""",
    )
    (tmp_path / "hostile_stranger_command.py").write_text(
        "import click\n@click.command()\ndef command():\n    click.echo('hello')\n"
    )
    assert "stranger.hand" in zoo("list", "-q", path=tmp_path).stdout.split()
    assert "Say hello." in zoo("--help", path=tmp_path).stdout
    assert zoo("greet", path=tmp_path).stdout == "hello\n"
    assert zoo("show", "stranger", "--json", path=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("nowhere:x", "No module named 'nowhere'"),
        ("zoo.spec:Nothing", "Nothing"),
        ("zoo.spec", "'module:name'"),
        (":x", "'module:name'"),
    ],
)
def test_a_reference_that_leads_nowhere_says_whose(reference, said):
    with pytest.raises(PluginError, match=said) as caught:
        resolve(reference, owner="some.model")
    assert "of some.model" in str(caught.value)


def test_entry_points_are_those_of_the_plugins_folder():
    """Entry points are fixed at install: a plugin without a line would never be found."""
    import tomllib

    root = Path(__file__).parents[2]
    declared = tomllib.loads((root / "pyproject.toml").read_text())["project"]["entry-points"]["zoo"]
    there = {path.name for path in (root / "plugins").iterdir() if (path / "__init__.py").exists()}
    assert set(declared.values()) == there
