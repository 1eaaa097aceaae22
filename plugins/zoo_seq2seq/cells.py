"""Recurrent cells: Elman's, LSTM, GRU; and the encoder made of torch's own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
"""How many blocks of `hidden` rows a cell's matrices have."""
LAYERS: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
OPERATORS = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
ORDER = {"rnn": (0,), "gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}
"""Where ONNX's gates stand among torch's: r z n → z r h; i f g o → i o f c."""


class Cell(nn.Module):
    """One step of a recurrent layer that is fed a word and something else.

    Elman (1990): h = tanh(W x + U h). LSTM (Hochreiter & Schmidhuber 1997; forget gate by Gers et al. 2000): the state is h and c
    side by side. GRU (arXiv 1406.1078) with the reset after the product, as cuDNN and torch have it.

    Args:
        kind: `"rnn"`, `"gru"` or `"lstm"`.
        word: numbers of a word.
        fed: numbers of what else is fed; 0 for nothing.
        hidden: numbers of the state h.
    """

    def __init__(self, kind: str, word: int, fed: int, hidden: int) -> None:
        super().__init__()
        self.kind, self.hidden = kind, hidden
        rows = GATES[kind] * hidden
        self.word = nn.Linear(word, rows)
        self.fed = nn.Linear(fed, rows, bias=False) if fed else None
        self.past = nn.Linear(hidden, rows)
        for layer in (self.word, self.fed, self.past):
            if layer is None:
                continue
            for block in torch.split(layer.weight, hidden):
                (nn.init.orthogonal_ if layer is self.past else nn.init.xavier_uniform_)(block)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        if kind == "lstm":
            with torch.no_grad():
                self.word.bias[hidden : 2 * hidden] = 1  # remember, to begin with (Jozefowicz et al. 2015)

    def begin(self, output: Tensor) -> Tensor:
        """The state whose h is `output` [batch, hidden]: [batch, states]."""
        return torch.cat([output, torch.zeros_like(output)], 1) if self.kind == "lstm" else output

    def output(self, state: Tensor) -> Tensor:
        """h of a state [batch, states]: [batch, hidden]."""
        return state[:, : self.hidden]

    def forward(self, gates: Tensor, fed: Tensor, state: Tensor) -> Tensor:
        """The next state.

        Args:
            gates: `self.word(word)` [batch, gates·hidden]; computed outside, for all words of a sentence at once.
            fed: [batch, fed].
            state: [batch, states].
        """
        if self.fed is not None:
            gates = gates + self.fed(fed)
        past = self.past(self.output(state))
        if self.kind == "rnn":
            return torch.tanh(gates + past)
        if self.kind == "gru":
            (reset, update, new), (past_reset, past_update, past_new) = gates.chunk(3, 1), past.chunk(3, 1)
            reset, update = torch.sigmoid(reset + past_reset), torch.sigmoid(update + past_update)
            new = torch.tanh(new + reset * past_new)
            return new + update * (state - new)
        enter, forget, new, leave = (gates + past).chunk(4, 1)
        memory = torch.sigmoid(forget) * state[:, self.hidden :] + torch.sigmoid(enter) * torch.tanh(new)
        return torch.cat([torch.sigmoid(leave) * torch.tanh(memory), memory], 1)


class Encoder(nn.Module):
    """Layers that read both ways; what lies beyond a sentence's end is not read.

    Args:
        kind: `"rnn"`, `"gru"` or `"lstm"`.
        inputs: numbers of a word.
        hidden: numbers of a state, of each direction.
        layers: how many.
        dropout: share of values set to zero between layers while training.
    """

    def __init__(self, kind: str, inputs: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.kind, self.hidden = kind, hidden
        sizes = [inputs, *[2 * hidden] * (layers - 1)]
        self.layers = nn.ModuleList(LAYERS[kind](size, hidden, batch_first=True, bidirectional=True) for size in sizes)
        self.drop = nn.Dropout(dropout)
        for name, weight in self.named_parameters():
            if "bias" in name:
                nn.init.zeros_(weight)
                if kind == "lstm" and "bias_ih" in name:
                    with torch.no_grad():
                        weight[hidden : 2 * hidden] = 1
                continue
            for block in torch.split(weight, hidden):
                (nn.init.orthogonal_ if "weight_hh" in name else nn.init.xavier_uniform_)(block)

    def freeze(self) -> None:
        """Lay the weights out as ONNX's operators want them, before tracing; else dozens of nodes would do it at each call."""
        for place, layer in enumerate(self.layers):
            parts: dict[str, list[Tensor]] = {"W": [], "R": [], "B": []}
            for way in ("l0", "l0_reverse"):
                parts["W"].append(self._reordered(getattr(layer, f"weight_ih_{way}")))
                parts["R"].append(self._reordered(getattr(layer, f"weight_hh_{way}")))
                both = [self._reordered(getattr(layer, f"bias_{which}_{way}")) for which in ("ih", "hh")]
                parts["B"].append(torch.cat(both))  # [2·gates·hidden]
            for name, found in parts.items():
                self.register_buffer(f"{name}{place}", torch.stack(found).detach().clone(), persistent=False)  # [2, …]

    def _reordered(self, weight: Tensor) -> Tensor:
        blocks = torch.split(weight, self.hidden)
        return torch.cat([blocks[place] for place in ORDER[self.kind]])

    def forward(self, words: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Read sentences.

        Args:
            words: [batch, length, inputs].
            lengths: int64 [batch], each at least 1.

        Returns:
            What is known at each word [batch, length, 2·hidden], 0 at padding; and at the end of each direction [batch, 2·hidden].
        """
        last = words
        for place, layer in enumerate(self.layers):
            words = self.drop(words) if place else words
            words, last = (
                self._exported(place, words, lengths) if torch.onnx.is_in_onnx_export() else self._packed(layer, words, lengths)
            )
        return words, last

    def _packed(self, layer: nn.Module, words: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        packed = nn.utils.rnn.pack_padded_sequence(words, lengths.cpu(), batch_first=True, enforce_sorted=False)
        outputs, last = layer(packed)
        last = last[0] if self.kind == "lstm" else last  # [2, batch, hidden]
        whole, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=words.shape[1])
        return whole, last.transpose(0, 1).flatten(1)  # [batch, 2·hidden]

    def _exported(self, place: int, words: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """As one operator of ONNX, which takes lengths; torch's packed sequences cannot be traced."""
        batch, length = words.shape[:2]
        attributes: dict[str, Any] = {"hidden_size": self.hidden, "direction": "bidirectional"}
        if self.kind == "gru":
            attributes["linear_before_reset"] = 1
        weights = tuple(getattr(self, f"{name}{place}") for name in "WRB")
        outputs, last, *_ = torch.onnx.ops.symbolic_multi_out(
            OPERATORS[self.kind],
            (words.transpose(0, 1), *weights, lengths.to(torch.int32)),
            attributes,
            dtypes=(words.dtype, words.dtype),
            shapes=((length, 2, batch, self.hidden), (2, batch, self.hidden)),
        )
        return outputs.permute(2, 0, 1, 3).flatten(2), last.transpose(0, 1).flatten(1)  # [batch, length, 2h], [batch, 2h]
