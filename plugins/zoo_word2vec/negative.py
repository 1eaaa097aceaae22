"""Negative sampling: pairs of words that stand near each other are told from pairs with noise words (arXiv 1310.4546, 2.2).

For a word and another near it, −log σ(u·v) − Σ log σ(−n·v) over k noise words n is made small. Which vectors v, u and n are,
skip-gram and bag of words say.

On a CPU, vectors change after each position (`zoo_word2vec.loops`). Elsewhere, and where numba is not installed, they change
after a batch: the text is gone through in chunks of consecutive positions. A chunk's positions share their noise words, each
weighted so that the expectation is that of k words for each pair; so all scores of a chunk, and all gradients, are matrix products.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Callable, Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from zoo.spec import ModelSpec, Recipe
from zoo.training.task import SteppingTask
from zoo.training.words import WordVectors
from zoo_word2vec.pace import Pace
from zoo_word2vec.positions import chunked, gathered, windows_of
from zoo_word2vec.tasks import NOISE_POWER, Text
from zoo_word2vec.updates import settled, unsettled

if TYPE_CHECKING:
    from zoo.progress import Progress
    from zoo.training.task import Resident

LOOKED = 2
"""Chunks of a batch whose loss is computed, for the curve."""
CURVATURE = 0.25
"""Of −log σ along a vector, in units of its length squared, where it is largest (Böhning 1992); the vectors that frequent words
meet have a length of about 1."""


class Gradient(tuple[Tensor, Tensor]):
    """Which rows change, int64 [rows], and by how much, float32 [rows, numbers]: the gradient of a batch's summed loss."""


