"""Drawing from any distribution in constant time."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class Alias:
    """Walker's alias method as Vose builds it (IEEE Transactions on Software Engineering 17(9), 1991).

    A place is drawn uniformly; it is kept with a probability of its own, else its alias is taken. Both are tables, so a draw costs
    two look-ups however many outcomes there are.

    Args:
        weights: not negative, not all 0, float64 [outcomes].
        device: that draws.
    """

    def __init__(self, weights: np.ndarray, device: torch.device) -> None:
        keep = weights / weights.sum() * len(weights)
        alias = np.arange(len(weights))
        small, large = (list(np.flatnonzero(chosen)) for chosen in (keep < 1, keep >= 1))
        while small and large:
            less, more = small.pop(), large.pop()
            alias[less] = more
            keep[more] -= 1 - keep[less]
            (small if keep[more] < 1 else large).append(more)
        keep[[*small, *large]] = 1  # but for rounding
        self.keep = torch.from_numpy(keep.astype(np.float32)).to(device)
        self.alias = torch.from_numpy(alias.astype(np.int64)).to(device)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Outcomes, int64 [count]."""
        device = self.keep.device
        place = torch.randint(0, len(self.keep), (count,), generator=generator, device=device)
        own = torch.rand(count, generator=generator, device=device) < self.keep[place]
        return torch.where(own, place, self.alias[place])
