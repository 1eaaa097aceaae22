"""Several processes that train one model: `torchrun --nproc-per-node 2 -m zoo train …`.

Each process has the whole data and takes its share of every batch; gradients are averaged by torch's `DistributedDataParallel`.
A batch is therefore the same whatever the number of processes, and so is the result within rounding, as long as the network draws
no random numbers (dropout, augmentation) and looks at no other example of the batch (batch normalisation).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn

from zoo.errors import DeviceError, TrainingError, UsageError, typed
from zoo.machine import alone, cores

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

T = TypeVar("T")
TIMEOUT = timedelta(minutes=30)
"""The longest that one process waits for another: rank 0 evaluates and saves while the others wait."""
LOST = re.compile(r"gloo|nccl|connection|peer|timed? ?out|socket", re.IGNORECASE)


@dataclass(frozen=True)
class Group:
    """The processes of a run; one alone needs no communication.

    Args:
        rank: of this process; rank 0 writes and speaks.
        size: number of processes.
        local: number of this process on its machine, which is its CUDA device's.
        beside: number of processes on this machine.
        control: over which they agree, on the CPU whatever the device.
    """

    rank: int = 0
    size: int = 1
    local: int = 0
    beside: int = 1
    control: ProcessGroup | None = field(default=None, repr=False)

    def device(self, asked: torch.device) -> torch.device:
        """What this process computes on, of the kind that was asked for."""
        return torch.device("cuda", self.local) if self.size > 1 and asked.type == "cuda" else asked

    @property
    def leads(self) -> bool:
        """Whether this process writes and speaks."""
        return self.rank == 0

    def wrapped(self, module: nn.Module, device: torch.device) -> nn.Module:
        """The module whose backward pass averages gradients over the processes."""
        if self.size == 1:
            return module
        from torch.nn.parallel import DistributedDataParallel

        return DistributedDataParallel(module, device_ids=[device] if device.type == "cuda" else None)

    def share(self, chosen: Tensor) -> tuple[Tensor, float]:
        """This process's part of a batch's indices, and the weight of what is a mean over that part.

        Gradients are averaged over processes, so that shares of unequal size must weigh as much as they have examples. A process
        for which none is left computes one that weighs nothing, since all must take part.
        """
        if self.size == 1:
            return chosen, 1.0
        part = chosen.tensor_split(self.size)[self.rank]
        return (part, self.size * len(part) / len(chosen)) if len(part) else (chosen[:1], 0.0)

    def weighed(
        self, loss: Tensor, metrics: Mapping[str, Tensor], weight: float, *, summed: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and metrics of this process's part of a batch, so that their mean over the processes is the whole batch's.

        Args:
            loss: of the part.
            metrics: of the part, means over its examples.
            weight: of the part, by `share`.
            summed: whether the loss is a sum over the examples rather than a mean.
        """
        of_loss = self.size * (weight > 0) if summed else weight
        return of_loss * loss, {name: weight * metric for name, metric in metrics.items()}

    def mean(self, rows: Tensor) -> Tensor:
        """The mean of a tensor over the processes."""
        if self.size == 1:
            return rows
        total = rows.detach().cpu()
        torch.distributed.all_reduce(total, group=self.control)
        return total / self.size

    def any(self, *asked: bool) -> tuple[bool, ...]:
        """For each question, whether a process says yes."""
        if self.size == 1:
            return asked
        votes = torch.tensor(asked, dtype=torch.uint8)
        torch.distributed.all_reduce(votes, op=torch.distributed.ReduceOp.MAX, group=self.control)
        return tuple(bool(vote) for vote in votes)

    def told(self, value: Any) -> Any:
        """What rank 0 has for `value`."""
        if self.size == 1:
            return value
        held = [value]
        torch.distributed.broadcast_object_list(held, src=0, group=self.control)
        return held[0]

    def in_turn(self, call: Callable[[], T]) -> T:
        """What `call` gives; rank 0 goes first, so that what it fetches is there for the others."""
        if not self.leads:
            self.told(None)
        found = call()
        if self.leads:
            self.told(None)
        return found

    def apart(self, seed: int) -> None:
        """From here on, random numbers differ between the processes: each drops out and moves its own examples."""
        if self.rank:
            torch.manual_seed(seed + self.rank * 1_000_003)

    def gathered(self, value: Any) -> list[Any]:
        """What each process has for `value`, by rank; on other processes than rank 0, nothing that counts."""
        if self.size == 1:
            return [value]
        held: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(held, value, group=self.control)
        return held

    @contextlib.contextmanager
    def together(self, run: Path | None = None) -> Iterator[None]:
        """A failure to reach another process is told as what it most likely is.

        Args:
            run: to go on with.

        Raises:
            TrainingError: another process is gone.
        """
        try:
            yield
        except RuntimeError as error:
            if self.size == 1 or not LOST.search(str(error)):
                raise
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun now ends those that are left, who have this to say first
            what = f"Process {self.rank} of {self.size} can no longer reach the others: one of them has ended."
            raise TrainingError(what, hint=resume_command(run, self.size, self.beside) if run else None) from error


