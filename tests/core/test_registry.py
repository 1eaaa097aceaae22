"""Names, wildcards, near matches."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from zoo.errors import IntegrityError, ParityError, UnknownName, UsageError, ZooError

DEFAULTS = {"logreg": "logreg.best", "mlp": "mlp.rmsprop-2x512", "camera": "camera.hand", "cnn": "cnn.fast"}


def test_a_bare_architecture_is_its_first_tag(zoo_registry):
    assert {name: zoo_registry.model(name).id for name in DEFAULTS} == DEFAULTS


def test_wildcards_and_architectures(zoo_registry):
    networks = [name for name in zoo_registry.models if name.startswith("cnn.")]
    assert networks[:2] == ["cnn.fast", "cnn.keras-3x3"]
    assert [spec.id for spec in zoo_registry.matching(["cnn*"])] == networks
    assert [spec.id for spec in zoo_registry.matching(["camera"])] == ["camera.hand", "camera.trained", "camera.trained-stable"]
    assert len(zoo_registry.matching()) == len(zoo_registry.models)
    assert [spec.id for spec in zoo_registry.matching(["cnn.fast", "cnn*"])] == networks


@pytest.mark.parametrize(
    ("name", "near"), [("cnn.fats", "cnn.fast"), ("mpl", "mlp"), ("camera.hnad", "camera.hand"), ("logreg.gdd", "logreg.gd")]
)
def test_misspelt_names_have_near_matches(zoo_registry, name, near):
    with pytest.raises(UnknownName, match=f"did you mean .*{near}") as caught:
        zoo_registry.model(name)
    assert caught.value.exit_code == 2
    assert caught.value.hint == "zoo list"
    with pytest.raises(UnknownName):
        zoo_registry.matching([name])
    with pytest.raises(UnknownName, match="mnist"):
        zoo_registry.dataset("mnits")


def test_every_error_says_its_exit_code():
    def below(kind):
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    codes = {kind: kind.exit_code for kind in below(ZooError)}
    assert codes[ParityError] == 3
    assert codes[IntegrityError] == 4
    assert codes[UnknownName] == UsageError.exit_code == 2
    own = (ParityError, IntegrityError, UsageError)
    assert {code for kind, code in codes.items() if not issubclass(kind, own)} == {1}
    assert all(code == UsageError.exit_code for kind, code in codes.items() if issubclass(kind, UsageError))


def test_public_names_are_sorted_and_there():
    import zoo

    assert zoo.__all__ == sorted(zoo.__all__)
    assert all(callable(getattr(zoo, name)) for name in zoo.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        zoo.nothing  # noqa: B018


def test_the_version_is_that_of_the_distribution():
    import zoo

    declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["version"]
    assert zoo.__version__ == declared
    said = subprocess.run([sys.executable, "-m", "zoo", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == f"zoo, version {declared}\n"
    code = "import sys, zoo; assert 'importlib.metadata' not in sys.modules; zoo.__version__; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
