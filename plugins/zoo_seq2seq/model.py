"""A recurrent encoder and decoder.

What is what, for one sentence x of L words and its translation y of T:

    encoder    m₁ … m_L = RNN→(x) ; RNN←(x)                                    arXiv 1409.0473, section 3.2
    start      s₀ = tanh(W [m at the end → ; m at the beginning ←])
    state      s_t = cell([y_{t−1} ; f_t], s_{t−1})
    attention  c_t = Σ α_ti m_i,  α_t = softmax(a(s_t, m_i))                    arXiv 1508.04025, sections 3.1 and 3.3
    readout    r_t = tanh(W [s_t ; c_t])
    words      p(y_t) = softmax(E r_t + b), E being the embedding of the target's words   arXiv 1608.05859

f_t is r_{t−1} with input feeding, nothing without it, and without attention the end of the encoder at every step (arXiv 1406.1078).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from zoo.text import BEGIN, END, PADDING
from zoo.training.translation import vocabularies_of
from zoo_seq2seq import Config
from zoo_seq2seq.cells import Cell, Encoder


class Attention(nn.Module):
    """Where a state looks.

    Args:
        kind: `"additive"`, v·tanh(W s + U m) (arXiv 1409.0473), or `"general"`, s·(U m) (arXiv 1508.04025).
        state: numbers of a state.
        memory: numbers of an encoder's output.
    """

    def __init__(self, kind: str, state: int, memory: int) -> None:
        super().__init__()
        self.keys = nn.Linear(memory, state, bias=False)
        self.query = nn.Linear(state, state) if kind == "additive" else None
        self.score = nn.Linear(state, 1, bias=False) if kind == "additive" else None

    def forward(self, state: Tensor, keys: Tensor, memory: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """What is seen and where.

        Args:
            state: [batch, state].
            keys: `self.keys(memory)` [batch, length, state].
            memory: [batch, length, memory].
            padding: bool [batch, length], where there is no word.

        Returns:
            The context [batch, memory] and the weights [batch, length], which sum to 1.
        """
        if self.query is not None and self.score is not None:
            energy = self.score(torch.tanh(keys + self.query(state).unsqueeze(1))).squeeze(2)  # [batch, length]
        else:
            energy = torch.bmm(keys, state.unsqueeze(2)).squeeze(2)  # [batch, length]
        weights = energy.masked_fill(padding, float("-inf")).softmax(1)
        return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights  # [batch, memory]


class Translator(nn.Module):
    """Encoder and decoder with their vocabularies.

    Args:
        config: with what the data decide.
    """

    source: Tensor
    target: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        width, memory = config.hidden, 2 * config.hidden
        # The vocabularies as bytes (`zoo.text.Vocabulary.to_bytes`): a model without its words would be no model.
        self.register_buffer("source", torch.zeros(config.source_bytes or 0, dtype=torch.uint8))
        self.register_buffer("target", torch.zeros(config.target_bytes or 0, dtype=torch.uint8))
        self.read = nn.Embedding(config.source_ids or END + 1, config.embedding, padding_idx=PADDING)
        self.write = nn.Embedding(config.target_ids or END + 1, config.embedding, padding_idx=PADDING)
        self.bias = nn.Parameter(torch.zeros(self.write.num_embeddings))
        self.encoder = Encoder(config.cell, config.embedding, width, config.layers, config.dropout)
        self.start = nn.Linear(memory, width)
        self.attention = Attention(config.attention, width, memory) if config.attention != "none" else None
        fed = memory if self.attention is None else config.embedding if config.feeding else 0
        self.cell = Cell(config.cell, config.embedding, fed, width)
        self.readout = nn.Linear(width + memory, config.embedding)
        self.drop = nn.Dropout(config.dropout)
        for embedding in (self.read, self.write):
            nn.init.normal_(embedding.weight, std=config.embedding**-0.5)
            with torch.no_grad():
                embedding.weight[PADDING] = 0
        for layer in (self.start, self.readout):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def encode(self, source: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """What the decoder needs of a sentence.

        Args:
            source: int64 [batch, length], padded.
            lengths: int64 [batch].

        Returns:
            `memory` [batch, length, 2·hidden], `keys` [batch, length, hidden] for attention, `padding` bool [batch, length], `last`
            [batch, 2·hidden], and the decoder's first `state`.
        """
        memory, last = self.encoder(self.drop(self.read(source)), lengths)
        memory = self.drop(memory)
        found = {"memory": memory, "padding": source == PADDING, "last": last}
        if self.attention is not None:
            found["keys"] = self.attention.keys(memory)
        found["state"] = self.cell.begin(torch.tanh(self.start(last)))
        return found

    def first_fed(self, encoded: dict[str, Tensor]) -> Tensor:
        """What the first step is fed beside its word [batch, fed]."""
        if self.attention is None:
            return encoded["last"]
        return encoded["last"].new_zeros(()).expand(encoded["last"].shape[0], self.config.embedding)

    def step(self, gates: Tensor, fed: Tensor, state: Tensor, encoded: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """One word further.

        Args:
            gates: `self.cell.word(embedding of the word before)` [batch, gates].
            fed: [batch, fed].
            state: [batch, states].
            encoded: of `encode`.

        Returns:
            The readout [batch, embedding], the state, and the attention's weights [batch, length] (none: zeros).
        """
        state = self.cell(gates, fed, state)
        top = self.cell.output(state)
        if self.attention is None:
            context, weights = encoded["last"], torch.zeros_like(encoded["padding"], dtype=top.dtype)
        else:
            context, weights = self.attention(top, encoded["keys"], encoded["memory"], encoded["padding"])
        return torch.tanh(self.readout(torch.cat([top, context], 1))), state, weights

    def next_fed(self, readout: Tensor, fed: Tensor) -> Tensor:
        """What the step after one is fed, given that one's readout."""
        return readout if self.attention is not None else fed

    def logits(self, readout: Tensor) -> Tensor:
        """[…, embedding] → […, target words]."""
        return functional.linear(readout, self.write.weight, self.bias)

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Logits of the words of a known translation, each from those before it.

        Args:
            source: int64 [batch, length], padded.
            lengths: int64 [batch].
            target: int64 [batch, time], each row with END, padded.

        Returns:
            float [words, target words]: of all that are no padding, row by row.
        """
        readouts, _ = self._known(source, lengths, target)
        kept = torch.stack(readouts, 1)[target != PADDING]  # [words, embedding]
        return self.logits(kept)

    def _known(self, source: Tensor, lengths: Tensor, target: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Each step's readout [batch, embedding] and weights [batch, length] where the translation is known."""
        encoded = self.encode(source, lengths)
        before = functional.pad(target[:, :-1], (1, 0), value=BEGIN)  # [batch, time]
        gates = self.cell.word(self.drop(self.write(before)))  # [batch, time, gates]
        state, fed = encoded["state"], self.first_fed(encoded)
        readouts, looked = [], []
        for place in range(target.shape[1]):
            readout, state, weights = self.step(gates[:, place], fed, state, encoded)
            readout = self.drop(readout)
            fed = self.next_fed(readout, fed)
            readouts.append(readout)
            looked.append(weights)
        return readouts, looked

    def look(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor | None:
        """Where a known translation looks at its source.

        Args:
            source: int64 [batch, length], padded.
            lengths: int64 [batch].
            target: int64 [batch, time], padded.

        Returns:
            The attention's weights, float [batch, time, length]: each step's sum to 1; `None` where there is no attention.
        """
        if self.attention is None:
            return None
        return torch.stack(self._known(source, lengths, target)[1], 1)  # [batch, time, length]

    def sentences(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Sentences of our own in the language that is read, those of which most is known first, and the same in the one that is
        written: objects `str` [sentences]; `None` where that is not surely one of ours."""
        from zoo_seq2seq.sentences import by_strangeness, known_to, sentences

        reads, writes = vocabularies_of(self)
        texts, references = sentences(reads), known_to(writes)
        order = by_strangeness(reads, texts)
        return texts[order], None if references is None else references[order]

    def translate(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        """Greedy translations (`zoo_seq2seq.search.Search`)."""
        from zoo_seq2seq.search import Search

        found: tuple[Tensor, ...] = Search(self).to(source.device)(source, lengths)
        return found


def build(config: Config) -> Translator:
    """The translator of a config."""
    return Translator(config)
