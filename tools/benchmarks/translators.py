"""The translators side by side: quality, numbers, seconds an epoch, milliseconds a sentence; and how they learned.

    python tools/benchmarks/translators.py --runs DIR --artifacts DIR --plot docs/translators.png [MODEL …]

RUNS holds a finished run of each model, ARTIFACTS its exports with beam search. Epochs and sentences are timed in turn, model after
model, ROUNDS times; medians are printed, as a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from safetensors import safe_open
from train import PEERS, System
from train_translator import write_pairs

from zoo import api
from zoo.data.load import load_dataset
from zoo.progress import Progress
from zoo.registry import registry
from zoo.report.style import LIGHT
from zoo.training.run import Run, newest_finished

MODELS = ("seq2seq.lstm-attention", "seq2seq.gru-attention", "seq2seq.gru", "seq2seq.lstm", "seq2seq.rnn")
PAIRS = 2000
"""Of an epoch that is timed; the table gives the whole split's, by proportion."""
SENTENCES = 100
MARKS = ("o", "s", "^", "D", "v")


def numbers_of(run: Run) -> int:
    """Parameters of its network."""
    with safe_open(run.path / "weights.safetensors", "np") as stored:
        shapes = {name: stored.get_slice(name) for name in stored.keys()}  # noqa: SIM118 - no mapping
        return sum(int(np.prod(piece.get_shape())) for piece in shapes.values() if piece.get_dtype() == "F32")


def epochs_of(models: list[str], rounds: int) -> dict[str, float]:
    """Seconds of an epoch of the whole training split."""
    found: dict[str, list[float]] = {model: [] for model in models}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.tsv"
        whole = write_pairs(path, PAIRS)
        systems = [
            System(model, [sys.executable, str(PEERS / "zoo_peer.py"), model, str(path), str(rounds + 2), "cpu"], {})
            for model in models
        ]
        try:
            for round_ in range(rounds + 1):
                for system in systems:
                    system.epoch()
                    if round_:  # the first warms up
                        found[system.name].append(system.epochs[-1]["seconds"])
        finally:
            for system in systems:
                system.close()
    return {model: statistics.median(seconds) * whole / PAIRS for model, seconds in found.items()}


def sentences_of(models: list[str], artifacts: Path, rounds: int) -> dict[str, float]:
    """Milliseconds of a sentence, one at a time, by the exported graph with beam search."""
    test = load_dataset(registry().dataset("multi30k.de-en"), own=None, name=None, progress=Progress()).splits["test"]["source"]
    opened = {model: api.open(artifacts / f"{model}.beam") for model in models}
    found: dict[str, list[float]] = {model: [] for model in models}
    for round_ in range(rounds + 1):
        for model, artifact in opened.items():
            began = time.perf_counter()
            for text in test[:SENTENCES]:
                artifact.run(text=np.array([text], dtype=object))
            if round_:
                found[model].append(1000 * (time.perf_counter() - began) / SENTENCES)
    return {model: statistics.median(times) for model, times in found.items()}


def draw(runs: dict[str, Run], path: Path) -> None:
    """Validation BLEU after each epoch."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), dpi=144)
    colours = (LIGHT.first, LIGHT.second, "#2a9d6f", LIGHT.muted, "#8a3ffc")
    for (model, run), colour, mark in zip(runs.items(), colours, MARKS, strict=False):
        lines = [line for line in run.lines() if line["kind"] == "epoch"]
        epochs, bleu = zip(*((line["epoch"], line["validation_bleu"]) for line in lines), strict=True)
        axes.plot(epochs, bleu, color=colour, marker=mark, markersize=3.5, linewidth=1.2, label=model)
    axes.set_xlabel("epoch")
    axes.set_ylabel("BLEU, greedy, validation split")
    axes.set_ylim(0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    """Print the table and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(MODELS))
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--artifacts", type=Path, default=Path("exported"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    runs: dict[str, Run] = {}
    for model in given.models:
        run = newest_finished(model, given.runs)
        if run is None:
            raise SystemExit(f"There is no finished run of {model} under {given.runs}.")
        runs[model] = run
    if given.plot:
        draw(runs, given.plot)
    seconds, milliseconds = epochs_of(given.models, given.rounds), sentences_of(given.models, given.artifacts, given.rounds)
    cores = os.cpu_count()
    print(f"| model | parameters | perplexity | BLEU, greedy | BLEU, beam 5 | s an epoch, {cores} cores | ms a sentence, beam 5 |")
    print("|---|---|---|---|---|---|---|")
    for model, run in runs.items():
        certificate = json.loads((given.artifacts / f"{model}.beam" / "certificate.json").read_text(encoding="utf-8"))
        reached, beam = run.state.metrics, certificate["audit"]["onnxruntime_metrics"]["bleu"]
        print(
            f"| `{model}` | {numbers_of(run) / 1e6:.1f} M | {reached['perplexity']:.2f} | {reached['bleu']:.2f} | {beam:.2f} | "
            f"{seconds[model]:.0f} | {milliseconds[model]:.1f} |"
        )


if __name__ == "__main__":
    main()
