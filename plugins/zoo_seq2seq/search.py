"""From a sentence to its translation: the most probable word at each step, or several translations side by side.

Written once: PyTorch runs it, and the exporter traces it into one loop of the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from zoo.text import BEGIN, END, PADDING, UNKNOWN
from zoo_seq2seq.model import Translator

LONGEST = (2, 12)
"""A translation has at most so many times the ids of its source, and so many more."""


class Search(nn.Module):
    """Ids of a sentence → ids of its translation.

    An empty sentence has the empty translation. Without attention nobody could say which word of the source an unknown one stands
    for; then none is ever written.

    Args:
        translator: trained.
        width: translations kept side by side; 1 is greedy.
        penalty: exponent α of the length by which a finished translation's log-probability is divided before they are compared
            (arXiv 1609.08144, section 7, without its constant 5).

    Attributes:
        margins: whether a further output says how near to a tie the search came; for reference runs.
    """

    margins = False
    barred: Tensor

    def __init__(self, translator: Translator, *, width: int = 1, penalty: float = 1.0) -> None:
        super().__init__()
        self.translator, self.width, self.penalty = translator, width, penalty
        never = [PADDING, BEGIN] if translator.attention is not None else [PADDING, BEGIN, UNKNOWN]
        barred = torch.zeros(translator.write.num_embeddings)
        barred[never] = float("-inf")
        self.register_buffer("barred", barred, persistent=False)

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        """Translate.

        Args:
            source: int64 [batch, length], each row with END, padded.
            lengths: int64 [batch], END counted.

        Returns:
            `tokens` int64 [batch, time], each row with END unless it had no room, padded. `copied` int64 [batch, time], the place
            in the source that each step looked at most. `score` [batch], the log-probability over (number of ids)^penalty. Where
            `margins` is set, `margin` [batch], the smallest gap between what was decided and the next best, over the whole search.
        """
        return self._greedy(source, lengths) if self.width == 1 else self._beam(source, lengths)

    def _log_probabilities(self, readout: Tensor) -> Tensor:
        return self.translator.logits(readout).log_softmax(-1) + self.barred

    def _greedy(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        model = self.translator
        encoded = model.encode(source, lengths)
        places = torch.arange(LONGEST[0] * source.shape[1] + LONGEST[1], device=source.device)
        most = LONGEST[0] * lengths + LONGEST[1]  # of its own: a sentence's translation must not depend on its company
        empty = torch.zeros_like(lengths).unsqueeze(1) + torch.zeros_like(places).unsqueeze(0)  # [batch, time]
        score = torch.zeros_like(encoded["state"][:, 0])
        start = (
            torch.zeros((), dtype=torch.int64, device=source.device),
            torch.full_like(lengths, BEGIN),
            encoded["state"],
            model.first_fed(encoded).clone(),
            empty,
            empty.clone(),
            lengths <= 1,  # nothing but an end: nothing is to be said
            score,
            torch.full_like(score, float("inf")),
        )

        def body(
            step: Tensor,
            last: Tensor,
            state: Tensor,
            fed: Tensor,
            tokens: Tensor,
            copied: Tensor,
            done: Tensor,
            score: Tensor,
            margin: Tensor,
        ) -> tuple[Tensor, ...]:
            readout, state, weights = model.step(model.cell.word(model.write(last)), fed, state, encoded)
            fed = model.next_fed(readout, fed).clone()
            likely = self._log_probabilities(readout)  # [batch, words]
            best, token = likely.max(1)
            if self.margins:
                two = likely.topk(2, 1).values
                margin = torch.where(done, margin, torch.minimum(margin, _gap(two, token, weights)))
            else:
                margin = margin.clone()
            token = torch.where(done, torch.zeros_like(token), token)
            here = (places == step).unsqueeze(0)
            tokens = torch.where(here, token.unsqueeze(1), tokens)
            copied = torch.where(here, weights.argmax(1).unsqueeze(1), copied)
            score = score + torch.where(done, torch.zeros_like(best), best)
            done = done | (token == END) | (step + 1 >= most)
            return step + 1, token, state, fed, tokens, copied, done, score, margin

        _, _, _, _, tokens, copied, _, score, margin = _loop(_until(places), body, start)
        written = (tokens != PADDING).sum(1).clamp(min=1).to(score.dtype)
        found = (tokens, copied, score / written**self.penalty)
        return (*found, margin) if self.margins else found

    def _beam(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        """At each step the `width` best of all continuations of all translations of a sentence; finished ones stay as they are, and
        compete."""
        model, width, words = self.translator, self.width, self.translator.write.num_embeddings
        encoded = {name: _repeated(tensor, width) for name, tensor in model.encode(source, lengths).items()}
        places = torch.arange(LONGEST[0] * source.shape[1] + LONGEST[1], device=source.device)
        most = (LONGEST[0] * lengths + LONGEST[1]).unsqueeze(1)  # [batch, 1]
        one = torch.zeros_like(lengths).unsqueeze(1) + torch.zeros(width, dtype=torch.int64, device=source.device)  # [batch, width]
        empty = one.unsqueeze(2) + torch.zeros_like(places)  # [batch, width, time]
        rows = (torch.ones_like(lengths).cumsum(0) - 1).unsqueeze(1) * (width * words)  # [batch, 1]
        # At first all translations are the same, the empty one: one of them is enough.
        first = torch.full((width,), float("-inf"), dtype=encoded["last"].dtype, device=source.device)
        first[0] = 0
        total = one.to(first.dtype) + first  # [batch, width]
        closed = torch.full((words,), float("-inf"), dtype=first.dtype, device=source.device)
        closed[PADDING] = 0  # all that a finished translation is continued by
        start = (
            torch.zeros((), dtype=torch.int64, device=source.device),
            torch.full_like(one, BEGIN),
            encoded["state"],
            model.first_fed(encoded).clone(),
            empty,
            empty.clone(),
            (one + lengths.unsqueeze(1)) <= 1,
            total,
            torch.ones_like(total),
            torch.full_like(total, float("inf")),
        )

        def body(
            step: Tensor,
            last: Tensor,
            state: Tensor,
            fed: Tensor,
            tokens: Tensor,
            copied: Tensor,
            done: Tensor,
            total: Tensor,
            count: Tensor,
            margin: Tensor,
        ) -> tuple[Tensor, ...]:
            readout, state, weights = model.step(model.cell.word(model.write(last.flatten())), fed, state, encoded)
            fed = model.next_fed(readout, fed)
            likely = self._log_probabilities(readout).view(-1, width, words)  # [batch, width, words]
            likely = torch.where(done.unsqueeze(2), closed, likely)
            count = torch.where(done, count, count.new_ones(()) * (step + 1))
            sums = (total.unsqueeze(2) + likely).flatten(1)  # [batch, width·words]
            worth = sums / (count**self.penalty).repeat_interleave(words, 1)  # [batch, width·words]
            chosen = worth.topk(width, 1).indices
            parent, token = chosen // words, chosen % words  # [batch, width]
            done, count = _of(done, parent), _of(count, parent)
            total = sums.flatten().index_select(0, (rows + chosen).flatten()).view(-1, width)  # [batch, width]
            looked = weights.view(-1, width, weights.shape[1])  # [batch, width, length]
            here = places == step
            tokens = torch.where(here, token.unsqueeze(2), _of(tokens, parent))
            copied = torch.where(here, _of(looked.argmax(2), parent).unsqueeze(2), _of(copied, parent))
            if self.margins:
                margin = torch.minimum(_of(margin, parent), _beam_gap(worth, width, token, _of(looked, parent)))
            else:
                margin = margin.clone()
            state = _of(state.view(-1, width, state.shape[1]), parent).flatten(0, 1)  # [batch·width, states]
            fed = _of(fed.view(-1, width, fed.shape[1]), parent).flatten(0, 1)  # [batch·width, fed]
            done = done | (token == END) | (step + 1 >= most)
            return step + 1, token, state, fed, tokens, copied, done, total, count, margin

        _, _, _, _, tokens, copied, _, total, count, margin = _loop(_until(places), body, start)
        worth = total / count**self.penalty
        found = (tokens[:, 0], copied[:, 0], worth[:, 0])  # the best comes first
        return (*found, torch.minimum(margin[:, 0], worth[:, 0] - worth[:, 1])) if self.margins else found


def _gap(two: Tensor, token: Tensor, weights: Tensor) -> Tensor:
    """How near to a tie a step was: between its two best words, and, where it copies, between the two places it looked at most."""
    gap = two[:, 0] - two[:, 1]
    if weights.shape[1] < 2:
        return gap
    seen = weights.topk(2, 1).values
    return torch.where(token == UNKNOWN, torch.minimum(gap, seen[:, 0] - seen[:, 1]), gap)


def _beam_gap(worth: Tensor, width: int, token: Tensor, looked: Tensor) -> Tensor:
    """How near to a tie a step was, for each translation kept [batch, width]: between the last that was kept and the first that was
    not, and, where it copies, between the two places it looked at most."""
    values = worth.topk(width + 1, 1).values
    gap = torch.where(
        values[:, width].isinf(), torch.full_like(values[:, width], float("inf")), values[:, width - 1] - values[:, width]
    )
    gaps = gap.unsqueeze(1).expand_as(token)
    if looked.shape[2] < 2:
        return gaps
    seen = looked.topk(2, 2).values
    return torch.where(token == UNKNOWN, torch.minimum(gaps, seen[:, :, 0] - seen[:, :, 1]), gaps)


def _repeated(tensor: Tensor, width: int) -> Tensor:
    """Each row `width` times: [batch·width, …]."""
    return tensor.unsqueeze(1).expand(-1, width, *tensor.shape[1:]).flatten(0, 1)  # [batch·width, …]


def _of(tensor: Tensor, parent: Tensor) -> Tensor:
    """What each translation kept has from the one it continues: [batch, width, …]."""
    if tensor.dim() == 2:  # with a third axis, because onnx's reference evaluator, a witness of ours, is wrong on two
        return tensor.unsqueeze(2).gather(1, parent.unsqueeze(2)).squeeze(2)  # [batch, width]
    return tensor.gather(1, parent.unsqueeze(2).expand(-1, -1, tensor.shape[2]))


DONE = 5
"""Place of what is finished among what both searches carry beside the step."""


def _until(places: Tensor) -> Callable[..., Tensor]:
    """Whether a search goes on: there is a place left, and a translation that is not finished."""

    def going(step: Tensor, *carried: Tensor) -> Tensor:
        return torch.logical_and(step < places.shape[0], ~carried[DONE].all())

    return going


def _loop(going: Callable[..., Tensor], body: Callable[..., tuple[Tensor, ...]], start: tuple[Tensor, ...]) -> tuple[Any, ...]:
    """A while loop: Python's own, or, while the exporter traces, an operator of the graph."""
    if torch.onnx.is_in_onnx_export():
        return tuple(torch._higher_order_ops.while_loop(going, body, start))  # type: ignore[no-untyped-call]
    carried = start
    while going(*carried):
        carried = body(*carried)
    return carried
