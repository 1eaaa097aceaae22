"""Each check finds a bug that none before it finds: it is needed, and it works."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.testing import calling, heavy
from tests.testing.plugin import DATA, GOOD, PIXELS, registry
from zoo.signatures import LABEL, probabilities
from zoo.spec import ModelSpec, Reference, RMSprop, replaced
from zoo.testing import checks
from zoo.testing.kit import CONTRACT, made

MODELS = "tests.testing.models"


def built(name: str) -> ModelSpec:
    return replaced(GOOD, build=f"{MODELS}:{name}")


def exported(name: str) -> ModelSpec:
    return replaced(GOOD, exports={"classifier": f"{MODELS}:{name}"})


PLANTED = {
    "described": replaced(GOOD, source=" "),
    "consistent": replaced(GOOD, outputs=(*GOOD.outputs, LABEL)),
    "resolvable": built("biuld"),
    "configurable": replaced(GOOD, configure=f"{MODELS}:other_outputs"),
    "import-light": replaced(GOOD, config=heavy.Config()),
    "import-offline": replaced(GOOD, config=calling.Config()),
    "seeded": built("unseeded"),
    "declared-shapes": replaced(GOOD, outputs=(LABEL, probabilities(5))),
    "deterministic": built("AlwaysDropping"),
    "modes": built("Doubling"),
    "any-device": built("OnTheCpu"),
    "cuda": built("OnTheCpuOfAGpu"),
    "gradients": built("Detached"),
    "learns-a-batch": replaced(GOOD, recipe=replaced(GOOD.recipe, optimiser=RMSprop(lr=1e-9))),
    "metrics": replaced(GOOD, references=(Reference(metric="acuracy", value=1.0, source="a slip of the pen"),)),
    "state": built("Counting"),
    "resume": replaced(GOOD, task=f"{MODELS}:Wandering"),
    "exports": exported("branching"),
    "certificate": exported("exported"),
    "run-and-graph": replaced(GOOD, task=f"{MODELS}:Flattering"),
    "file": replaced(GOOD, summary=f"Trained in {Path.home()}/plugin"),
    "card": replaced(GOOD, inputs=(replaced(PIXELS, meaning="four pixels,\nfrom the top"),)),
    "loads-back": replaced(exported("cooler"), task=f"{MODELS}:OnlyAccuracy"),
    "every-size": exported("limited"),
    "batch-mates": built("Centring"),
    "bad-input": built("HidingNan"),
    "own-place": built("Writing"),
}


@pytest.fixture(autouse=True)
def _somewhere(tmp_path, monkeypatch):
    """What a bug writes into the current folder is not left in the repository."""
    monkeypatch.chdir(tmp_path)


def test_every_check_has_a_bug():
    assert list(PLANTED) == [declared.name for declared in CONTRACT]


@pytest.mark.parametrize(
    ("name", "spec"),
    [pytest.param(name, spec, id=name, marks=[pytest.mark.gpu] if name == "cuda" else []) for name, spec in PLANTED.items()],
)
def test_a_check_finds_its_bug_first(name, spec):
    if name == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs CUDA")
    for check in checks(spec, registry=registry(spec)):
        result = made(check)
        if result.state == "failed":
            break
    assert result.check == name, result
    assert result.message
    assert result.why
    assert result.where.startswith("spec.") or Path(result.where.rpartition(":")[0] or result.where).is_file(), result.where


def test_a_careless_reader_of_own_data_is_found():
    data = replaced(DATA, own=f"{MODELS}:careless")
    (check,) = (check for check in checks(GOOD, registry=registry(GOOD, data=data)) if check.name == "bad-input")
    result = made(check)
    assert result.state == "failed"
    assert "--data empty, which holds no data, should be refused by a ZooError" in result.message
    assert "KeyError" in result.message
