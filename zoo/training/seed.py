"""One seed fixes weights, order, dropout and augmentation of a run on one machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor


@contextlib.contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's generators for the time of a run; afterwards they are as they were, so that a notebook's own numbers go on."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def epoch_order(examples: int, seed: int, epoch: int, device: torch.device) -> Tensor:
    """The order of the examples in an epoch, int64 [examples]: a function of seed and epoch alone, so that resuming needs no state.

    Drawn on the CPU, so that it is the same whatever the device.
    """
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return torch.randperm(examples, generator=generator).to(device)


def generator_state(device: torch.device) -> dict[str, Tensor]:
    """The state of the generators that dropout and augmentation draw from, uint8 [n] each."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def restore_generators(state: dict[str, Tensor], device: torch.device) -> None:
    """Put back what `generator_state` gave."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
    elif device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"])


def generators(rank: int) -> str:
    """What the names of a process's generators begin with in a checkpoint; those of rank 0 are those of a process alone."""
    return f"generator.{rank}." if rank else "generator."
