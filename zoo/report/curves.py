"""Learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

COLOURS = ("#0b6e99", "#d1495b")
"""Blue and red that stay apart in print and for the colour-blind, on white and on black."""


def draw_curves(history: Sequence[Mapping[str, Any]], path: Path, *, title: str) -> None:
    """Loss and each other metric over the epochs, training beside held-out data, as a PNG.

    Args:
        history: the epoch lines of `metrics.jsonl`.
        path: where it is written.
        title: above the panels.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    names = [key for key in history[0] if "_" in key]
    metrics = list(dict.fromkeys(key.split("_", 1)[1] for key in names))
    splits = list(dict.fromkeys(key.split("_", 1)[0] for key in names))
    epochs = [line["epoch"] for line in history]
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        sheet = Figure(figsize=(3.4 * len(metrics), 2.6), layout="constrained", facecolor="white")
        FigureCanvasAgg(sheet)
        for place, metric in enumerate(metrics, start=1):
            axes = sheet.add_subplot(1, len(metrics), place)
            for split, colour in zip(splits, COLOURS, strict=False):
                values = [float(line[f"{split}_{metric}"]) for line in history]
                axes.plot(epochs, values, color=colour, label=split, linewidth=1.6, marker="o", markersize=2.5)
            axes.set_xlabel("epoch")
            axes.set_ylabel(metric)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(alpha=0.25, linewidth=0.5)
            if place == 1:
                axes.legend(frameon=False)
        sheet.suptitle(title, fontsize=10)
        sheet.savefig(path, dpi=150)
