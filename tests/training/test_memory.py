"""Memory that steps free and take again."""

from __future__ import annotations

import resource
import sys

import pytest
import torch

from zoo.training import memory
from zoo.training.memory import kept_memory


def faults(steps: int) -> int:
    """Pages that the kernel had to hand out while tensors of 8 MB came and went."""
    for _ in range(3):
        torch.empty(2_000_000).fill_(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        torch.empty(2_000_000).fill_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(sys.platform != "linux" or memory._glibc() is None, reason="another C library than glibc")
def test_pages_are_kept_within_and_given_back_after():
    with kept_memory():
        assert faults(20) < 200
        block = torch.ones(50_000_000)
        before = _resident()
        del block
        assert _resident() > before - 10_000  # kilobytes: it stays ours
    assert _resident() < before - 150_000  # and goes back


def _resident() -> int:
    """Kilobytes of the process."""
    with open("/proc/self/status") as stream:  # noqa: PTH123
        return next(int(line.split()[1]) for line in stream if line.startswith("VmRSS"))


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    with kept_memory():
        pass
