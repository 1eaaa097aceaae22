"""A truth table has finitely many rows: the exported file is asked them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zoo.certify.proof import Answer, Proof
from zoo.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn

    from zoo.data.dataset import Dataset


def prove(spec: ModelSpec, module: nn.Module, dataset: Dataset, answer: Answer) -> Sequence[Proof]:  # noqa: ARG001
    """The file answers every row as the function does, whose values were worked out without any unit."""
    table = dataset.splits["test"]
    wrong = int(np.count_nonzero(answer({"inputs": table["inputs"]})["output"] != table["output"]))
    rows = len(table["output"])
    return [
        Proof(
            claim=f"Of all {rows:,} rows of the truth table {wrong or 'none'} {'is' if wrong <= 1 else 'are'} answered wrongly.",
            method="Each row through the exported file, against the expression evaluated in Python.",
            holds=not wrong,
        )
    ]
