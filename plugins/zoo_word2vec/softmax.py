"""The softmax over all words, which the others approximate: a linear network from a one-hot word to the words near it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from zoo.training.words import WordVectors
from zoo_word2vec.positions import chunked
from zoo_word2vec.tasks import Text

if TYPE_CHECKING:
    from zoo.training.task import Resident


class Softmax(Text):
    """−log p(c | w) of the pairs of a word w and a word c that it sees, where p is the softmax of `contexts` · `vectors`[w] over
    all words (arXiv 1310.4546, equation 2). A one-hot vector times a matrix is a row of it, so a row is taken."""

    def loss(self, module: nn.Module, batch: Resident) -> tuple[Tensor, dict[str, Tensor]]:
        """In nats, mean over the pairs; and the share of pairs whose word was the most probable."""
        total, pairs, right = self._pairs(cast(WordVectors, module), batch)
        return total / pairs.clamp(min=1), {"accuracy": right / pairs.clamp(min=1)}

    def measured(self, module: WordVectors, batch: Resident) -> tuple[Tensor, Tensor]:
        """See `Text.measured`."""
        total, pairs, _ = self._pairs(module, batch)
        return total, pairs

    def _pairs(self, module: WordVectors, batch: Resident) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, summed; pairs; and those of them that were guessed."""
        words, context = chunked(batch["words"], self.config)
        words = words.flatten()  # [positions]
        logits = embedding(words, module.vectors) @ module.contexts.T  # [positions, words]
        likely = logits.float().log_softmax(1)
        group, place, other = self.windows(batch)[:, :, : context.shape[1]].nonzero(as_tuple=True)
        position, target = group * self.config.chunk + place, context[group, other]
        pairs = torch.tensor(float(len(target)), device=words.device)
        right = (likely.detach().argmax(1)[position] == target).sum()
        return -likely[position, target].sum(), pairs, right
