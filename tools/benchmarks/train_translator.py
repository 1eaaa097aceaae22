"""Training a translator beside a plain PyTorch loop of the same network: seconds of an epoch, in turn.

    python tools/benchmarks/train_translator.py [--model seq2seq.gru-attention] [--rounds 3] [--pairs 6000]

The pairs are the first of Multi30k's training split, German to English, some of them held out. Each system runs in a process of its
own and waits while the other has its turn. Evaluation is not timed. A ratio is ours ÷ theirs; below 1, we are faster.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from train import PEERS, System

from zoo.data.load import load_dataset
from zoo.progress import Progress
from zoo.registry import registry


def write_pairs(path: Path, count: int) -> int:
    """Write the first pairs of Multi30k's training split, German and English, and return how many it has."""
    train = load_dataset(registry().dataset("multi30k.de-en"), own=None, name=None, progress=Progress()).splits["train"]
    lines = [f"{source}\t{target}\n" for source, target in zip(train["source"], train["target"], strict=True)]
    path.write_text("".join(lines[:count]), encoding="utf-8")
    return len(lines)


def main() -> None:
    """Print both systems' medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="seq2seq.gru-attention")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=6000)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pairs = Path(folder) / "pairs.tsv"
        write_pairs(pairs, options.pairs)
        # One epoch more than is asked for, so that none is the last, behind which the test split is translated.
        asked = [options.model, str(pairs), str(options.rounds + 1), options.device]
        systems = [
            System(name, [sys.executable, str(PEERS / file), *asked], {})
            for name, file in (("zoo", "zoo_peer.py"), ("torch", "plain_translator.py"))
        ]
        try:
            for round_ in range(options.rounds):
                for system in systems:
                    system.epoch()
                    print(f"round {round_ + 1} {system.name}: {system.epochs[-1]['seconds']:.2f} s", file=sys.stderr)
        finally:
            for system in systems:
                system.close()
    ours, theirs = ([epoch["seconds"] for epoch in system.epochs] for system in systems)
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    for system, seconds in zip(systems, (ours, theirs), strict=True):
        print(f"{options.model}: {system.label}: {statistics.median(seconds):.2f} s an epoch of {options.pairs} pairs")
    print(f"ours ÷ theirs: {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}), {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
