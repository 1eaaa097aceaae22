"""Hostile plugins: none may stop a command, each is named in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from zoo.api import list_models
from zoo.errors import PluginError
from zoo.plugins import resolve

ZOO = [sys.executable, "-m", "zoo"]

HOOK = "from zoo.hookspecs import hookimpl\n@hookimpl\n"
HOSTILE = {
    "raises": ("raise RuntimeError('boom\\nsecond line')", "RuntimeError: boom second line"),
    "exits": ("raise SystemExit(7)", "SystemExit: 7"),
    "lacks": ("import a_package_that_nobody_has", "No module named 'a_package_that_nobody_has'"),
    "twice": (
        "import zoo_cnn\n" + HOOK + "def zoo_models():\n    return zoo_cnn.zoo_models()",
        "more are declared by onnx-zoo",
    ),
    "junk": (
        HOOK + "def zoo_models():\n    return [42]",
        "zoo_models returned a int, not a ModelSpec",
    ),
    "none": (
        HOOK + "def zoo_datasets():\n    return None",
        "zoo_datasets failed: TypeError",
    ),
    "misnamed": (HOOK + "def zoo_modles():\n    return []", "unknown hook 'zoo_modles'"),
    "untyped": (
        "from zoo.spec import CommandSpec\n"
        + HOOK
        + "def zoo_commands():\n    return [CommandSpec(name=None, help='', target='')]",
        "zoo_commands returned a CommandSpec whose name should be text",
    ),
    "prints": (
        "import os\nos.write(1, b'RAW SPAM\\n')\nprint('SPAM')\n" + HOOK + "def zoo_models():\n    print('HOOKED')\n    return []",
        "it printed 'SPAM HOOKED'",
    ),
    "sleeps": ("import time\ntime.sleep(0.6)", "to load, and every command waits for it"),
    "heavy": ("import torch", "it imports torch to be listed"),
}
"""What each does, and what is said of it."""


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
        assert len(about) == 1, (name, result.stderr)
        assert said in about[0]


@pytest.mark.slow
def test_list_answers_beside_a_plugin_that_sleeps_for_five_seconds(tmp_path):
    distribution(tmp_path, "sleeps", "import time\ntime.sleep(5)")
    result = zoo("list", "-q", path=tmp_path)
    assert result.returncode == 0
    assert "plugin sleeps (hostile-sleeps 1.0): it took 5.0 s to load" in result.stderr


def test_plugins_tells_all(hostile):
    result = zoo("plugins", "--json", path=hostile)
    rows = {row["name"]: row for row in msgspec.json.decode(result.stdout)}
    assert rows["cnn"]["failure"] is rows["cnn"]["traceback"] is None
    assert rows["cnn"]["hooks"] == ["zoo_models"]
    assert rows["cnn"]["models"] == sum(spec.architecture == "cnn" for spec in list_models())
    assert "boom" in rows["raises"]["failure"]
    assert "hostile_raises.py" in rows["raises"]["traceback"]
    assert "Traceback" in rows["none"]["traceback"]
    assert rows["raises"]["distribution"] == "hostile-raises 1.0"
    assert [name for name, row in rows.items() if row["torch"]] == ["heavy"]
    assert rows["sleeps"]["seconds"] > 0.6
    assert {name for name, row in rows.items() if row["failure"] or row["warnings"]} == HOSTILE.keys()


def test_plugins_prints_tracebacks_when_asked(tmp_path):
    distribution(tmp_path, "raises", "raise RuntimeError('boom')")
    assert "Traceback" not in zoo("plugins", path=tmp_path).stdout
    said = zoo("plugins", "-v", path=tmp_path).stdout
    assert "raises (hostile-raises 1.0):\nTraceback" in said
    assert "RuntimeError: boom" in said


def test_a_plugin_that_takes_anothers_name_leaves_it_whole(tmp_path):
    distribution(tmp_path, "thief", "raise RuntimeError('never imported')")
    (tmp_path / "hostile_thief-1.0.dist-info" / "entry_points.txt").write_text("[zoo]\ncnn = hostile_thief\n")
    result = zoo("list", "-q", "cnn", path=tmp_path)
    assert "cnn.fast" in result.stdout
    assert "plugin cnn (hostile-thief 1.0): a plugin called cnn is brought by onnx-zoo" in result.stderr


def test_plugins_can_be_switched_off(hostile):
    assert "warning" not in zoo("--no-plugins", "list", "-q", path=hostile).stderr
    allowed = zoo("list", "-q", path=hostile, ZOO_PLUGINS="cnn,mnist")
    assert allowed.stderr == ""
    assert {line.split(".")[0] for line in allowed.stdout.splitlines()} == {"cnn"}
    assert zoo("list", "-q", path=hostile, ZOO_PLUGINS="").stdout == ""


def test_a_misspelt_name_of_those_allowed_is_told_of(tmp_path):
    result = zoo("list", "-q", path=tmp_path, ZOO_PLUGINS="cnn, mnsit,")
    said = "warning: plugin mnsit ($ZOO_PLUGINS): PluginError: There is no plugin 'mnsit'; did you mean mnist?\n"
    assert (result.returncode, result.stderr) == (0, said)
    assert "cnn.fast" in result.stdout
    assert zoo("--no-plugins", "list", "-q", path=tmp_path, ZOO_PLUGINS="cnn,mnist,strangers").stderr == ""


STRANGER = """
from zoo.hookspecs import hookimpl
from zoo.spec import CommandSpec, replaced
import zoo_camera

@hookimpl
def zoo_models():
    return [replaced(next(iter(zoo_camera.zoo_models())), architecture="stranger")]

