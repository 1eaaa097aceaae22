"""The plugin kit over every registered model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from zoo.registry import registry
from zoo.sample import sample_input
from zoo.spec import ModelSpec, to_plain
from zoo.testing import Check, checks
from zoo.testing.subject import reads_text
from zoo.training.build import build_module

LARGE = 4_000_000
"""Multiplications for one example, from which on training and certificate take ten seconds and more."""


def contract() -> Iterator[Any]:
    """Every check of every model. Training and export are slow tests of those that compute much, of those whose layers and exports
    another before them has too, and of those that write text: one that has learned nothing never ends a sentence."""
    seen: set[tuple[str, ...]] = set()
    for owned in registry().models.values():
        slow = is_slow(owned.spec, seen)
        for check in checks(owned.spec):
            marks = [pytest.mark.slow] if slow and check.needs & {"training", "export"} else []
            marks += [pytest.mark.gpu] if "gpu" in check.needs else []
            marks += [] if check.applies else [pytest.mark.skip(reason=check.reason)]
            yield pytest.param(check, id=f"{check.model}/{check.name}", marks=marks)


def is_slow(spec: ModelSpec, seen: set[tuple[str, ...]]) -> bool:
    """Whether a model takes long, or has nothing that one of `seen` does not have."""
    module = build_module(spec, to_plain(spec.config))
    layers = (repr(module), *map(str, spec.exports.values()))
    known = layers in seen
    seen.add(layers)
    return known or reads_text(spec) or multiplications(spec, module) > LARGE


def multiplications(spec: ModelSpec, module: nn.Module) -> float:
    """Of convolutions and matrix products, for one example."""
    inputs = [torch.from_numpy(sample_input(tensor, {"batch": 1})) for tensor in spec.inputs]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module.eval()(*inputs)
    return float(counter.get_total_flops()) / 2


@pytest.fixture
def _quick_texts(_small_data_patch, monkeypatch):
    """Fewer and shorter hostile sentences in a certificate."""
    for place in _small_data_patch:
        if place[1] in ("HOSTILE", "LONG"):
            monkeypatch.setattr(*place)


@pytest.fixture(scope="session")
def _held() -> list[Check]:
    """The last check that was made."""
    return []


@pytest.fixture
def _one_model_at_a_time(check, _held):
    """What the checks of a model share goes with its last: all models together are more than memory holds."""
    if _held and _held[0].model != check.model:
        _held.pop().clear()
    _held[:] = [check]


@pytest.mark.usefixtures("_quick_texts", "_one_model_at_a_time")
@pytest.mark.parametrize("check", list(contract()))
def test_model_keeps_the_contract(check):
    check()
