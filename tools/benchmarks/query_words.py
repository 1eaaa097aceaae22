"""A word's neighbours: milliseconds a query by onnxruntime and by gensim's `most_similar`, sizes, and how alike their answers are.

    python tools/benchmarks/query_words.py --run RUN [--rounds 7]

RUN is a finished run of word vectors. It is exported in float32, float16 and int8 to a folder for the time being; gensim gets the
same vectors. Systems are asked in turn about the same words, one word and 64 words at a time; medians over the rounds are printed.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors

from zoo import api
from zoo.data.dataset import texts
from zoo.training.run import Run
from zoo.training.words import words_of

PRECISIONS = ("fp32", "fp16", "int8")
ASKED, BATCH, NEAREST = 512, 64, 10
Ask = Callable[[list[str]], None]


def milliseconds(systems: dict[str, Ask], words: list[str], size: int, rounds: int) -> dict[str, float]:
    """Of a word, asked about in batches of `size`: medians over the rounds, all systems in each."""
    found: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(rounds + 1):
        for name, ask in systems.items():
            began = time.perf_counter()
            for start in range(0, len(words), size):
                ask(words[start : start + size])
            found[name].append(1e3 * (time.perf_counter() - began) / len(words))
    return {name: statistics.median(times[1:]) for name, times in found.items()}


def main() -> None:
    """Export, ask, print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    run = Run.open(given.run)
    module = api.load(run.state.id, run=given.run)
    words = words_of(module)
    vectors = module.vectors.detach().numpy()
    peer = KeyedVectors(vectors.shape[1])
    peer.add_vectors(words, vectors)
    generator = np.random.default_rng(0)
    asked = [words[place] for place in generator.choice(len(words), ASKED, replace=False)]
    with tempfile.TemporaryDirectory() as folder:
        models, sizes = {}, {}
        for precision in PRECISIONS:
            (made,) = api.export(run=given.run, output=folder, variants=["neighbours"], precision=precision)
            models[precision] = api.open(made.path)
            sizes[precision] = (made.path / "model.onnx").stat().st_size
        answers = {name: model.answer({"word": texts(words)}, batch=500)["neighbours"] for name, model in models.items()}
        systems: dict[str, Ask] = {
            f"onnxruntime, {name}": lambda part, model=model: model.answer({"word": texts(part)}) for name, model in models.items()
        }
        systems["gensim"] = lambda part: [peer.most_similar(word, topn=NEAREST) for word in part]  # it takes one at a time
        one, many = (milliseconds(systems, asked, size, given.rounds) for size in (1, BATCH))
    theirs = np.array([[word for word, _ in peer.most_similar(word, topn=NEAREST)] for word in asked])
    print(f"{len(words):,} words of {vectors.shape[1]} numbers; {ASKED} asked about")
    print(f"| | bytes | ms a word, alone | ms a word, {BATCH} at once | neighbours that are float32's |\n|---|---|---|---|---|")
    for name in systems:
        precision = name.rpartition(" ")[2]
        size = f"{sizes[precision]:,}" if precision in sizes else f"{vectors.nbytes:,} (the vectors)"
        if precision in answers:
            alike = np.mean(
                [len({*ours} & {*right}) / NEAREST for ours, right in zip(answers[precision], answers["fp32"], strict=True)]
            )
        else:
            rows = answers["fp32"][[words.index(word) for word in asked]]
            alike = np.mean([len({*ours} & {*right}) / NEAREST for ours, right in zip(theirs, rows, strict=True)])
        print(f"| {name} | {size} | {one[name]:.3f} | {many[name]:.3f} | {alike:.2%} |")


if __name__ == "__main__":
    main()
