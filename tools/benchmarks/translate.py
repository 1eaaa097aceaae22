"""The exported translator beside a loop in Python over an onnxruntime step, and beside PyTorch's own search.

    python tools/benchmarks/translate.py RUN --artifacts DIR

RUN is a finished run of a `seq2seq` model; DIR holds its exports. All three read the same test sentences and give the same
translations; they take turns, and the medians' ratios are printed for greedy and beam search at each batch size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import zoo
from zoo.exporting.trace import quiet_export
from zoo.progress import Progress
from zoo.registry import registry
from zoo.text import BEGIN, END, PADDING
from zoo.training.parent import trained_module
from zoo.training.run import Run
from zoo.training.train import data_of
from zoo.training.translation import vocabularies_of
from zoo_seq2seq.export import PENALTY, WIDTH
from zoo_seq2seq.model import Translator
from zoo_seq2seq.search import LONGEST, Search

BATCHES = (1, 8, 32)
SENTENCES = 64
"""Read at each batch size in each round."""
Answer = Callable[[np.ndarray], list[str]]


class Encode(nn.Module):
    """The encoder alone, as a graph of its own."""

    def __init__(self, translator: Translator) -> None:
        super().__init__()
        self.translator = translator

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        """int64 [batch, length], int64 [batch] → what `Step` takes."""
        encoded = self.translator.encode(source, lengths)
        return encoded["memory"], encoded["keys"], encoded["padding"], encoded["last"], encoded["state"]


class Step(nn.Module):
    """One step of the decoder, as a graph of its own."""

    def __init__(self, search: Search) -> None:
        super().__init__()
        self.search = search

    def forward(
        self, last: Tensor, state: Tensor, fed: Tensor, memory: Tensor, keys: Tensor, padding: Tensor, end: Tensor
    ) -> tuple[Tensor, ...]:
        """int64 [batch] and the rest → log-probabilities [batch, words], state, what is fed next, and where it looked [batch]."""
        model = self.search.translator
        encoded = {"memory": memory, "keys": keys, "padding": padding, "last": end}
        readout, state, weights = model.step(model.cell.word(model.write(last)), fed, state, encoded)
        return self.search._log_probabilities(readout), state, model.next_fed(readout, fed), weights.argmax(1)


class Loop:
    """The search in Python and NumPy over two sessions."""

    def __init__(self, search: Search, width: int) -> None:
        import onnxruntime

        self.search, self.width = search, width
        model = search.translator
        model.encoder.freeze()
        source, lengths = torch.tensor([[4, 5, END], [4, END, PADDING]]), torch.tensor([3, 2])
        batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
        with torch.inference_mode():
            encoded = model.encode(source, lengths)
            fed = model.first_fed(encoded).clone()
        whole = (encoded["memory"], encoded["keys"], encoded["padding"], encoded["last"])
        encoder = _exported(Encode(model), (source, lengths), ({0: batch, 1: length}, {0: batch}))
        shapes: tuple[Any, ...] = ({0: batch}, {0: batch}, {0: batch}, *[{0: batch, 1: length}] * 3, {0: batch})
        step = _exported(Step(search), (torch.tensor([BEGIN, BEGIN]), encoded["state"], fed, *whole), shapes)
        self.encoder, self.step = (onnxruntime.InferenceSession(content) for content in (encoder, step))
        self.names = [put.name for put in self.step.get_inputs()]

    def __call__(self, ids: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tokens and where each looked, int64 [batch, time]."""
        width, batch = self.width, len(ids)
        memory, keys, padding, end, state = self.encoder.run(None, dict(zip(("source", "lengths"), (ids, lengths), strict=True)))
        parts = [np.repeat(array, width, 0) for array in (memory, keys, padding, end)]
        state = np.repeat(state, width, 0)
        fed = np.zeros((batch * width, self.search.translator.config.embedding), np.float32)
        last = np.full(batch * width, BEGIN)
        most = LONGEST[0] * lengths + LONGEST[1]
        tokens = np.zeros((batch, width, 0), np.int64)
        copied = np.zeros((batch, width, 0), np.int64)
        total = np.full((batch, width), -np.inf, np.float32)
        total[:, 0] = 0
        count = np.ones((batch, width), np.float32)
        done = np.zeros((batch, width), bool)
        rows = np.arange(batch)[:, None]
        for step in range(int(most.max())):
            likely, state, fed, looked = self.step.run(None, dict(zip(self.names, (last, state, fed, *parts), strict=True)))
            words = likely.shape[1]
            likely = likely.reshape(batch, width, words)  # [batch, width, words]
            likely[done] = -np.inf
            likely[done, PADDING] = 0
            count = np.where(done, count, np.float32(step + 1))
            sums = (total[:, :, None] + likely).reshape(batch, -1)  # [batch, width · words]
            worth = sums / np.repeat(count**PENALTY, words, 1)
            if width == 1:
                chosen = worth.argmax(1)[:, None]
            else:
                some = np.argpartition(-worth, width, 1)[:, :width]
                chosen = np.take_along_axis(some, np.argsort(-worth[rows, some], 1, kind="stable"), 1)
            parent, token = chosen // words, chosen % words
            tokens = np.concatenate([tokens[rows, parent], token[:, :, None]], 2)
            copied = np.concatenate([copied[rows, parent], looked.reshape(batch, width)[rows, parent][:, :, None]], 2)
            total, count = np.take_along_axis(sums, chosen, 1), count[rows, parent]
            done = done[rows, parent] | (token == END) | (step + 1 >= most[:, None])
            flat = (rows * width + parent).ravel()
            state, fed, last = state[flat], fed[flat], token.ravel()
            if done.all():
                break
        return tokens[:, 0], copied[:, 0]


