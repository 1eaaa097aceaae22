"""Files in fewer bits beside float32's: bytes, speed, metric, verdict, for every model and method; Markdown and a picture.

    python tools/benchmarks/quantised.py cnn mlp logreg autoencoder --artifacts FOLDER [--runs runs] [--method int8 …]
                                         [--plot docs/precision.png]

Each model's newest finished run is exported by each method to FOLDER (its default variant); what is there already is only read, so
that the table can be made in pieces. Speeds are those of the certificates: one thread, in turn with the same network in float32.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import onnxruntime
from matplotlib.axes import Axes

from zoo import api
from zoo.certify.certificate import Certificate, Stored
from zoo.certify.speed import Speed
from zoo.errors import ZooError
from zoo.exporting.speed import THREADS
from zoo.exporting.verdict import BUDGETS
from zoo.files import write_atomic
from zoo.machine import cpu_name
from zoo.progress import default_progress
from zoo.registry import registry
from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet
from zoo.report.style import LIGHT, SMALL, STRONG, Theme
from zoo.report.tables import figure, markdown_table

PANEL = 400
"""Height of a panel, pixels."""
LEFT, BETWEEN, LINE = 66, 60, 22
MARKERS = dict(zip(BUDGETS, "os^D", strict=True))
REFUSED = "refused.json"
"""In FOLDER: what was not exported, and why."""


@dataclass(frozen=True)
class Cell:
    """One model by one method: what its certificate says, or why there is none."""

    model: str
    method: str
    stored: Stored | None
    refused: str = ""

    @property
    def slower(self) -> bool:
        """Whether `zoo export` would refuse it without --keep-slower."""
        budget = BUDGETS[self.method]
        return budget.rejected and self.stored is not None and any(speed.below(budget.slow) for speed in self.stored.speeds)

    def row(self) -> list[str]:
        """Of the table."""
        if self.stored is None:
            return [self.model, self.method, "", "", "", "", self.refused]
        stored = self.stored
        share = f"{stored.size:,} ({stored.size / stored.size_before:.2f}×)"
        metric = f"{stored.metric} {figure(stored.value)} ({figure(stored.value_before)})"
        said = stored.verdict.replace("accepted, though", "rejected:") if self.slower else stored.verdict
        return [self.model, self.method, share, *map(_interval, stored.speeds), metric, said]


@dataclass(frozen=True)
class Gains(Plot):
    """Bytes against speed, both as multiples of float32's; a number at each mark leads to its model."""

    cells: tuple[Cell, ...]
    machine: str

    @property
    def shows(self) -> str:
        return f"{len(self.models)} models by {len({cell.method for cell in self.cells})} methods: bytes and speed beside float32"

    @property
    def lesson(self) -> str:
        return "Further left is smaller, higher is faster; below the line, slower than float32. A hollow mark is a rejected file."

    @property
    def models(self) -> list[str]:
        """Those that were exported by any method, in order."""
        return list(dict.fromkeys(cell.model for cell in self.cells if cell.stored))

    def facts(self) -> dict[str, Any]:
        """All cells."""
        return {"machine": self.machine, "cells": [asdict(cell) for cell in self.cells]}

    def draw(self, theme: Theme) -> Sheet:
        """The card."""
        rows = max(-(-len(self.models) // 2), -(-len(MARKERS) // 2))
        sheet = Sheet(theme, "Fewer bits: bytes and speed", (self.lesson, self.machine), BODY, PANEL + 96 + LINE * rows)
        width = (BODY - LEFT - BETWEEN) / 2
        batches = sorted({speed.batch for cell in self.cells if cell.stored for speed in cell.stored.speeds})
        for number, batch in enumerate(batches):
            left = LEFT + number * (width + BETWEEN)
            axes = sheet.panel(left, 26, width, PANEL)
            self._panel(axes, theme, batch)
            sheet.letter_ticks(axes)
            sheet.text(left, 8, f"times float32's speed, batch {batch}", STRONG)
            sheet.text(left + width, 26 + PANEL + 42, "share of float32's bytes", SMALL, theme.muted, align="right")
        for number, model in enumerate(self.models):
            sheet.text(LEFT + number % 2 * BODY / 4, PANEL + 98 + LINE * (number // 2), f"{number + 1}  {model}", SMALL)
        colours = self._colours(theme)
        for number, method in enumerate(MARKERS):
            x, y = BODY * (0.62 + 0.2 * (number % 2)), PANEL + 98 + LINE * (number // 2)
            sheet.text(x, y, f"{dict(zip('os^D', '●■▲◆', strict=True))[MARKERS[method]]}  {method}", SMALL, colours[method])
        return sheet

    def _colours(self, theme: Theme) -> dict[str, str]:
        return dict(zip(MARKERS, (theme.muted, theme.ink, theme.second, theme.first), strict=True))

    def _panel(self, axes: Axes, theme: Theme, batch: int) -> None:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        colours = self._colours(theme)
        axes.set_yscale("log")
        axes.axhline(1, color=theme.frame, linewidth=1.2, zorder=1)
        for cell in self.cells:
            found = [speed for speed in cell.stored.speeds if speed.batch == batch] if cell.stored else []
            for speed in found:
                assert cell.stored is not None
                x, colour = cell.stored.size / cell.stored.size_before, colours[cell.method]
                axes.plot([x, x], [speed.low, speed.high], color=colour, linewidth=1, zorder=2)
                face = theme.paper if cell.slower else colour
                axes.plot(x, speed.ratio, MARKERS[cell.method], color=face, markeredgecolor=colour, markersize=6, zorder=3)
                label = str(self.models.index(cell.model) + 1)
                place = {"xytext": (5, 3), "textcoords": "offset points", "fontsize": 6, "color": theme.ink}
                axes.annotate(label, (x, speed.ratio), **place, zorder=4)
        axes.set_xlim(0.2, 0.62)
        axes.set_ylim(0.4, 4)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0), numticks=20))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())


def _interval(speed: Speed) -> str:
    return f"{speed.ratio:.2f}× ({speed.low:.2f}–{speed.high:.2f})" + ("*" if speed.noise else "")


def cell_of(model: str, method: str, given: argparse.Namespace) -> Cell:
    """One cell: read, or exported first."""
    folder = given.artifacts / f"{model}.{method}"
    refusals = given.artifacts / REFUSED
    known = json.loads(refusals.read_text(encoding="utf-8")) if refusals.is_file() else {}
    if not folder.is_dir() and folder.name not in known:
        default = next(iter(registry().model(model).exports))
        options = {"variants": [default], "precision": method, "keep_slower": True}
        try:
            api.export(model, runs=given.runs, output=given.artifacts, progress=default_progress(quiet=False), **options)
        except ZooError as error:
            known[folder.name] = str(error)
            write_atomic(refusals, json.dumps(known, indent=2, ensure_ascii=False).encode())
    if folder.name in known:
        return Cell(model, method, None, known[folder.name])
    certificate = msgspec.json.decode((folder / "certificate.json").read_bytes(), type=Certificate)
    return Cell(model, method, certificate.stored)


def main() -> None:
    """Export what is missing, print the table, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--artifacts", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=api.RUNS)
    parser.add_argument("--method", dest="methods", action="append", choices=list(BUDGETS))
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    given.artifacts.mkdir(parents=True, exist_ok=True)
    ids = [registry().model(name).id for name in given.models]
    cells = tuple(cell_of(model, method, given) for model in ids for method in given.methods or BUDGETS)
    columns = ["model", "method", "bytes (× float32's)", "speed, batch 1", "speed, batch 64", "metric (float32's)", "verdict"]
    print(markdown_table(columns, [cell.row() for cell in cells]))
    if given.plot:
        given.plot.write_bytes(
            Gains(cells, f"{cpu_name()}, {THREADS} thread; onnxruntime {onnxruntime.__version__}").draw(LIGHT).encode()
        )


if __name__ == "__main__":
    main()
