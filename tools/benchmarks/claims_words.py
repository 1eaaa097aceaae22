"""What textbooks say of skip-gram and bag of words, tried: which is better on little text, which on rare words, which is faster.

    python tools/benchmarks/claims_words.py [--seeds 3]

Both are trained by their recipes on all of `text.sotu`, on a third and on a tenth of its lines, with several seeds. Pairs of
WordSim-353 and SimLex-999 are parted by the rarer of their two words. On a part of the text the epochs are as many more as the text
is shorter, so that each has the same number of steps; what differs is what there is to learn from.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from zoo import api
from zoo.data.dataset import Dataset
from zoo.data.fetch import fetch
from zoo.progress import Progress
from zoo.registry import registry
from zoo.text.similarity import similarities
from zoo.training.judged import load_lists, pairs_of
from zoo.training.words import words_of

MODELS = ("skipgram", "cbow")
PARTS = {"all": 1, "a third": 3, "a tenth": 10}
RARE = 100
"""A word that occurs less often in the whole text is rare."""
LISTS = ("wordsim353", "simlex999")


def agreement(name: str, run: Path, counts: Mapping[str, int], lists: Dataset) -> dict[str, tuple[float, int]]:
    """Spearman's correlation and known pairs, by list and by how rare the rarer word of a pair is."""
    module = api.load(name, run=run)
    rows = {word: place for place, word in enumerate(words_of(module))}
    vectors = module.vectors.detach().numpy()
    named = pairs_of(lists.splits["pairs"])
    found = {}
    for listed in LISTS:
        for kind, rare in (("rare", True), ("frequent", False)):
            chosen = [pair for pair in named[listed] if (min(counts.get(word, 0) for word in pair[:2]) < RARE) == rare]
            agreed = similarities(vectors, rows, chosen)
            found[f"{listed}, {kind}"] = agreed.spearman, agreed.known
    return found


def main() -> None:
    """Train all and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    known, lists = registry(), load_lists(registry(), Progress())
    files, _ = fetch(known.dataset("text.sotu"), Progress())
    lines = next(iter(files.values())).read_text(encoding="utf-8").splitlines(keepends=True)
    found: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for part, share in PARTS.items():
            path = Path(folder) / f"text{share}.txt"
            # Every so many-th line: speeches of all times.
            path.write_text("".join(lines[::share]), encoding="utf-8")
            for model in MODELS:
                for seed in range(1, given.seeds + 1):
                    name = f"part{share}-{model}"
                    recipe = {"seed": seed, "epochs": 5 * share}
                    run = api.train(f"word2vec.{model}", data=path, name=name, output=Path(folder) / "runs", recipe=recipe)
                    if part == "all":
                        module = api.load(f"word2vec.{name}", run=run.path)
                        counts = dict(zip(words_of(module), module.counts.tolist(), strict=True))
                    made = agreement(f"word2vec.{name}", run.path, counts, lists)
                    row = found.setdefault(f"{model}, {part} of the text", {})
                    for key, (value, pairs) in made.items():
                        row.setdefault(f"{key} ({pairs} pairs)", []).append(value)
                    row.setdefault("seconds", []).append(run.state.seconds)
                    print(part, model, seed, made, run.state.seconds, file=sys.stderr, flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    for row, cells in found.items():
        print(f"- {row}: ", end="")
        print("; ".join(f"{key} {statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}" for key, values in cells.items()))


if __name__ == "__main__":
    main()
