"""PyTorch's values: what every module was given and gave, and every operation in it, in the order of computation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence
from torch.overrides import TorchFunctionMode

from zoo.certify.certificate import error_bound

GIVEN, OPERATION, MADE = "given", "operation", "made"
NAMES = {
    "or": "bitwise_or",
    "and": "bitwise_and",
    "invert": "bitwise_not",
    "rsub": "sub",
    "truediv": "div",
    "chunk": "split",
    "flatten": "view",
    "reshape": "view",
    "unsafe_view": "view",
    "to": "to_copy",
    "convert_element_type": "to_copy",
    "native_batch_norm_legit_no_training": "batch_norm",
}
"""Operations that bear another name where they are traced."""
TURNS, LARGE = 8, 2**15
"""Iterations of which all tensors are written down, and numbers of the largest tensor of the others."""
Turn = tuple[str, int]
"""A loop, and the iteration of it."""


@dataclass(frozen=True)
class Moment:
    """One tensor.

    Args:
        module: qualified name of the innermost module that was at work.
        kind: `GIVEN` to it, result of an `OPERATION` in it, `MADE` by it.
        name: of the operation.
        call: number of the operation, or of the module's call; tensors of one call bear the same.
        turn: where a loop has begun, its last iteration so far.
        array: its numbers, of float64 where they are floats.
        bound: how far another engine's float32 may lie from it.
    """

    module: str
    kind: str
    name: str
    call: int
    turn: Turn | None
    array: np.ndarray
    bound: float = 0.0


def left_out(turn: int, size: int) -> bool:
    """Whether a tensor is not written down: large ones, as the scores of all words are, only of a loop's first iterations."""
    return turn >= TURNS and size > LARGE


def plain(name: str) -> str:
    """One name for an operation however it was called."""
    name = name.strip("_")
    return NAMES.get(name, name)


def watch(double: nn.Module, single: nn.Module, given: Sequence[np.ndarray], weights: Mapping[str, Iterable[str]]) -> list[Moment]:
    """The tensors of a call in float64, each with the error bound that follows from PyTorch's own float32.

    Args:
        double: the module in float64, in evaluation mode.
        single: the same in float32.
        given: what it is called with.
        weights: loop → names of weights that are read in its body alone, by which its iterations are counted.
    """
    exact, rounded = (_Watch(module, weights).run(given) for module in (double, single))
    # Where float32 decides otherwise, another course of events begins.
    alike = takewhile(lambda pair: _alike(*pair), zip(exact, rounded, strict=False))
    errors = [_error(moment.array, other.array) for moment, other in alike]
    errors += [0.0] * (len(exact) - len(errors))
    # A few numbers may be right by chance, but not in all iterations.
    largest: dict[Any, float] = {}
    for place, error in zip(_places(exact), errors, strict=True):
        largest[place] = max(error, largest.get(place, 0.0))
    return [
        replace(moment, bound=error_bound(largest[place], _greatest(moment.array))) if moment.array.dtype.kind == "f" else moment
        for place, moment in zip(_places(exact), exact, strict=True)
    ]


def _places(moments: Sequence[Moment]) -> list[Any]:
    """Where in its iteration each moment is: what is at the same place in two of them is the same tensor."""
    seen: Counter[Any] = Counter()
    found = []
    for moment in moments:
        seen[moment.turn] += 1
        loop = moment.turn[0] if moment.turn else ""
        found.append((loop, seen[moment.turn], moment.module, moment.kind, moment.name))
    return found


def _greatest(array: np.ndarray) -> float:
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def _alike(exact: Moment, rounded: Moment) -> bool:
    """Whether both are the same tensor, and of one that is not of floats, whether they are equal."""
    one, other = ((moment.module, moment.kind, moment.name, moment.turn, moment.array.shape) for moment in (exact, rounded))
    return one == other and (exact.array.dtype.kind == "f" or np.array_equal(exact.array, rounded.array))


def _error(exact: np.ndarray, rounded: np.ndarray) -> float:
    if exact.dtype.kind != "f":
        return 0.0
    both = np.isfinite(exact) & np.isfinite(rounded)
    return _greatest(exact[both] - rounded[both])


class _Watch(TorchFunctionMode):
    """Writes down every tensor of a call.

    Args:
        module: that is called; hooks stay on it.
        weights: see `watch`.
    """

    def __init__(self, module: nn.Module, weights: Mapping[str, Iterable[str]]) -> None:
        super().__init__()
        self.module, self.moments = module, list[Moment]()
        self.stack: list[str] = [""]
        self.calls, self.busy = 0, False
        self.turn: Turn | None = None
        self.beginners: dict[str, str] = {}
        self.loop_of = {owner: loop for loop, names in weights.items() for owner in _owners(module, names)}
        for name, part in module.named_modules():
            part.register_forward_pre_hook(lambda _, given, name=name: self._enter(name, given))
            part.register_forward_hook(lambda _, __, made: self._leave(made), always_call=True)

    def run(self, given: Sequence[np.ndarray]) -> list[Moment]:
        kind = next((parameter.dtype for parameter in self.module.parameters()), torch.get_default_dtype())
        tensors = [torch.from_numpy(np.ascontiguousarray(array)) for array in given]
        with torch.inference_mode(), self:
            self.module(*(tensor.to(kind) if tensor.is_floating_point() else tensor for tensor in tensors))
        return self.moments

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        """Do it, and write down what came out."""
        result = func(*args, **(kwargs or {}))
        if not self.busy:
            self._note(OPERATION, plain(getattr(func, "__name__", "")), result)
        return result

    def _enter(self, name: str, given: Any) -> None:
        loop = self.loop_of.get(name)
        if loop is not None and self.beginners.setdefault(loop, name) == name:
            self.turn = (loop, self.turn[1] + 1 if self.turn is not None and self.turn[0] == loop else 0)
        self.stack.append(name)
        self._note(GIVEN, "", given)

    def _leave(self, made: Any) -> None:
        self._note(MADE, "", made)
        self.stack.pop()

    def _note(self, kind: str, name: str, result: Any) -> None:
        self.busy = True
        self.calls += 1
        for tensor in _tensors(result):
            if self.turn is not None and left_out(self.turn[1], tensor.numel()):
                continue
            array = tensor.detach().cpu().double().numpy() if tensor.is_floating_point() else tensor.detach().cpu().numpy()
            self.moments.append(Moment(self.stack[-1], kind, name, self.calls, self.turn, array.copy()))
        self.busy = False


def _tensors(result: Any) -> list[Tensor]:
    """The tensors of a result, packed sequences padded."""
    if isinstance(result, PackedSequence):
        return [pad_packed_sequence(result, batch_first=True)[0]]
    if isinstance(result, Tensor):
        return [result]
    return [tensor for part in result for tensor in _tensors(part)] if isinstance(result, tuple | list) else []


def _owners(module: nn.Module, names: Iterable[str]) -> set[str]:
    """Modules whose weights a graph names; one that is stored in fewer bits bears a longer name there."""
    own = [name for name, _ in (*module.named_parameters(), *module.named_buffers()) if "." in name]
    return {weight.rpartition(".")[0] for weight in own for name in names if name == weight or name.startswith(f"{weight}_")}
