"""How much one server takes on."""

from __future__ import annotations

from dataclasses import dataclass

from zoo.machine import cores


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is refused before it costs memory or time.

    Args:
        threads: requests that are computed at once.
        queue: further requests that may wait for a thread; the next one is told to come back (503).
        seconds: for a client to send a request, for its answer from then on, and for the client to take it.
        body: bytes of a request; the bodies of all requests together may have `TOGETHER` times as many.
        values: numbers or texts in the JSON of a request, and of an answer; binary tensors are bounded by `body`.
        examples: along the first axis of a model's inputs.
        letters: of one text, for a model's time and memory may grow with their square.
        connections: open at once.
    """

    threads: int = 1
    queue: int = 64
    seconds: float = 30.0
    body: int = 64 * 2**20
    values: int = 2**22
    examples: int = 2**16
    letters: int = 5000
    connections: int = 256

    @property
    def intra_op_threads(self) -> int:
        """Threads of one operator, such that all requests at once use every core, and none twice."""
        return max(1, cores() // self.threads)


TOGETHER = 4
