"""Who an artifact is timed beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from zoo.benchmark.feeds import Arrays
from zoo.runtime.model import Model

Answer = Callable[[Arrays], Sequence[np.ndarray]]

BARE = "bare"
ORIGINALS = ("eager", "compile")
NAMES = (BARE, *ORIGINALS)


@dataclass(frozen=True)
class Peer:
    """Something that answers the same question.

    Args:
        name: of it.
        prepare: the artifact as it is measured, and the threads of one operator (`None`: as many as the peer takes by itself) →
            a call that takes the inputs and returns its float outputs, among others perhaps.
    """

    name: str
    prepare: Callable[[Model, int | None], Answer]


def bare() -> Peer:
    """onnxruntime without zoo: `session.run(None, inputs)` with neither checks nor names nor text in the answer.

    It is the session of ours: of two sessions of one graph one may be a percent faster, by where its memory lies, and in two
    pools threads would wait for each other.
    """
    return Peer(BARE, lambda model, _: partial(model.session.run, None))
