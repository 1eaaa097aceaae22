"""What the short way through a model needs: an array that fits its signature as it is. Whatever else comes takes the long way.

`zoo.runtime.tensors.checked` asks the same and more: it converts text, makes arrays contiguous, and says what is wrong. On the
short way, which is written out in `zoo.runtime.Model.answer`, nothing is looked up, built or called that one fitting call does not
need. For at batch 1 a small network has just pushed Python out of the processor's caches: a line that takes 0.2 µs in a loop of
its own takes 1 µs after an inference, and cnn.fast answers in 50.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zoo.runtime.manifest import Tensor

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_DTYPES: dict[str, np.dtype[Any]] = {
    "uint8": np.dtype(np.uint8),
    "int64": np.dtype(np.int64),
    "float32": np.dtype(np.float32),
    "bool": np.dtype(np.bool_),
}
TEXT = np.dtype(np.str_)


class Quick(NamedTuple):
    """The short way of one model: a tuple, for to look up one attribute and unpack it costs less than to look up six.

    Args:
        name: of the only input; `None` where the model has no short way.
        dtype: of the input. That of an array is compared by identity: another byte order is another object.
        tail: the input's axes but the first, which may vary.
        names: of the outputs.
        texts: places of the outputs that are text.
        run: names, inputs, `None` → outputs.
    """

    name: str | None
    dtype: np.dtype[Any] | None
    tail: tuple[int | str, ...]
    names: list[str]
    texts: list[int]
    run: Callable[[list[str], dict[str, np.ndarray], None], list[np.ndarray]]


def quick(session: InferenceSession, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> Quick:
    """The short way of models with one input, of numbers, whose first axis alone may vary; others have none."""
    tensor = inputs[0]
    tail = tensor.shape[1:]
    simple = len(inputs) == 1 and isinstance((*tensor.shape, 0)[0], str) and all(isinstance(axis, int) for axis in tail)
    return Quick(
        name=tensor.name if simple and tensor.dtype in _DTYPES else None,
        dtype=_DTYPES.get(tensor.dtype),
        tail=tail,
        names=[output.name for output in outputs],
        texts=[place for place, output in enumerate(outputs) if output.dtype == "string"],
        # onnxruntime's Python wrapper takes 2 µs to find out again what is known here: no input is missing and each is an array.
        # Where a version has nothing behind the wrapper, the wrapper serves: its `run` takes the same arguments.
        run=getattr(session, "_sess", session).run,
    )
