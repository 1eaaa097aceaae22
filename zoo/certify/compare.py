"""onnxruntime's answers against golden ones. Torch-free: `verify` uses it too."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from zoo.certify.certificate import Tie

Arrays = Mapping[str, np.ndarray]
SAID = 200
"""Letters of an answer that are told."""


def largest_error(ours: np.ndarray, golden: np.ndarray) -> float:
    """Largest absolute difference; infinite where shapes differ, and where either side is NaN: what is no number agrees
    with nothing, not even with itself."""
    if ours.shape != golden.shape:
        return float("inf")
    if ours.size == 0:
        return 0.0
    with np.errstate(invalid="ignore"):  # infinity less infinity is NaN, which counts as infinite too
        difference = np.abs(ours.astype(np.float64) - golden)
    return float(np.where(np.isnan(difference), np.inf, difference).max())


def changed_answers(
    place: str,
    ours: np.ndarray,
    theirs: np.ndarray,
    gaps: Callable[[np.ndarray], np.ndarray],
    bound: float,
) -> list[Tie]:
    """The exact answers that differ.

    Args:
        place: the case or split.
        ours: onnxruntime's answers [batch, …].
        theirs: PyTorch's.
        gaps: indices of examples [n] → by how much the golden scores prefer theirs to ours, float64 [n].
        bound: error bound of the scores; a gap below twice that is explained by rounding.
    """
    if ours.shape != theirs.shape:
        return [Tie(place=place, index=0, ours=str(ours.shape), theirs=str(theirs.shape), margin=float("inf"), explained=False)]
    different = np.flatnonzero((ours != theirs).reshape(len(ours), -1).any(1))  # [changed]
    if not len(different):
        return []
    return [
        Tie(
            place=place,
            index=int(index),
            ours=_said(ours[index], ours[index] != theirs[index]),
            theirs=_said(theirs[index], ours[index] != theirs[index]),
            margin=float(gap),
            explained=bool(gap < 2 * bound),
        )
        for index, gap in zip(different, gaps(different), strict=True)
    ]


def _said(answer: np.ndarray, different: np.ndarray) -> str:
    """An answer in words; of one with many elements the first that differs, with its place."""
    if not answer.ndim:
        return str(answer) if len(str(answer)) <= SAID else f"{str(answer)[: SAID - 1]}…"
    places = np.argwhere(different)
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f"{answer[tuple(places[0])]} at {places[0].tolist()}{more}"
