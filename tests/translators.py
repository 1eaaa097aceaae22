"""A translator that is trained in seconds, on sentences of three parts."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import zoo
from zoo.training.run import Run

WHO = (
    ("Der Mann", "The man"),
    ("Die Frau", "The woman"),
    ("Der Hund", "The dog"),
    ("Das Kind", "The child"),
    ("Ein Koch", "A cook"),
    ("Ein Arbeiter", "A worker"),
)
DOES = (("spielt", "plays"), ("schläft", "sleeps"), ("wartet", "waits"), ("liest", "reads"), ("singt", "sings"))
WHERE = (
    ("im Park", "in the park"),
    ("auf der Straße", "on the street"),
    ("vor dem Haus", "in front of the house"),
    ("im Schnee", "in the snow"),
    ("am See", "near the lake"),
    ("auf dem Dach", "on the roof"),
)
PAIRS = [tuple(f"{' '.join(parts)}." for parts in zip(*three, strict=True)) for three in product(WHO, DOES, WHERE)]
"""180 sentences in German and English."""


def write_pairs(path: Path, pairs: list[tuple[str, ...]] = PAIRS) -> Path:
    """Write `pairs` as a table, and return its path."""
    path.write_text("".join("\t".join(pair) + "\n" for pair in pairs), encoding="utf-8")
    return path


def train_tiny(folder: Path, model: str = "seq2seq.gru-attention", steps: int = 60, **config: Any) -> Run:
    """A run `folder/runs/seq2seq.tiny/1` on `folder/pairs.tsv`, both made here."""
    recipe = {"steps": steps, "lr": 0.01, "batch_size": 16, "precision": "fp32", "seed": 0}
    changes = {"embedding": 24, "hidden": 24, **config}
    return zoo.train(
        model,
        recipe={**recipe, **{f"config.{name}": value for name, value in changes.items()}},
        data=write_pairs(folder / "pairs.tsv"),
        name="tiny",
        output=folder / "runs",
        device="cpu",
    )
