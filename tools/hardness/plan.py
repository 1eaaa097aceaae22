"""Which cases a campaign has: every kind of damage in turn, to every file of every subject, as many as asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice

from tools.hardness.artifacts import FILE_KINDS, GOLDEN_KINDS
from tools.hardness.corruption import BYTES
from tools.hardness.graphs import EDITS
from tools.hardness.judges import Case
from tools.hardness.tensor_files import FORGED, KINDS

SAFETENSORS = (*BYTES, *KINDS, *KINDS, *FILE_KINDS)  # the header's kinds twice: most of a file's bits are weights, which are alike


def _tensor_rows() -> list[tuple[str, str, str, bool]]:
    """Judge, file, kind, forged: of weights and checkpoints."""
    rows = [("load_tensors", file, kind, False) for file in ("weights", "checkpoint") for kind in SAFETENSORS]
    rows += [("load_tensors", "checkpoint", kind, True) for kind in FORGED]
    rows += [("zoo.load", "weights.safetensors", kind, False) for kind in (*KINDS, "one bit", "cut short")]
    rows += [("zoo.load", "weights.safetensors", kind, True) for kind in FORGED]
    rows += [("resume", "newest checkpoint", kind, False) for kind in (*KINDS, "one bit", "cut short", "no file")]
    rows += [("resume", "all checkpoints", kind, False) for kind in ("one bit", "cut short", "header JSON")]
    return rows + [
        ("resume", file, kind, True) for file in ("newest checkpoint", "all checkpoints") for kind in FORGED for _ in range(3)
    ]


def _run_rows() -> list[tuple[str, str, str, bool]]:
    """Of a run's other files."""
    rows = [("resume", "run.json", kind, False) for kind in ("JSON", "JSON", "JSON", "one bit", "cut short", "noise", *FILE_KINDS)]
    rows += [("zoo.load", "run.json", kind, False) for kind in ("JSON", "one bit", "noise")]
    rows += [
        ("resume", "recipe.toml", kind, False) for kind in ("one bit", "many bits", "noise", "cut short", "repeated", *FILE_KINDS)
    ]
    return rows + [
        ("resume", "metrics.jsonl", kind, False) for kind in ("a line's JSON", "a line's JSON", "one bit", "noise", "no file")
    ]


def _graph_rows() -> list[tuple[str, str, str, bool]]:
    """Of artifacts and bare `.onnx` files."""
    bytes_ = ("one bit", "many bits", "zeros", "cut short", "inserted", "empty", "other", "varints")
    rows = [("zoo.open", "model.onnx", kind, False) for kind in (*bytes_, *FILE_KINDS)]
    rows += [("bare file", "model.onnx", kind, False) for kind in (*bytes_, *bytes_)]
    for judge in ("zoo.open", "zoo verify"):
        rows += [(judge, "model.onnx", kind, True) for kind in (*EDITS, "one bit", "varints")]
        rows += [
            (judge, "zoo.json", kind, False) for kind in ("JSON", "JSON", "JSON", "one bit", "noise", "cut short", *FILE_KINDS)
        ]
        rows += [(judge, "certificate.json", kind, forged) for forged in (False, True) for kind in ("JSON", "noise")]
        rows += [(judge, "golden.npz", kind, True) for kind in (*GOLDEN_KINDS, "one bit", "many bits", "zeros", "cut short")]
    rows += [("zoo verify", "certificate.json", "JSON", True)] * 4
    rows += [("zoo verify", "golden.npz", kind, True) for kind in GOLDEN_KINDS] * 2
    return rows + [("bare file", "model.onnx", kind, True) for kind in EDITS]


GROUPS = {"tensors": _tensor_rows, "runs": _run_rows, "graphs": _graph_rows}
SUBJECTS = {"tensors": ("camera", "logreg", "cnn"), "runs": ("camera", "cnn"), "graphs": ("camera", "logreg", "cnn")}


def cases(group: str, number: int, seed: int, subjects: Sequence[str] | None = None) -> Iterator[Case]:
    """The first `number` cases of a group: all its kinds in turn, round after round, each with a seed of its own."""

    def endless() -> Iterator[Case]:
        chosen = subjects or SUBJECTS[group]
        for turn in count():
            for place, (judge, file, kind, forged) in enumerate(GROUPS[group]()):
                yield Case(judge, chosen[(turn + place) % len(chosen)], file, kind, seed * 1_000_003 + turn * 1009 + place, forged)

    return islice(endless(), number)
