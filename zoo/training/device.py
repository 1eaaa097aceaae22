"""Where a run computes, and in which precision."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import torch

from zoo.errors import DeviceError, TrainingError
from zoo.machine import cpu_name

if TYPE_CHECKING:
    from zoo.training.task import Resident

DEVICES = ("auto", "cpu", "cuda", "mps")
Precision = Literal["fp32", "bf16"]


def pick_device(name: str = "auto") -> torch.device:
    """The device called `name` (`"cuda:1"` too); `"auto"` is CUDA where there is one, then MPS, then the CPU.

    Raises:
        DeviceError: it is not there.
    """
    here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if here[device])
    kind, _, index = name.partition(":")
    if kind not in here or (index and not index.isdigit()):
        raise DeviceError(f"The device {name!r} is none that zoo knows; it is one of {', '.join(DEVICES)}, or cuda:N.")
    if not here[kind]:
        found = ", ".join(device for device, there in here.items() if there)
        why = "this torch is built without CUDA" if kind == "cuda" and torch.version.cuda is None else "none was found"
        raise DeviceError(
            f"The device {name!r} was asked for, but {why}; here there is: {found}.", hint=f"--device {found.split(',')[0]}"
        )
    if kind == "cuda" and index and int(index) >= torch.cuda.device_count():
        raise DeviceError(
            f"The device {name!r} was asked for, but there are {torch.cuda.device_count()} CUDA devices, from cuda:0."
        )
    return torch.device(name)


def pick_precision(wanted: str, device: torch.device) -> Precision:
    """`"fp32"` or `"bf16"`; `"auto"` is bf16 where the device computes it in hardware, else fp32."""
    if wanted == "auto":
        return "bf16" if has_bf16(device) else "fp32"
    return "bf16" if wanted == "bf16" else "fp32"


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        # torch has no public question for it; where the private one is gone, float32 is the safe answer.
        ask = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
        return bool(ask and ask())
    return False


def describe(device: torch.device) -> dict[str, Any]:
    """The device in words and numbers, for a run's `env.json`."""
    facts: dict[str, Any] = {"type": device.type, "name": platform.processor() or platform.machine()}
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts |= {"name": properties.name, "memory": properties.total_memory, "cuda": torch.version.cuda}
    elif device.type == "cpu":
        facts |= {"name": cpu_name(), "threads": torch.get_num_threads(), "capability": torch.backends.cpu.get_cpu_capability()}
    return facts


@contextlib.contextmanager
def numerics(device: torch.device, *, deterministic: bool) -> Iterator[None]:
    """For the time of a run, a CUDA device is the current one, on which graphs are captured, and float32 means float32 (no TF32).

    With `deterministic`, an operation without a deterministic form is an error, not a warning.

    Raises:
        TrainingError: there is such an operation.
    """
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    if deterministic:
        # cuBLAS reads it when its first handle is made; without it, it refuses to be deterministic.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.benchmark = False
    try:
        with contextlib.ExitStack() as stack:
            if device.type == "cuda":
                stack.enter_context(torch.cuda.device(device))
                stack.enter_context(full_float32())
            yield
    except RuntimeError as error:
        if deterministic and "deterministic" in str(error):
            raise _not_deterministic(str(error)) from error
        raise
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]


def _not_deterministic(said: str) -> TrainingError:
    """In zoo's words, what torch says of an operation without a deterministic form.

    Of most it is "put_ does not have a deterministic implementation, but you set …"; cuBLAS has one where it was asked in time.
    """
    if "CuBLAS" in said:
        asked = "CUBLAS_WORKSPACE_CONFIG=:4096:8"
        what = f"this process first used cuBLAS without {asked} in its environment, which is looked at but once"
        return TrainingError(f"--deterministic cannot be kept: {what}.", hint=f"the same in a new process, with {asked}")
    what = said.partition(", but you set")[0].strip().rstrip(".")
    return TrainingError(f"--deterministic cannot be kept: {what}.", hint="the same without --deterministic")


@contextlib.contextmanager
def enough_memory(device: torch.device, resident: Mapping[str, Resident], batch: int) -> Iterator[None]:
    """A CUDA device whose memory is full is told of, with what would take less.

    Args:
        device: that computes.
        resident: the splits that lie there; filled within, so that it is empty where the data themselves had no room.
        batch: examples of a step; 0 where it is not of that size that memory is needed.

    Raises:
        DeviceError: the memory is full.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        held = [tensor for split in resident.values() for tensor in split.values() if tensor.device.type == device.type]
        taken = {tensor.data_ptr(): tensor.nbytes for tensor in held}  # two splits may be the same
        size = f"{sum(taken.values()):,} bytes"
        what = f"the data take {size} of it, the network and its steps wanted the rest" if taken else "the data have no room in it"
        smaller = f"--set batch_size={batch // 2}, or " if taken and batch > 1 else ""
        raise DeviceError(f"The memory of {device} is full: {what}.", hint=f"{smaller}--device cpu") from error


@contextlib.contextmanager
def full_float32() -> Iterator[None]:
    """No TF32 in matrix products and convolutions.

    By `fp32_precision` alone: where somebody has used that, torch refuses to answer for the older `allow_tf32`.
    """
    cudnn: Any = torch.backends.cudnn
    places: tuple[Any, ...] = (torch.backends.cuda.matmul, cudnn.conv, cudnn.rnn)
    before = [place.fp32_precision for place in places]
    for place in places:
        place.fp32_precision = "ieee"
    try:
        yield
    finally:
        for place, value in zip(places, before, strict=True):
            place.fp32_precision = value
