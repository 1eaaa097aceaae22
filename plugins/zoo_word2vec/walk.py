"""A text → positions for `zoo_word2vec.loops`, drawn by one thread while another learns."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from zoo_word2vec import loops
from zoo_word2vec.positions import Epoch, Stretch


@dataclass
class Walk(Epoch):
    """An epoch whose batches hold `words`, as `Positions` have them, but int32; and of each position how many words it sees to its
    `left` and to its `right`, int32 [positions], and the `noise` words that are its own, int32 [positions, negative]."""

    _ahead: dict[int, Future[Stretch]] = field(default_factory=dict, init=False)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1), init=False)

    def _stretch(self, place: int) -> Stretch:
        """Drawn ahead, where the one before it was asked for last; the next one is begun."""
        known = self._ahead.pop(place, None)
        found = known.result() if known else self._draw(place)
        self._ahead = {place + 1: self._pool.submit(self._draw, place + 1)} if place + 1 < self.stretches else {}
        return found

    def _draw(self, place: int) -> Stretch:
        """See `Epoch._stretch`; bounds count positions."""
        reach, (tokens, seed) = self.config.window, self._text(place)
        kept, noise = self.kept[:-2].numpy(), self.noise
        drawn = loops.draw(tokens.numpy(), kept, noise.keep.numpy(), noise.alias.numpy(), reach, self.loss.negative, seed)
        words, where, left, right, others = drawn
        # Not torch's own `pad`: it would begin threads for this thread alone.
        arrays = {"words": np.pad(words, (reach, reach)), "left": left, "right": right, "noise": others}
        inner = np.arange(self.batch, len(tokens), self.batch)
        found = {name: torch.from_numpy(array) for name, array in arrays.items()}
        return found, [0, *np.searchsorted(where, inner).tolist(), len(words)]

    def _cut(self, drawn: Mapping[str, Tensor], bounds: list[int], index: int) -> dict[str, Tensor]:
        """See `Epoch._cut`; a batch without positions is empty."""
        part = slice(bounds[index], bounds[index + 1])
        around = slice(part.start, part.stop + 2 * self.config.window)
        return {"words": drawn["words"][around], **{name: drawn[name][part] for name in ("left", "right", "noise")}}