@hookimpl
def zoo_commands():
    return [CommandSpec(name="greet", help="Say hello.", target="hostile_stranger_command:command")]
"""
GREET = "import click\n@click.command()\ndef command():\n    click.echo('hello')\n"


def test_a_strangers_plugin_enters_by_the_same_line(tmp_path):
    distribution(tmp_path, "stranger", STRANGER)
    (tmp_path / "hostile_stranger_command.py").write_text(GREET)
    assert "stranger.hand" in zoo("list", "-q", path=tmp_path).stdout.split()
    assert "Say hello." in zoo("--help", path=tmp_path).stdout
    assert zoo("greet", path=tmp_path).stdout == "hello\n"
    assert zoo("show", "stranger", "--json", path=tmp_path).returncode == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of plugins that nobody installed: a package, a module that fails, and files that are no plugins."""
    place = tmp_path / "plugins"
    (place / "zoo_stranger").mkdir(parents=True)
    (place / "zoo_stranger" / "__init__.py").write_text(STRANGER)
    (place / "hostile_stranger_command.py").write_text(GREET)
    (place / "broken.py").write_text("from zoo import hookimpl\nraise RuntimeError('boom')")
    (place / "setup.py").write_text("raise SystemExit('never imported')")
    (place / "zoo-notes.py").write_text("hookimpl")
    (place / "notes.py").write_text("'an example: zoo_models'  # and hookimpl\nraise SystemExit('never imported')")
    (place / "zoo_stranger.bak").mkdir()
    (place / "zoo_stranger.bak" / "__init__.py").write_text(STRANGER)
    return place


def test_a_folder_of_plugins_needs_no_installation(folder, tmp_path):
    inside = f"--plugins-dir={folder}"
    listed = zoo(inside, "list", "-q", path=tmp_path)
    assert "stranger.hand" in listed.stdout.split()
    assert listed.stderr == f"warning: plugin broken (folder {folder}): RuntimeError: boom\n"
    assert "stranger.hand" in zoo("list", "-q", path=tmp_path, ZOO_PLUGINS_DIR=str(folder)).stdout.split()
    assert zoo(inside, "greet", path=tmp_path).stdout == "hello\n"
    assert "Say hello." in zoo(inside, "--help", path=tmp_path).stdout
    assert "stranger" not in zoo("--no-plugins", inside, "list", "-q", path=tmp_path).stdout
    assert "stranger" not in zoo("list", "-q", path=tmp_path).stdout


def test_a_folder_of_plugins_that_is_none_is_named(folder, tmp_path):
    for wrong, said in ((folder / "no", "does not exist"), (folder / "setup.py", "is a file")):
        result = zoo(f"--plugins-dir={wrong}", "list", path=tmp_path)
        assert (result.returncode, result.stderr) == (2, f"error: The folder of plugins {wrong} {said}.\n")
    package = zoo(f"--plugins-dir={folder / 'zoo_stranger'}", "list", "-q", path=tmp_path)
    assert package.returncode == 0
    assert "it is a package itself: the folder that holds it is wanted" in package.stderr
    empty = zoo(f"--plugins-dir={tmp_path}", "list", "-q", path=tmp_path)
    assert "nothing in it implements a hook" in empty.stderr


def test_a_module_that_is_all_prefix_has_a_name(tmp_path):
    (tmp_path / "zoo_.py").write_text("from zoo import hookimpl\nraise RuntimeError('boom')")
    assert "warning: plugin zoo_ (folder" in zoo(f"--plugins-dir={tmp_path}", "list", "-q", path=tmp_path).stderr


@pytest.mark.parametrize("rest", [b"def zoo_models(:", b"x = (", b"x = 1\n  y = 2", b"\n\nname = '\xe9'", b"\0"])
def test_a_module_that_is_no_python_is_told_of(rest, tmp_path):
    (tmp_path / "zoo_cut.py").write_bytes(b"from zoo import hookimpl\n" + rest)
    said = zoo(f"--plugins-dir={tmp_path}", "list", "-q", "camera", path=tmp_path)
    assert said.returncode == 0
    assert said.stderr.startswith(f"warning: plugin cut (folder {tmp_path}): ")
    assert said.stderr.count("\n") == 1


def test_a_plugin_that_is_installed_and_in_the_folder_is_told_in_a_sentence(tmp_path):
    """From that very folder, or as a copy, and under another name."""
    distribution(tmp_path, "stranger", STRANGER)
    one = zoo(f"--plugins-dir={tmp_path}", "list", "-q", path=tmp_path)
    assert "stranger.hand" in one.stdout
    said = "PluginError: hostile_stranger is loaded already, as the plugin stranger; this one is left out"
    assert one.stderr == f"warning: plugin hostile_stranger (folder {tmp_path}): {said}\n"
    (copy := tmp_path / "plugins").mkdir()
    (copy / "hostile_stranger.py").write_text(STRANGER)
    other = zoo(f"--plugins-dir={copy}", "list", "-q", path=tmp_path).stderr
    assert f"hostile_stranger is imported from {tmp_path / 'hostile_stranger.py'}, not from here" in other
    assert other.count("\n") == 1


def test_a_module_of_the_folder_never_hides_another(folder, tmp_path):
    (folder / "zoo_cnn.py").write_text("from zoo import hookimpl")
    (folder / "json.py").write_text("from zoo import hookimpl")
    result = zoo(f"--plugins-dir={folder}", "list", "-q", path=tmp_path)
    assert "cnn.fast" in result.stdout
    assert "a plugin called cnn is brought by onnx-zoo" in result.stderr
    assert "plugin json" in result.stderr
    assert "give it another name" in result.stderr


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