def resume_command(run: Path, processes: int, beside: int | None = None) -> str:
    """What goes on with an unfinished run.

    Args:
        run: its folder.
        processes: that it is of.
        beside: of these on one machine, as many on each; `None` for all of them.
    """
    if processes == 1:
        return typed("zoo", "train", "--resume", run)
    beside = beside or processes
    machines = -(-processes // beside)
    meeting = ("--nnodes", machines, "--rdzv-backend", "c10d", "--rdzv-endpoint", "HOST:PORT") if machines > 1 else ()
    return typed("torchrun", *meeting, "--nproc-per-node", beside, "-m", "zoo", "train", "--resume", run)


ALONE = Group()


@contextlib.contextmanager
def group(device: torch.device) -> Iterator[Group]:
    """The group that `torchrun` made this process a part of, or this process alone.

    Args:
        device: that was asked for; without a number.

    Raises:
        UsageError: the number of a CUDA device was given, which is each process's own; not all is set that `torchrun` sets.
        DeviceError: there are fewer CUDA devices than processes, or the device is of a kind that torch joins no processes on.
        TrainingError: the processes do not find each other.
    """
    if alone():
        yield ALONE
        return
    if ":" in str(device):
        raise UsageError(f"Each of several processes takes a CUDA device of its own; --device {device} would give all the same.")
    if device.type not in ("cpu", "cuda"):
        said = f"Several processes train on CUDA devices or on the CPU; torch joins none on {device}."
        raise DeviceError(said, hint="--device cpu")
    cuda = device.type == "cuda"
    size, rank, local, beside = (_variable(name) for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE"))
    if cuda:
        if beside > (there := torch.cuda.device_count()):
            raise DeviceError(
                f"{beside} processes take a CUDA device each, and there are {there}.",
                hint=f"--nproc-per-node {there}, or --device cpu",
            )
        torch.cuda.set_device(local)
    try:
        torch.distributed.init_process_group("nccl" if cuda else "gloo", timeout=TIMEOUT)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(f"The {size} processes do not find each other: {' '.join(str(error).split())[:160]}.") from error
    threads = torch.get_num_threads()
    if not cuda:
        # torchrun gives each process one thread, whatever the machine has.
        torch.set_num_threads(max(1, cores() // beside))
    orderly = True
    try:
        control = torch.distributed.new_group(backend="gloo", timeout=TIMEOUT) if cuda else torch.distributed.group.WORLD
        yield Group(rank, size, local, beside, control)
    except Exception:
        orderly = False  # NCCL would wait for what the others, who may be gone, no longer compute, and the error would not be told
        raise
    finally:
        torch.set_num_threads(threads)
        if orderly:
            torch.distributed.destroy_process_group()


def _variable(name: str) -> int:
    """A number that `torchrun` puts into the environment.

    Raises:
        UsageError: it is not there, or is none.
    """
    value = os.environ.get(name, "")
    if not value.isdecimal():
        said = f"is {value!r}" if value else "is not set"
        raise UsageError(
            f"{name} {said}, while WORLD_SIZE={os.environ['WORLD_SIZE']} asks for several processes; torchrun sets both.",
            hint="torchrun --nproc-per-node 2 -m zoo train …, or unset WORLD_SIZE",
        )
    return int(value)
