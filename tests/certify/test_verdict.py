"""What is given away and what is not: budgets of size, metric and speed; and what an export leaves behind."""

from __future__ import annotations

import json

import pytest

from zoo.certify.certificate import Audit, Certificate, Oracle, Stored
from zoo.certify.speed import Speed
from zoo.errors import ExportError
from zoo.exporting.stale import tell_of_older
from zoo.exporting.verdict import BUDGETS, judged
from zoo.progress import Progress
from zoo.runtime.manifest import PRECISIONS
from zoo.spec import replaced

STORED = Stored(
    precision="int8-static",
    numbers=5,
    size=30,
    size_before=100,
    metric="accuracy",
    value=0.98,
    value_before=0.981,
    allowed=0.002,
    loss=0.001,
)
FAST = Speed(batch=64, ratio=3.0, low=2.9, high=3.1)
SLOW = Speed(batch=1, ratio=0.22, low=0.21, high=0.23)
NOISY = Speed(batch=1, ratio=0.22, low=0.21, high=0.23, noise=("other processes took 90% of the cores",))
UNSURE = Speed(batch=1, ratio=0.97, low=0.93, high=1.01)


def certified(stored: Stored, *, accuracy: float = 0.98, keep_slower: bool = False) -> Stored:
    """What the verdict makes of `stored` beside a file of that accuracy."""
    certificate = Certificate(
        contract=1,
        id="mlp.x",
        model_sha256="",
        bounds={},
        cases=(),
        levels=(),
        providers=(),
        cpu_nodes={},
        changed=(),
        audit=Audit(split="test", examples=1, changed=(), torch_metrics={}, onnxruntime_metrics={"accuracy": accuracy}),
        oracle=Oracle(engine="none"),
        problems=(),
        versions={},
        machine={},
        created="",
    )
    found = judged(certificate, stored, keep_slower=keep_slower).stored
    assert found is not None
    return found


def with_speeds(precision: str, *speeds: Speed) -> Stored:
    return replaced(STORED, precision=precision, speeds=speeds)


def test_every_precision_has_a_budget():
    assert set(BUDGETS) == set(PRECISIONS) - {"fp32"}


@pytest.mark.parametrize("precision", ["int8-dynamic", "int8-static"])
def test_what_promises_speed_is_rejected_where_it_is_slower(precision):
    words = r"mlp.x is rejected: slower than in float32 \(0.22× at batch 1\); .* --keep-slower exports it all the same"
    with pytest.raises(ExportError, match=words):
        certified(with_speeds(precision, SLOW, FAST))
    kept = certified(with_speeds(precision, SLOW, FAST), keep_slower=True)
    assert kept.verdict == "accepted, though slower than in float32 (0.22× at batch 1)"
    assert certified(with_speeds(precision, UNSURE, FAST)).verdict == "accepted"


def test_what_promises_a_smaller_file_is_called_slower_and_kept():
    assert certified(with_speeds("int8", SLOW, FAST)).verdict == "accepted, though slower than in float32 (0.22× at batch 1)"
    assert certified(with_speeds("int8", UNSURE)).verdict == "accepted"


def test_on_a_noisy_machine_nothing_is_concluded():
    said = certified(with_speeds("int8-static", NOISY, FAST)).verdict
    assert said == "accepted, speed not concluded: other processes took 90% of the cores"
    assert str(NOISY) == "0.22× at batch 1 (too noisy to conclude)"


def test_neither_a_larger_file_nor_a_worse_one():
    with pytest.raises(ExportError, match=r"mlp.x is rejected: its 100 bytes are no fewer than the 100 in float32"):
        certified(replaced(STORED, size=100))
    with pytest.raises(ExportError, match=r"accuracy of the file is 0.9, that of the network 0.981, worse by more than 0.002"):
        certified(STORED, accuracy=0.9)
    with pytest.raises(ExportError, match="rejected"):
        certified(STORED, accuracy=float("nan"))


class Heard(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


def artifact(folder, name: str, weights: str | None) -> None:
    (folder / name).mkdir()
    run = None if weights is None else {"weights_sha256": weights}
    (folder / name / "zoo.json").write_text(json.dumps({"run": run}), encoding="utf-8")


@pytest.mark.parametrize(
    ("written", "variant", "precision", "older", "command"),
    [
        ("cnn.fast", "classifier", "fp32", "cnn.fast.int8", "zoo export cnn.fast --precision int8"),
        ("cnn.fast.int8", "classifier", "int8", "cnn.fast", "zoo export cnn.fast"),
        ("ae.x.encoder", "encoder", "fp32", "ae.x.encoder.fp16", "zoo export ae.x --variant encoder --precision fp16"),
    ],
)
def test_an_older_artifact_beside_a_newer_one_is_named(written, variant, precision, older, command, tmp_path):
    artifact(tmp_path, written, "new")
    artifact(tmp_path, older, "old")
    artifact(tmp_path, "cnn.fast.int8-dynamic", "new")
    artifact(tmp_path, "cnn.best.int8", "old")
    heard = Heard()
    tell_of_older(tmp_path / written, {"variant": variant, "precision": precision}, heard)
    assert heard.lines == [f"warning: {tmp_path / older} is of another run; {command} renews it"]


def test_given_weights_have_no_run_to_be_older_than(tmp_path):
    artifact(tmp_path, "boolean.xor", None)
    artifact(tmp_path, "boolean.xor.int8", "old")
    heard = Heard()
    tell_of_older(tmp_path / "boolean.xor", {"variant": "classifier", "precision": "fp32"}, heard)
    assert not heard.lines
