"""Memory that steps free and take again."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from zoo.training import memory

MEASURE = """
import json, resource, sys
from pathlib import Path
import torch
from zoo.training import memory
from zoo.training.memory import kept_memory

def resident():  # kilobytes
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))

def faults(steps):  # pages that the kernel had to hand out while tensors of 8 MB came and went
    for _ in range(30):
        torch.empty(2_000_000).fill_(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        torch.empty(2_000_000).fill_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "older":  # glibc before 2.35
    real = memory._glibc()

    class Older:
        malloc_trim = real.malloc_trim

        def mallopt(self, what, value):
            return 0 if what == memory.MMAP_THRESHOLD and value > 32 << 20 else real.mallopt(what, value)

    memory._glibc = Older

with kept_memory():
    found = {"faults": faults(20)}
    blocks = [torch.ones(5_000_000) for _ in range(10)]
    found["held"] = resident()
    del blocks
    found["freed"] = resident()
found["after"] = resident()
print(json.dumps(found))
"""


@pytest.mark.skipif(memory._glibc() is None, reason="another C library than glibc")
@pytest.mark.parametrize("library", ["this", "older"])
def test_pages_are_kept_within_and_given_back_after(library):
    """In a process of its own: what others have left in this one's memory would count."""
    done = subprocess.run([sys.executable, "-c", MEASURE, library], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["faults"] < 10_000  # fresh memory each time would be 20 × 1,953
    assert found["freed"] > found["held"] - 10_000  # it stays ours
    assert found["after"] < found["held"] - 150_000  # and goes back


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    with memory.kept_memory():
        pass
