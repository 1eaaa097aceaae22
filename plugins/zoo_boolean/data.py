"""The data set by itself: it stands for the truth table of whichever function a model has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo_boolean import Gate
from zoo_boolean.function import rows, table_of


def load(files: Mapping[str, Path]) -> dict[str, dict[str, np.ndarray]]:
    """The truth table of AND: `inputs` bool [4, 2], `output` bool [4]. A model brings its own (`zoo_boolean.function:configure`).

    Args:
        files: none; the table is computed.
    """
    del files  # generated: nothing is fetched
    split = {"inputs": rows(2), "output": table_of(Gate(gate="and"))}
    return {"train": split, "test": split}