class NegativeSampling(Text, SteppingTask):
    """What skip-gram and bag of words share.

    Where vectors change after a batch: it holds many positions, so a frequent word gets many gradients at once, all taken where its
    vector stood before; word2vec takes them one after the other, each where the last one led, and added up as they are they
    overshoot without end. Where n gradients are expected in a batch, the sum of a row is therefore not multiplied by the learning
    rate r, but by (1 − exp(−n·h·r)) / (n·h): that is where n small steps lead on a slope of curvature h. For rare words, and for
    small r, it is r.
    """

    @classmethod
    def settle(
        cls, spec: ModelSpec, recipe: Recipe, device: torch.device, progress: Progress, asked: Collection[str] = ()
    ) -> Recipe:
        """See `Task.settle`."""
        return settled(spec, recipe, device.type, progress, asked)

    @classmethod
    def unsettled(cls, spec: ModelSpec, recipe: Recipe) -> Recipe:
        """See `Task.unsettled`."""
        return unsettled(spec, recipe)

    @abstractmethod
    def loop(self) -> Callable[..., tuple[float, int]]:
        """What goes through positions one by one (`zoo_word2vec.loops`)."""

    @abstractmethod
    def gradients(self, module: WordVectors, batch: Resident) -> tuple[list[Gradient], list[Gradient], Tensor]:
        """Of `vectors`, and of `contexts`, of the loss summed over a batch; and the loss of a pair, mean over some of them."""

    @abstractmethod
    def expected(self) -> tuple[Tensor, Tensor]:
        """How many gradients the rows of `vectors` and of `contexts` get for each position, float64 [words] both."""

    def step(self, module: nn.Module, batch: Resident, rate: float) -> tuple[Tensor, dict[str, Tensor]]:
        """Down the gradient: of one position after the other, or of all, rows that occur often by less."""
        network = cast(WordVectors, module)  # to look at a protocol in every step would take a twentieth of it
        if self.options.update == "position":
            return self._walk(network, batch, rate), {}
        tables = network.vectors, network.contexts
        with torch.no_grad(), self._pace() if tables[0].device.type == "cpu" else contextlib.nullcontext():
            *both, loss = self.gradients(network, batch)
            steepness = self._steepness(tables[0].device)
            for table, gradients, steep in zip(tables, both, steepness, strict=True):
                for rows, change in gradients:
                    slope = steep.index_select(0, rows)
                    change.mul_(slope.mul(-rate).expm1_().div_(slope).unsqueeze(1))  # [rows, numbers]
                    table.index_add_(0, rows, change)
        return loss, {}

    def order(self, train: Resident, batch: int, seed: int, epoch: int) -> Any:
        """See `Text.order`."""
        if self.options.update != "position":
            return super().order(train, batch, seed, epoch)
        from zoo_word2vec.walk import Walk

        return self.epoch(train["token"], batch, seed, epoch, Walk)

    def prepare(self, module: nn.Module) -> None:
        """See `Text.prepare`."""
        super().prepare(module)
        if self.options.update != "position":
            return
        network = cast(WordVectors, module)
        for table in (network.vectors, network.contexts):
            # numpy asks for large pages where torch does not; rows of large tables are then found faster.
            table.data = torch.from_numpy(np.array(table.detach().numpy()))
        # Compiled now, or read from where it was kept: not in a step.
        nothing = {"token": torch.empty(0, dtype=torch.int32)}
        self._walk(network, self.order(nothing, 1, 0, 0)[0:1], 0.0)

    def _walk(self, network: WordVectors, batch: Resident, rate: float) -> Tensor:
        """The loss of a pair, mean over some of them."""
        tables = (table.detach().numpy() for table in (network.vectors, network.contexts))
        drawn = (batch[name].numpy() for name in ("words", "left", "right", "noise"))
        total, pairs = self.loop()(*tables, *drawn, self.config.window, rate)
        return torch.tensor(total / max(pairs, 1))

    @cached_property
    def _pace(self) -> Pace:
        return Pace(torch.get_num_threads())

    def _steepness(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """n·h of each row of `vectors` and `contexts`, float32 [words] both."""

        def make() -> tuple[Tensor, Tensor]:
            assert self.recipe is not None
            tokens = len(self.dataset.splits["train"]["token"])
            positions = min(self.recipe.batch_size or tokens, tokens) * self.positions
            vectors, contexts = ((share * (positions * CURVATURE)).float().to(device) for share in self.expected())
            return vectors, contexts

        return self.once("steepness", device, make)

    @cached_property
    def shares(self) -> tuple[Tensor, Tensor]:
        """How often each word stands at a position, and among the noise words: float64 [words], each summing to 1."""
        found = (self.counts * self.keep, self.counts.double() ** NOISE_POWER)
        positions, noise = (weights / weights.sum() for weights in found)
        return positions, noise

    @property
    def positions(self) -> float:
        """Of a token of the text: words that are too rare, and those that are left out because they are frequent, are none."""
        return float((self.counts * self.keep).sum()) / float(self.dataset.splits["test"]["count"].sum())

    @property
    def seen(self) -> float:
        """Words that a position sees, on average, far from a line's ends."""
        return self.config.window + 1.0


class SkipGram(NegativeSampling):
    """v is the vector of a position's word, u and n are `contexts` of a word that it sees and of noise (arXiv 1301.3781, 3.2).

    Where vectors change after each position, v is that of a word that it sees, u that of its own word, as word2vec.c has it: a
    position's pairs then share their noise words. Over a text each pair of words is met both ways.
    """

    def loop(self) -> Callable[..., tuple[float, int]]:
        """See `NegativeSampling.loop`."""
        from zoo_word2vec.loops import skipgram

        return skipgram

    def gradients(self, module: WordVectors, batch: Resident) -> tuple[list[Gradient], list[Gradient], Tensor]:
        """See `NegativeSampling.gradients`."""
        weights = self.windows(batch)
        words, others = self._rows(batch)
        near, far = gathered(module.vectors, words), gathered(module.contexts, others)
        scores = torch.bmm(near, far.transpose(1, 2))  # [chunks, chunk, span + shared]
        total, pairs = self._summed(scores[:LOOKED], weights[:LOOKED])
        span = self.config.span
        slopes = scores.sigmoid_().mul_(weights)
        slopes[:, :, :span].sub_(weights[:, :, :span])
        changes = torch.bmm(slopes, far).flatten(0, 1), torch.bmm(slopes.transpose(1, 2), near).flatten(0, 1)  # [rows, numbers]
        return [Gradient((words.flatten(), changes[0]))], [Gradient((others.flatten(), changes[1]))], total / pairs.clamp(min=1)

    def expected(self) -> tuple[Tensor, Tensor]:
        """See `NegativeSampling.expected`: a position's vector meets what it sees and its noise; a context as many positions."""
        positions, noise = self.shares
        pairs, negative = self.seen, self.options.negative
        return positions * pairs * (1 + negative), pairs * (positions + negative * noise)

    def measured(self, module: WordVectors, batch: Resident) -> tuple[Tensor, Tensor]:
        """See `Text.measured`."""
        words, others = self._rows(batch)
        scores = torch.bmm(gathered(module.vectors, words), gathered(module.contexts, others).transpose(1, 2))
        return self._summed(scores, self.windows(batch))

    def _rows(self, batch: Resident) -> tuple[Tensor, Tensor]:
        """Ids of a chunk's positions, int64 [chunks, chunk], and of what they are held against, int64 [chunks, span + shared]."""
        words, context = chunked(batch["words"], self.config)
        return words, torch.cat([context, batch["noise"]], 1)

    def _summed(self, scores: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """−log σ(s) = softplus(s) − s of pairs, −log σ(−s) = softplus(s) of noise."""
        span = self.config.span
        right = weights[:, :, :span]
        return (softplus(scores) * weights).sum() - (scores[:, :, :span] * right).sum(), right.sum()


class BagOfWords(NegativeSampling):
    """v is the mean of the vectors of what a position sees, u and n are `contexts` of its word and of noise (arXiv 1301.3781, 3.1).

    As word2vec.c has it, the gradient of the mean is given to each of its words whole, not divided by their number: their learning
    rate is that many times the others'.
    """

    def loop(self) -> Callable[..., tuple[float, int]]:
        """See `NegativeSampling.loop`."""
        from zoo_word2vec.loops import bag_of_words

        return bag_of_words

    def gradients(self, module: WordVectors, batch: Resident) -> tuple[list[Gradient], list[Gradient], Tensor]:
        """See `NegativeSampling.gradients`."""
        # Where a position sees nothing, its mean and `many` are 0, and so is every gradient of it.
        seen, many = self._seen(batch)
        (words, context), noise = chunked(batch["words"], self.config), batch["noise"]
        mean = torch.bmm(seen, self._context(module, batch["words"]))  # [chunks, chunk, numbers]
        right, wrong = gathered(module.contexts, words), gathered(module.contexts, noise)
        ours, theirs = (mean * right).sum(2, keepdim=True), torch.bmm(mean, wrong.transpose(1, 2))
        total, pairs = self._summed(ours[:LOOKED], theirs[:LOOKED], many[:LOOKED])
        ours = ours.sigmoid_().sub_(1)
        theirs = theirs.sigmoid_().mul_(self.noise)
        back = torch.baddbmm(right.mul_(ours), theirs, wrong).mul_(many)  # [chunks, chunk, numbers]
        changes = [torch.bmm(seen.transpose(1, 2), back), torch.bmm(theirs.transpose(1, 2), mean), mean.mul_(ours)]
        rows = [
            Gradient((ids.flatten(), change.flatten(0, 1)))  # [rows, numbers]
            for ids, change in zip((context, noise, words), changes, strict=True)
        ]
        return rows[:1], rows[1:], total / pairs.clamp(min=1)

    def expected(self) -> tuple[Tensor, Tensor]:
        """See `NegativeSampling.expected`: a vector is in as many means as positions see it, and of each it is a part."""
        positions, noise = self.shares
        negative = self.options.negative
        return positions * (1 + negative), positions + negative * noise

    def measured(self, module: WordVectors, batch: Resident) -> tuple[Tensor, Tensor]:
        """See `Text.measured`; a pair is a position and what it sees."""
        seen, many = self._seen(batch)
        words, noise = chunked(batch["words"], self.config)[0], batch["noise"]
        mean = torch.bmm(seen, self._context(module, batch["words"]))
        ours = (mean * gathered(module.contexts, words)).sum(2, keepdim=True)
        theirs = torch.bmm(mean, gathered(module.contexts, noise).transpose(1, 2))
        return self._summed(ours, theirs, many)

    def _seen(self, batch: Resident) -> tuple[Tensor, Tensor]:
        """Of a position, shares of its chunk's words in the mean of what it sees, float32 [chunks, chunk, span], and how many it
        sees, [chunks, chunk, 1]."""
        codes = batch["codes"]

        def make() -> Tensor:
            seen = windows_of(self.config, self.options)[:, : self.config.span]
            many = seen.sum(1, keepdim=True)
            return torch.cat([seen / many.clamp(min=1), many], 1).to(codes.device)  # [windows, span + 1]

        both = gathered(self.once("shares", codes.device, make), codes.view(-1, self.config.chunk))  # [chunks, chunk, span + 1]
        return both[:, :, :-1], both[:, :, -1:]

    def _context(self, module: WordVectors, words: Tensor) -> Tensor:
        """Vectors of each chunk's words, and of those beside it, [chunks, span, numbers]: a view in which chunks overlap."""
        vectors = module.vectors.index_select(0, words)
        return vectors.unfold(0, self.config.span, self.config.chunk).transpose(1, 2)  # [chunks, span, numbers]

    @property
    def noise(self) -> float:
        """Weight of a shared noise word."""
        return self.options.negative / self.options.shared

    def _summed(self, ours: Tensor, theirs: Tensor, many: Tensor) -> tuple[Tensor, Tensor]:
        """Of the positions that see something."""
        weight = many.clamp(max=1)  # [chunks, chunk, 1]
        return ((softplus(-ours) + self.noise * softplus(theirs).sum(2, keepdim=True)) * weight).sum(), weight.sum()
