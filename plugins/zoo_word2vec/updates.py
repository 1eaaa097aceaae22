"""When vectors change: what a recipe leaves open (`NegativeSampling.update`), decided for a device and for what is installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Collection
from typing import TYPE_CHECKING, cast

from zoo.errors import UsageError
from zoo.spec import ModelSpec, NegativeSampling, Recipe, replaced

if TYPE_CHECKING:
    from zoo.progress import Progress

INSTALL = "pip install 'onnx-zoo[words]'"
WALKED = 8192
"""Tokens of a batch, where vectors change after each position: a batch is then what is gone through at one learning rate.
word2vec.c looks at its own after 10,000 words."""


def settled(spec: ModelSpec, recipe: Recipe, device: str, progress: Progress, asked: Collection[str]) -> Recipe:
    """After each position on a CPU with numba, with batches of `WALKED` tokens unless a size was asked for; else after a batch.

    Raises:
        UsageError: after each position, where the device or what is installed has no loops for that.
    """
    loss = cast(NegativeSampling, recipe.loss)
    if loss.update == "batch":
        return recipe
    lacking = _lacking() if device == "cpu" else ""
    if loss.update == "position" and device != "cpu":
        hint = f"zoo train {spec.id} --device cpu (or --set loss.update=batch)"
        raise UsageError(f"loss.update=position is for a CPU, not for {device}.", hint=hint)
    if loss.update == "position" and lacking:
        raise UsageError(f"loss.update=position cannot be had, since {lacking}.", hint=INSTALL)
    if lacking:
        progress.note(f"{lacking}, so vectors change after each batch; loops over words are faster on a CPU: {INSTALL}")
    if lacking or device != "cpu":
        return replaced(recipe, loss=replaced(loss, update="batch"))
    size = recipe.batch_size if "batch_size" in asked else WALKED
    return replaced(recipe, loss=replaced(loss, update="position"), batch_size=size)


def unsettled(spec: ModelSpec, recipe: Recipe) -> Recipe:
    """The recipe of `spec`, where `recipe` is one that `settled` makes of it on some machine; any other as it is."""
    declared, loss = spec.recipe, recipe.loss
    if declared is None or not isinstance(loss, NegativeSampling) or getattr(declared.loss, "update", None) != "auto":
        return recipe
    if loss.update == "position" and recipe.batch_size != WALKED:
        return recipe
    size = declared.batch_size if loss.update == "position" else recipe.batch_size
    return replaced(recipe, loss=replaced(loss, update="auto"), batch_size=size)


def _lacking() -> str:
    """Why there are no loops; empty where there are."""
    if importlib.util.find_spec("numba") is None:
        return "numba is not installed"
    try:
        importlib.import_module("zoo_word2vec.loops")
    except ImportError as error:  # beside a NumPy that is newer than it knows, for one
        return f"numba cannot be imported ({' '.join(str(error).split())})"
    return ""
