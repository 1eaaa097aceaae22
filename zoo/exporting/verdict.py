"""Whether a network whose weights are rounded is still good enough, and its file small and fast enough, to be given away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from zoo.certify.certificate import Certificate, Stored
from zoo.errors import ExportError
from zoo.exporting.precision import rounded
from zoo.exporting.products import products
from zoo.exporting.static import in_bytes
from zoo.runtime.manifest import DYNAMIC, STATIC
from zoo.spec import replaced

if TYPE_CHECKING:
    from torch import nn

    from zoo.exporting.trained import Trained
    from zoo.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a precision may cost, beside the task's own metric, of which its `loss_allowed` says so.

    Args:
        size: share of float32's bytes that a file has to stay below.
        slow: speed below which it is called slower, as a multiple of float32's.
        rejected: whether a slower one is.
    """

    size: float = 1.0
    slow: float
    rejected: bool


BUDGETS = {
    "fp16": Budget(slow=0.9, rejected=False),
    "int8": Budget(slow=0.9, rejected=False),
    DYNAMIC: Budget(slow=1.0, rejected=True),
    STATIC: Budget(slow=1.0, rejected=True),
}
"""The first two promise a smaller file, the others a faster one, too."""


def round_weights(trained: Trained, precision: str, progress: Progress) -> tuple[Trained, Stored | None]:
    """`trained` with its weights rounded, and what that costs in the task's own metric on the test split.

    Args:
        trained: in float32.
        precision: that large weights are to be stored in.
        progress: who is told.

    Returns:
        What is exported; `None` where nothing is rounded. The file's size is not known yet.

    Raises:
        ExportError: no weight is large, the network is none that `precision` is for, or the metric is worse by more than the task
            allows.
    """
    if precision == "fp32":
        return trained, None
    task = trained.task
    smaller = rounded_as(trained, precision, progress)
    before = _metrics(trained, trained.module, "fp32", progress)
    after = _metrics(trained, smaller, precision, progress)
    old, new = before[task.metric], after[task.metric]
    loss = _loss(old, new, higher_is_better=task.higher_is_better)
    told = f"{task.metric} {new:.6g} in {precision}, {old:.6g} in fp32"
    if not loss <= task.loss_allowed:  # NaN is no less than anything
        raise ExportError(f"{trained.id} is rejected in {precision}: {told}, worse by more than {task.loss_allowed:g}.")
    progress.note(f"{trained.id}: {told}")
    stored = Stored(
        precision=precision,
        numbers=0,
        size=0,
        size_before=0,
        metric=task.metric,
        value=new,
        value_before=old,
        allowed=task.loss_allowed,
        loss=loss,
        higher_is_better=task.higher_is_better,
    )
    return replace(trained, module=smaller, metrics={**trained.metrics, **after}), stored


def rounded_as(trained: Trained, precision: str, progress: Progress) -> nn.Module:
    """The module of `trained`, in float32 on the CPU, rounded as `precision` has it.

    Raises:
        ExportError: no weight is large, or the network is none that `precision` is for.
    """
    smaller = rounded(trained.module.cpu().float().eval(), precision)
    if precision == STATIC:
        return in_bytes(smaller, trained.spec, trained.task, trained.dataset, progress)
    return smaller


def judged(certificate: Certificate, stored: Stored, *, keep_slower: bool) -> Certificate:
    """`certificate` with `stored` and the verdict that the file's own metric, its size and its speeds allow.

    Args:
        certificate: that passes.
        stored: with sizes and speeds.
        keep_slower: whether a file that promises speed and is slower is kept all the same.

    Raises:
        ExportError: the file's metric, where it is of the whole model, is worse by more than is allowed than what the network as
            it was trained reached; or it is no smaller than in float32, or slower against its promise.
    """
    name, budget = certificate.id, BUDGETS[stored.precision]
    new = certificate.audit.onnxruntime_metrics.get(stored.metric, stored.value)
    if not _loss(stored.value_before, new, higher_is_better=stored.higher_is_better) <= stored.allowed:
        told = f"{stored.metric} of the file is {new:.6g}, that of the network {stored.value_before:.6g}"
        raise ExportError(f"{name} is rejected: {told}, worse by more than {stored.allowed:g}.")
    if stored.size >= budget.size * stored.size_before:
        raise ExportError(f"{name} is rejected: its {stored.size:,} bytes are no fewer than the {stored.size_before:,} in float32.")
    slower = [speed for speed in stored.speeds if speed.below(budget.slow)]
    told = f"slower than in float32 ({', '.join(map(str, slower))})"
    if slower and budget.rejected and not keep_slower:
        raise ExportError(
            f"{name} is rejected: {told}; {stored.precision} is for speed, --precision int8 for size alone, and --keep-slower "
            "exports it all the same."
        )
    noisy = [speed.noise[0] for speed in stored.speeds if speed.noise]
    doubt = f", speed not concluded: {noisy[0]}" if noisy else ""
    return replaced(certificate, stored=replaced(stored, verdict=f"accepted, though {told}" if slower else f"accepted{doubt}"))


def _loss(old: float, new: float, *, higher_is_better: bool) -> float:
    """By how much the new figure is worse."""
    return old - new if higher_is_better else new - old


def _metrics(trained: Trained, module: nn.Module, precision: str, progress: Progress) -> dict[str, float]:
    """Those that the run has, on the test split; measured anew, as the run's own may be of another device or of bfloat16."""
    with products(precision):
        found, _ = trained.task.examine(module, trained.dataset.splits["test"], torch.device("cpu"), progress)
    return {name: score.value for name, score in found.items() if name in trained.metrics or name == trained.task.metric}
