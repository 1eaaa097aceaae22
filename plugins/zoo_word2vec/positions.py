"""A text → what an epoch learns from: words thinned out, their windows, and noise words, drawn in stretches as they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo.spec import NegativeSampling
from zoo_word2vec import Config
from zoo_word2vec.draws import Alias

STRETCH = 1 << 18
"""Words of the text that are drawn from at once: many enough that no operation is short, few enough for any memory."""
Stretch = tuple[Mapping[str, Tensor], list[int]]
"""What is drawn of a stretch, and at which of its chunks, or positions, each batch begins."""


class Positions(dict[str, Tensor]):
    """Consecutive positions of the text, in chunks.

    Attributes:
        words: ids, int64 [chunks · chunk + 2 · window]: those of the chunks, and of `window` words before and after them.
        codes: of each position, the row of `windows_of` that says which of its chunk's words it sees, int64 [chunks · chunk].
        noise: ids that a chunk's positions are held against, int64 [chunks, shared].

    Args:
        tensors: these.
        tokens: of the text that they are drawn from, those left out counted.
    """

    def __init__(self, tensors: dict[str, Tensor], tokens: int) -> None:
        super().__init__(tensors)
        self.tokens = tokens

    def __len__(self) -> int:
        """Tokens of the text: what a batch counts."""
        return self.tokens


def kept(counts: Tensor, sample: float) -> Tensor:
    """With which probability each word is kept, float64 [words]: √(t/f) + t/f as word2vec.c has it (arXiv 1310.4546, 2.3, has
    √(t/f) alone).

    Args:
        counts: of each word, int64 [words].
        sample: t; 0 keeps all.
    """
    ratio = sample * counts.sum() / counts.double()
    return (ratio.sqrt() + ratio).clamp(max=1.0) if sample else torch.ones_like(ratio)


def windows_of(config: Config, loss: NegativeSampling) -> Tensor:
    """Weight of each pair of a position and a word of its chunk, or a noise word of it: float32 [windows, span + shared].

    The row of a position that sees l words to its left and r to its right and stands at place c of its chunk is
    (l · (window + 1) + r) · chunk + c. The first `span` columns are the chunk's words with the `window` before and after it: 1
    for those that it sees. The others are noise words: they share the weight of `negative` for each word that it sees.
    """
    reach, chunk, span = config.window, config.chunk, config.span
    away = torch.arange(span)[None, :] - reach - torch.arange(chunk)[:, None]  # [chunk, span]
    table = torch.zeros(reach + 1, reach + 1, chunk, span + loss.shared)
    for left in range(reach + 1):
        for right in range(reach + 1):
            table[left, right, :, :span] = ((away >= -left) & (away <= right) & (away != 0)).float()
            table[left, right, :, span:] = (left + right) * loss.negative / loss.shared
    return table.view(-1, span + loss.shared)  # [windows, span + shared]


def chunked(words: Tensor, config: Config) -> tuple[Tensor, Tensor]:
    """The words of each chunk, int64 [chunks, chunk], and with the `window` before and after it, int64 [chunks, span]; views of
    `words` (`Positions`)."""
    context = words.unfold(0, config.span, config.chunk)  # [chunks, span]
    return context[:, config.window : config.window + config.chunk], context


def gathered(table: Tensor, ids: Tensor) -> Tensor:
    """Rows of `ids` [a, b]: [a, b, numbers]. On a CPU index_select is several times faster than indexing."""
    return table.index_select(0, ids.flatten()).view(*ids.shape, -1)  # [a, b, numbers]


@dataclass
class Epoch:
    """One pass over the text, cut by slices of its tokens into `Positions`.

    What is drawn depends on the seed, the epoch and the place in the text alone, so that a run can go on anywhere.

    Args:
        tokens: ids by falling frequency, -1 where a line ends, int32 [tokens].
        kept: probability by id, float32 [words + 2]; of the last two one is that of a line's end, one of all rarer words.
        noise: to draw noise words from.
        loss: how many noise words there are.
        config: of the network.
        batch: tokens that are asked for at once.
        seed: of the run.
        number: of the epoch.
    """

    tokens: Tensor
    kept: Tensor
    noise: Alias
    loss: NegativeSampling
    config: Config
    batch: int
    seed: int
    number: int
    _at: int = field(default=-1, init=False)
    _drawn: Stretch | None = field(default=None, init=False)

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, part: slice) -> Positions:
        """A batch: `part` begins at a multiple of `batch` and is as long, but for the last."""
        place, index = divmod(part.start // self.batch, self.batches)
        if place != self._at or self._drawn is None:
            self._drawn = self._stretch(place)
            self._at = place
        drawn, bounds = self._drawn
        return Positions(self._cut(drawn, bounds, index), min(part.stop, len(self.tokens)) - part.start)

    @property
    def batches(self) -> int:
        """Of a stretch."""
        return max(1, STRETCH // self.batch)

    @property
    def stretches(self) -> int:
        """Of the text."""
        return -(-len(self.tokens) // (self.batches * self.batch))

    def _stretch(self, place: int) -> Stretch:
        """A stretch, and at which of its chunks each batch begins."""
        return self._draw(place)

    def _cut(self, drawn: Mapping[str, Tensor], bounds: list[int], index: int) -> dict[str, Tensor]:
        """A batch of a stretch."""
        first, last = bounds[index], bounds[index + 1]
        if first == last:  # all its words are too rare, or too frequent: the filler, which sees nothing
            first, last = bounds[-1], bounds[-1] + 1
        chunk, reach = self.config.chunk, self.config.window
        return {
            "words": drawn["words"][first * chunk : last * chunk + 2 * reach],
            "codes": drawn["codes"][first * chunk : last * chunk],
            "noise": drawn["noise"][first:last],
        }

    def _text(self, place: int) -> tuple[Tensor, int]:
        """Ids of a stretch, int32 [tokens], and the seed of what is drawn from it."""
        start = place * self.batches * self.batch
        return self.tokens[start : start + self.batches * self.batch], _seed(self.seed, self.number, place)

    def _draw(self, place: int) -> Stretch:
        """See `_stretch`."""
        config, device = self.config, self.tokens.device
        chunk, reach = config.chunk, config.window
        tokens, seed = self._text(place)
        generator = torch.Generator(device).manual_seed(seed)
        words = len(self.kept) - 2
        row = torch.where(tokens < 0, words, torch.where(tokens < words, tokens, words + 1))
        taken = torch.rand(len(row), generator=generator, device=device) < self.kept[row]
        where = taken.nonzero().squeeze(1)
        ids = tokens[where].long()
        ends = ids < 0
        line = ends.cumsum(0)[~ends]
        ids, where = ids[~ends], where[~ends]
        count = len(ids)
        chunks = -(-count // chunk)
        drawn = torch.randint(1, reach + 1, (count,), generator=generator, device=device)
        before, after = _room(line)
        codes = torch.minimum(drawn, before) * (reach + 1) + torch.minimum(drawn, after)
        order = torch.arange(count, device=device)
        fill = (chunks + 1) * chunk - count  # what fills the last chunk sees nothing, and so does one chunk more
        codes = pad(codes * chunk + order % chunk, (0, fill))
        noise = self.noise.draw(chunks * self.loss.shared, generator).view(chunks, self.loss.shared)  # [chunks, shared]
        found = {
            "words": pad(ids, (reach, reach + fill)),
            "codes": codes,
            "noise": pad(noise, (0, 0, 0, 1)),  # [chunks + 1, shared]
        }
        inner = torch.tensor(range(self.batch, len(tokens), self.batch), dtype=torch.int64, device=device)
        return found, [0, *(torch.searchsorted(where, inner) // chunk).tolist(), chunks]


def _room(line: Tensor) -> tuple[Tensor, Tensor]:
    """How many words of the same line stand before and after each: int64 [words] both."""
    count = len(line)
    order = torch.arange(count, device=line.device)
    if not count:
        return order, order
    new = torch.ones(count, dtype=torch.bool, device=line.device)
    new[1:] = line[1:] != line[:-1]
    last = torch.ones_like(new)
    last[:-1] = new[1:]
    first = torch.where(new, order, 0).cummax(0).values
    final = torch.where(last, order, count).flip(0).cummin(0).values.flip(0)
    return order - first, final - order


def _seed(*numbers: int) -> int:
    """One number of several, of 63 bits; not 0."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1) or 1
