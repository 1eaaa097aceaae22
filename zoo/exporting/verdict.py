"""Whether a network whose weights are rounded is still good enough to be given away."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from zoo.certify.certificate import Stored
from zoo.errors import ExportError
from zoo.exporting.precision import rounded
from zoo.exporting.products import DYNAMIC, IntegerProducts

if TYPE_CHECKING:
    from torch import nn

    from zoo.exporting.export import Trained
    from zoo.progress import Progress


def round_weights(trained: Trained, precision: str, progress: Progress) -> tuple[Trained, Stored | None]:
    """`trained` with its weights rounded, and what that costs in the task's own metric on the test split.

    Args:
        trained: in float32.
        precision: that large weights are to be stored in.
        progress: who is told.

    Returns:
        What is exported; `None` where nothing is rounded. The file's size is not known yet.

    Raises:
        ExportError: no weight is large, or the metric is worse by more than the task allows.
    """
    if precision == "fp32":
        return trained, None
    task = trained.task
    smaller = rounded(trained.module.cpu().float().eval(), precision)
    before = _metrics(trained, trained.module, False, progress)
    after = _metrics(trained, smaller, precision == DYNAMIC, progress)
    old, new = before[task.metric], after[task.metric]
    loss = old - new if task.higher_is_better else new - old
    told = f"{task.metric} {new:.6g} in {precision}, {old:.6g} in fp32"
    if not loss <= task.loss_allowed:  # NaN is no less than anything
        raise ExportError(f"{trained.id} is not exported in {precision}: {told}, worse by more than {task.loss_allowed:g}.")
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
    )
    return replace(trained, module=smaller, metrics={**trained.metrics, **after}), stored


def _metrics(trained: Trained, module: nn.Module, whole: bool, progress: Progress) -> dict[str, float]:
    """Those that the run has, on the test split."""
    with IntegerProducts() if whole else contextlib.nullcontext():
        found, _ = trained.task.examine(module, trained.dataset.splits["test"], torch.device("cpu"), progress)
    return {name: score.value for name, score in found.items() if name in trained.metrics or name == trained.task.metric}