def _exported(module: nn.Module, arguments: tuple[Tensor, ...], shapes: tuple[Any, ...]) -> bytes:
    with quiet_export():
        names = ["source", "lengths"] if len(arguments) == 2 else None
        program = torch.onnx.export(
            module.eval(), arguments, dynamo=True, dynamic_shapes=shapes, input_names=names, external_data=False, verbose=False
        )
    assert program is not None
    return program.model_proto.SerializeToString()  # type: ignore[no-any-return]


def systems(translator: Translator, artifact: Path, width: int) -> dict[str, Answer]:
    """Each takes sentences and gives translations."""
    reads, writes = vocabularies_of(translator)
    search = Search(translator, width=width, penalty=PENALTY).eval()
    loop, model = Loop(search, width), zoo.open(artifact)

    def graph(texts: np.ndarray) -> list[str]:
        return model.run(text=texts)["translation"].tolist()  # type: ignore[no-any-return]

    def python(texts: np.ndarray) -> list[str]:
        read = reads.encode(texts)
        return writes.decode(*loop(read.ids, read.lengths), read.words).tolist()  # type: ignore[no-any-return]

    def eager(texts: np.ndarray) -> list[str]:
        read = reads.encode(texts)
        with torch.inference_mode():
            tokens, copied, _ = search(torch.from_numpy(read.ids), torch.from_numpy(read.lengths))
        return writes.decode(tokens.numpy(), copied.numpy(), read.words).tolist()  # type: ignore[no-any-return]

    return {"graph": graph, "loop over a step": python, "PyTorch eager": eager}


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("exported"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    known = registry()
    run = Run.open(arguments.run)
    translator = trained_module(run, known).float().eval()
    assert isinstance(translator, Translator)
    texts = data_of(run, known, Progress()).splits["test"]["source"][:SENTENCES].astype(np.str_)
    rows = []
    for variant, width in (("", 1), (".beam", WIDTH)):
        found = systems(translator, arguments.artifacts / f"{run.state.id}{variant}", width)
        for batch in BATCHES:
            answers: dict[str, list[str]] = {}
            times: dict[str, list[float]] = {name: [] for name in found}
            for _ in range(arguments.rounds + 1):  # the first round warms up
                for name, answer in found.items():
                    began = time.perf_counter()
                    answers[name] = [one for start in range(0, len(texts), batch) for one in answer(texts[start : start + batch])]
                    times[name].append(time.perf_counter() - began)
            rates = {name: len(texts) / statistics.median(taken[1:]) for name, taken in times.items()}
            differ = {name: sum(a != b for a, b in zip(answers[name], answers["graph"], strict=True)) for name in found}
            rows.append({"search": variant[1:] or "greedy", "batch": batch, "sentences_a_second": rates, "differ": differ})
            if not arguments.json:
                ratios = ", ".join(f"{rates['graph'] / rates[name]:.2f}× {name}" for name in found if name != "graph")
                print(f"{rows[-1]['search']:>6} batch {batch:>2}: {rates['graph']:7.1f} sentences/s; {ratios}; differ {differ}")
    if arguments.json:
        print(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
