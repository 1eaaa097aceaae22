"""What the exported graphs compute: cosines with all words, and the largest of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Lookup(nn.Module):
    """A vector for each word, and zeros for what is not known: the id behind the last word's.

    Args:
        vectors: float32 [words, numbers].
    """

    def __init__(self, vectors: Tensor) -> None:
        super().__init__()
        self.vectors = nn.Parameter(vectors, requires_grad=False)
        inverse = 1 / vectors.norm(dim=1).clamp(min=1e-12)  # [words]
        self.inverse = nn.Parameter(torch.cat([inverse, torch.zeros(1)]), requires_grad=False)  # [words + 1]

    def of(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors, or zeros, [batch, …, numbers], and 1 or 0 for known or not, [batch, …, 1]."""
        known = (ids < len(self.vectors)).unsqueeze(-1).to(self.vectors.dtype)
        return self.vectors[ids.clamp(max=len(self.vectors) - 1)] * known, known


class Closest(Lookup):
    """The words nearest to a vector, but for some.

    Args:
        vectors: float32 [words, numbers].
        answers: how many.
    """

    def __init__(self, vectors: Tensor, answers: int) -> None:
        super().__init__(vectors)
        self.answers = answers
        # Of what is not known nothing is close to being an answer.
        self.apart = nn.Parameter(torch.linspace(1, 0, answers + 1), requires_grad=False)

    def closest(self, asked: Tensor, but: Tensor, known: Tensor) -> tuple[Tensor, ...]:
        """Of unit vectors [batch, numbers]: ids, int64 [batch, answers], where nothing is known that behind the last word's; their
        cosines [batch, answers]; ½ or −½ for known or not [batch]; their cosines and that of the next best [batch, answers + 1].

        Args:
            asked: vectors.
            but: ids that are no answer, int64 [batch, n].
            known: 1 or 0, [batch, 1].
        """
        words = len(self.vectors)
        cosines = asked @ self.vectors.T * self.inverse[:words]  # [batch, words]
        own = (torch.arange(words, device=but.device) == but.unsqueeze(2)).any(1)  # [batch, words]
        found, nearest = cosines.masked_fill(own, -2.0).topk(self.answers + 1, 1)
        nearest = torch.where(known > 0, nearest[:, : self.answers], words)  # [batch, answers]
        similarity = found[:, : self.answers] * known  # [batch, answers]
        return nearest, similarity, known.squeeze(1) - 0.5, torch.where(known > 0, found, self.apart)


class Nearest(Closest):
    """A word → its neighbours."""

    def forward(self, word: Tensor) -> tuple[Tensor, ...]:
        """Ids int64 [batch] → what `closest` gives, with the words' vectors [batch, numbers] in the third place."""
        vector, known = self.of(word)
        unit = vector * self.inverse[word].unsqueeze(1)  # [batch, numbers]
        nearest, similarity, certainty, cosines = self.closest(unit, word.unsqueeze(1), known)
        return nearest, similarity, vector, certainty, cosines


class Analogy(Closest):
    """Three words → the words nearest to b − a + c, of unit vectors."""

    def forward(self, a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, ...]:
        """Ids int64 [batch] each → what `closest` gives, with b − a + c, [batch, numbers], in the third place."""
        three = torch.stack([a, b, c], 1)  # [batch, 3]
        vectors, each = self.of(three)  # [batch, 3, numbers], [batch, 3, 1]
        units = vectors * self.inverse[three].unsqueeze(2)  # [batch, 3, numbers]
        known = each.squeeze(2).prod(1, keepdim=True)  # [batch, 1]
        vector = (units[:, 1] - units[:, 0] + units[:, 2]) * known
        length = vector.norm(dim=1, keepdim=True).clamp(min=1e-12)  # [batch, 1]
        nearest, similarity, certainty, cosines = self.closest(vector / length, three, known)
        return nearest, similarity, vector, certainty, cosines


class Mean(Lookup):
    """The mean of the vectors of a sentence's words that are known."""

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Ids int64 [batch, length], that behind the last word's for what is not known → means [batch, numbers], zeros where none
        is known; and how many are known, less a half, [batch]: nothing lies where rounding could decide."""
        vectors, known = self.of(ids)
        many = known.sum(1)  # [batch, 1]
        return vectors.sum(1) / many.clamp(min=1), many.squeeze(1) - 0.5
