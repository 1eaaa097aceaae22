"""What a certificate says. It is plain JSON; onnxruntime alone can replay it."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from zoo.certify.proof import Proof
from zoo.certify.speed import Speed
from zoo.certify.spread import Errors, Margins
from zoo.runtime.manifest import DYNAMIC, STATIC
from zoo.spec import Spec


class OutputBound(Spec):
    """How far a float output may lie from the golden answer, and how far it does.

    Args:
        bound: the error bound: max(4 × PyTorch's own float32 error, 8 · eps · largest golden answer).
        golden_max: largest absolute golden answer.
        torch_error: largest absolute error of PyTorch in float32.
        onnxruntime_error: largest absolute error of onnxruntime, over all cases, levels and providers.
    """

    bound: float
    golden_max: float
    torch_error: float
    onnxruntime_error: float

    @property
    def passed(self) -> bool:
        return math.isfinite(self.bound) and self.onnxruntime_error <= self.bound

    @property
    def ratio(self) -> float:
        """onnxruntime's error as a multiple of PyTorch's own."""
        return self.onnxruntime_error / self.torch_error if self.torch_error else float(self.onnxruntime_error > 0)


class HiddenBound(Spec):
    """How far a float may lie from the golden answer that is no output itself, but from which an exact output follows.

    Its error cannot be measured; by the bound it is judged whether an exact answer that differs is a tie.

    Args:
        bound: the error bound of an output, but at most `TIE` / 2.
        golden_max: largest absolute golden answer.
        torch_error: largest absolute error of PyTorch in float32.
    """

    bound: float
    golden_max: float
    torch_error: float


class Tie(Spec):
    """An exact answer that differs from PyTorch's.

    Args:
        place: the case or split in which it was found; of another provider than the CPU it is named.
        index: of the example.
        ours: onnxruntime's answer.
        theirs: PyTorch's.
        margin: by how much the golden scores prefer PyTorch's, float64.
        explained: whether the margin is below twice the error bound, so that rounding alone can turn it.
    """

    place: str
    index: int
    ours: str
    theirs: str
    margin: float
    explained: bool


class Case(Spec):
    """One input of the shape grid; its arrays are in `golden.npz` under the case's name."""

    name: str
    shapes: dict[str, tuple[int, ...]]


class Audit(Spec):
    """The whole test split, decision by decision.

    Args:
        split: which.
        examples: how many.
        changed: decisions that differ from PyTorch's, on any of the certificate's providers.
        torch_metrics: of PyTorch's answers in float32.
        onnxruntime_metrics: of onnxruntime's on the CPU, on the same inputs. Every provider's are compared (`metric_slack`; an
            answer of many decisions that differs by a tie is left out of the comparison), and one that differs is a problem.
        errors: float output → how far onnxruntime on the CPU, and PyTorch in float32, lie from each golden number. Examples that
            hung on a decision that rounding may turn are left out.
        margins: exact output → how surely the golden run gave its answers.
    """

    split: str
    examples: int
    changed: tuple[Tie, ...]
    torch_metrics: dict[str, float]
    onnxruntime_metrics: dict[str, float]
    errors: dict[str, Errors] = msgspec.field(default_factory=dict)
    margins: dict[str, Margins] = msgspec.field(default_factory=dict)


class Oracle(Spec):
    """What a second, independent engine says.

    Args:
        engine: its name and version.
        examples: asked, from the front of the test split.
        errors: largest absolute error per float output.
        agrees: whether all are within the bounds and all exact answers equal, or ties.
        skipped: the operator that it does not implement, so that it could not be asked.
        failure: how it broke down; unlike `skipped` it is a problem.
    """

    engine: str
    examples: int = 0
    errors: dict[str, float] = msgspec.field(default_factory=dict)
    agrees: bool = False
    skipped: str | None = None
    failure: str | None = None


class Stored(Spec):
    """What it costs, and gains, to store large weights in fewer bits. All else in the certificate is of the network so rounded.

    Args:
        precision: `"fp16"`, `"int8"`, `"int8-dynamic"` or `"int8-static"`.
        numbers: stored in it.
        size: of the file, in bytes.
        size_before: with the same weights in float32.
        metric: of the task; of the whole model, whatever part of it the file is.
        value: of the rounded network, on the test split.
        value_before: of the network as it was trained.
        allowed: by how much the metric may be worse.
        loss: by how much it is; negative where it is better.
        higher_is_better: of the metric.
        speeds: beside float32, one for each batch size that was measured; older certificates have none.
        verdict: what was concluded of size, metric and speed, in a clause.
    """

    precision: str
    numbers: int
    size: int
    size_before: int
    metric: str
    value: float
    value_before: float
    allowed: float
    loss: float
    higher_is_better: bool = True
    speeds: tuple[Speed, ...] = ()
    verdict: str = ""

    @property
    def arithmetic(self) -> str:
        """What it means for how the file computes, in a clause."""
        return {
            DYNAMIC: "matrix products are of whole numbers, too, to which what comes in is rounded row by row",
            STATIC: "what comes into linear layers and convolutions is a byte, by scales fixed on training examples, and sums are "
            "of whole numbers",
        }.get(self.precision, "arithmetic is float32's")


class Certificate(Spec):
    """What was proven of one file.

    Args:
        contract: version of this form.
        id: of the artifact.
        model_sha256: of the file it speaks of.
        bounds: float output → bound and errors.
        cases: the shape grid.
        levels: graph-optimisation levels that were run.
        providers: that were run.
        cpu_nodes: provider → operator types that stayed on the CPU there.
        changed: exact answers of the shape grid that differ.
        audit: of the test split.
        oracle: the second engine.
        problems: what fails; empty where it passes.
        versions: of the engines.
        machine: on which it was made.
        created: when, UTC.
        hidden: float that only an exact output follows from → bound.
        hostile: of a model that takes text, sentences that no corpus has, decision by decision; they have no metrics.
        stored: where large weights are stored in fewer bits.
        threads: numbers of threads of one operator that the cases were run with at the highest level, beside onnxruntime's own
            choice.
        dataset_sha256: of the arrays of the data set that it was trained on.
        recipe_sha256: of the recipe that trained it.
        proofs: what was proven of this model in particular.
    """

    contract: int
    id: str
    model_sha256: str
    bounds: dict[str, OutputBound]
    cases: tuple[Case, ...]
    levels: tuple[str, ...]
    providers: tuple[str, ...]
    cpu_nodes: dict[str, dict[str, int]]
    changed: tuple[Tie, ...]
    audit: Audit
    oracle: Oracle
    problems: tuple[str, ...]
    versions: dict[str, str]
    machine: dict[str, Any]
    created: str
    hidden: dict[str, HiddenBound] = msgspec.field(default_factory=dict)
    hostile: Audit | None = None
    stored: Stored | None = None
    threads: tuple[int, ...] = ()
    dataset_sha256: str | None = None
    recipe_sha256: str | None = None
    proofs: tuple[Proof, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems


CONTRACT = 1
EPSILON = 2.0**-23
"""Distance from 1 to the next float32."""


TIE = 1e-5
"""An exact answer whose golden floats prefer another one by less than this may be a tie."""
CLOSE = 0.25
"""Share of the examples that may hang on decisions that rounding can turn. A module that called all its decisions close would have
every wrong answer explained."""
CLOSE_COARSE = 0.5
"""The same where factors of matrix products are rounded to whole steps: there rounding is coarse, and turns more."""
FEW = 0.05
"""Share of hostile sentences that may differ by a tie without a question of how many hang on rounding: they are decided closely,
and a bound that the worst of a thousand sets says little of the others."""
METRIC_RELATIVE = 1e-4
METRIC_ABSOLUTE = 1e-5


def close_share(precision: str) -> float:
    """The share of the examples that may hang on decisions that rounding can turn.

    Args:
        precision: of the file.
    """
    return CLOSE_COARSE if precision == DYNAMIC else CLOSE


def metric_slack(name: str, value: float, changed: int, examples: int) -> float:
    """How far rounding may move a metric from PyTorch's.

    Args:
        name: of the metric; `"accuracy"` counts decisions, so it moves with changed ones and with nothing else.
        value: PyTorch's.
        changed: decisions that differ by a tie.
        examples: of the split.
    """
    if name == "accuracy":
        return changed / examples + 1e-12  # the last place of a mean
    return METRIC_RELATIVE * abs(value) + METRIC_ABSOLUTE


def error_bound(torch_error: float, golden_max: float) -> float:
    """How far a float32 engine may lie from the float64 answer: four times as far as PyTorch does, or eight units in the last place
    of the largest answer, whichever is more; NaN where either is, which nothing lies within."""
    if math.isnan(torch_error) or math.isnan(golden_max):
        return math.nan
    return max(4 * torch_error, 8 * EPSILON * golden_max)


def hidden_bound(torch_error: float, golden_max: float) -> float:
    """The error bound of a float that is no output; NaN as there."""
    return min(error_bound(torch_error, golden_max), TIE / 2)
