"""The models of a server: loaded once, asked from several threads, in pieces that memory can bear."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import prod
from pathlib import Path

import numpy as np

from zoo.errors import IntegrityError, UsageError, ZooError
from zoo.runtime.model import Model
from zoo.runtime.model import open as open_model
from zoo.runtime.tensors import is_batched
from zoo.serve.errors import Busy, UnknownModel
from zoo.serve.protocol import VERSION

VALUES = 2**16
"""Values of a piece: what a network makes of them between its layers may be a hundred times as much."""
EXAMPLES = 64
"""Of a piece that may have more values, for speed; of text never more."""
LETTERS = 2**14
"""Of a piece of text: its examples times the longest, for shorter ones are filled up."""


class Models:
    """What is served.

    Args:
        ready: name → model.
        damaged: name → why it is not ready, which clients are told: without folders of this machine.
    """

    def __init__(self, ready: Mapping[str, Model], damaged: Mapping[str, str]) -> None:
        self.ready = dict(sorted(ready.items()))
        self.damaged = dict(sorted(damaged.items()))

    def get(self, name: str, version: str = VERSION) -> Model:
        """The model of a name.

        Raises:
            UnknownModel: there is none, or not in this version.
            IntegrityError: its artifact is damaged, or could not be loaded.
        """
        if name in self.damaged:
            raise IntegrityError(f"The model {name} is not ready: {self.damaged[name]}")
        if name not in self.ready:
            raise UnknownModel("model served here called", name, self.ready)
        if version != VERSION:
            raise UnknownModel(f"version of {name} called", version, [VERSION])
        return self.ready[name]


def load(places: Mapping[str, Path | ZooError], *, provider: str = "cpu", threads: int | None = None) -> Models:
    """Open every artifact, hashes and certificate checked, and ask it once, so that no client waits for the first call.

    Args:
        places: name → folder or bare file, or why it has none.
        provider: onnxruntime's, by its short name.
        threads: of one operator.

    Raises:
        UsageError: there is nothing to load, or two artifacts with one id.
        ZooError: none could be loaded: what the first said.
    """
    ready: dict[str, Model] = {}
    damaged: dict[str, str] = {}
    errors: list[ZooError] = []
    for name, place in places.items():
        try:
            if isinstance(place, ZooError):
                raise place
            model = open_model(place, providers=(provider,), threads=threads)
            model.warm_up()
        except ZooError as error:
            errors.append(error)
        except OSError as error:
            errors.append(ZooError(f"{place} cannot be read: {error.strerror}."))
        else:
            if (other := ready.setdefault(model.id, model)).path.resolve() != model.path.resolve():
                raise UsageError(f"{other.path} and {model.path} are both {model.id}; serve one of them.")
            continue
        damaged[name] = errors[-1].args[0].replace(str(place), name)
    if not places:
        raise UsageError("There is no artifact to serve.", hint="zoo export cnn")
    if not ready:
        raise errors[0]
    return Models(ready, damaged)


def answer(model: Model, arrays: Mapping[str, np.ndarray], due: float) -> dict[str, np.ndarray]:
    """Ask a model, a piece at a time.

    Args:
        model: the one that is asked.
        arrays: input name → array.
        due: the `time.monotonic` at which it is given up.

    Raises:
        Busy: it was not done by then.
        ZooError: as `Model.answer` has them.
    """
    batch = min(map(_examples, arrays.values()), default=EXAMPLES) if is_batched(model.inputs, model.outputs) else None
    try:
        return model.answer(arrays, batch=batch, seconds=due - time.monotonic())
    except ZooError:
        if time.monotonic() < due:
            raise
        raise Busy(f"{model.id} could not answer in time; ask about less at once, or later.") from None


def _examples(array: np.ndarray) -> int:
    """How many examples of an input are asked about at once."""
    if array.dtype == object:
        longest = max(map(len, array.flat), default=1)
        return max(1, min(EXAMPLES, LETTERS // max(longest, 1)))
    return max(EXAMPLES, VALUES // max(1, prod(array.shape[1:])))
