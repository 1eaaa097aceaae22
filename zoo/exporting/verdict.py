"""Whether a network whose weights are rounded is still good enough to be given away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from zoo.certify.certificate import Certificate, Stored
from zoo.errors import ExportError
from zoo.exporting.precision import rounded
from zoo.exporting.products import products

if TYPE_CHECKING:
    from torch import nn

    from zoo.exporting.trained import Trained
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
    before = _metrics(trained, trained.module, "fp32", progress)
    after = _metrics(trained, smaller, precision, progress)
    old, new = before[task.metric], after[task.metric]
    loss = _loss(old, new, higher_is_better=task.higher_is_better)
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
        higher_is_better=task.higher_is_better,
    )
    return replace(trained, module=smaller, metrics={**trained.metrics, **after}), stored


def check_metric(certificate: Certificate) -> None:
    """Hold the file's own figure, where it is of the whole model, against what the network as it was trained reached.

    Raises:
        ExportError: it is worse by more than is allowed.
    """
    stored, found = certificate.stored, certificate.audit.onnxruntime_metrics
    if stored is None or stored.metric not in found:
        return
    new = found[stored.metric]
    if not _loss(stored.value_before, new, higher_is_better=stored.higher_is_better) <= stored.allowed:
        told = f"{stored.metric} of the file is {new:.6g}, that of the network {stored.value_before:.6g}"
        raise ExportError(f"{certificate.id} is not exported: {told}, worse by more than {stored.allowed:g}.")


def _loss(old: float, new: float, *, higher_is_better: bool) -> float:
    """By how much the new figure is worse."""
    return old - new if higher_is_better else new - old


def _metrics(trained: Trained, module: nn.Module, precision: str, progress: Progress) -> dict[str, float]:
    """Those that the run has, on the test split; measured anew, as the run's own may be of another device or of bfloat16."""
    with products(precision):
        found, _ = trained.task.examine(module, trained.dataset.splits["test"], torch.device("cpu"), progress)
    return {name: score.value for name, score in found.items() if name in trained.metrics or name == trained.task.metric}
