"""What a certificate measured, drawn: how far two engines lie from the golden answers, and how surely answers were given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet
from zoo.report.style import SMALL, STRONG, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from zoo.certify.certificate import Audit, OutputBound
    from zoo.certify.spread import Margins, Spread

PANEL_HEIGHT = 190
KEYS = 20
HEAD = 46
"""Pixels over a row of panels."""
BELOW = 60
LEFT = 62
BETWEEN = 70
COLUMNS = 2
SHOWN = 1e-8
"""Errors that are smaller than this share of what is allowed are not drawn: those of probabilities next to 0 have no end."""


@dataclass(frozen=True)
class Proven(Plot):
    """Panels of a certificate: errors of each float output, margins of each exact one.

    Args:
        id: of the artifact.
        audit: of the test split.
        bounds: float output → its bound.
    """

    id: str
    audit: Audit
    bounds: dict[str, OutputBound]

    @property
    def shows(self) -> str:
        said = [
            f"{name}: half of the errors of onnxruntime are below {errors.onnxruntime.median:.1e}, of PyTorch's float32 below "
            f"{errors.torch.median:.1e}"
            for name, errors in self.audit.errors.items()
        ]
        said += [
            f"{name}: the closest of {margins.spread.total:,} decisions has a margin of {margins.closest:.1e}"
            for name, margins in self.audit.margins.items()
            if margins.closest is not None
        ]
        return "; ".join(said)

    @property
    def lesson(self) -> str:
        return (
            "How far each number lies from PyTorch's float64: the two lines should lie on each other, and left of what is allowed. "
            "By how much each decision was preferred to the next best: only those left of the dots can be turned by rounding."
        )

    def facts(self) -> dict[str, Any]:
        from zoo.spec import to_plain

        return {
            "errors": {name: to_plain(errors) for name, errors in self.audit.errors.items()},
            "margins": {name: to_plain(margins) for name, margins in self.audit.margins.items()},
        }

    def draw(self, theme: Theme) -> Sheet:
        panels: list[tuple[str, Callable[[Axes, str, Theme], str], str]] = [
            *((name, self._errors, "absolute error") for name, found in self.audit.errors.items() if found.onnxruntime.counts),
            *((name, self._margins, "margin") for name, found in self.audit.margins.items() if found.spread.counts),
        ]
        rows = -(-len(panels) // COLUMNS)
        title = f"{self.id}: errors and margins on the {self.audit.split} split"
        sheet = Sheet(theme, title, [self.lesson], BODY, KEYS + rows * (HEAD + PANEL_HEIGHT + BELOW))
        x = 0.0
        for words, style in (
            ("onnxruntime", _line(theme.first)),
            ("PyTorch, float32", _dashed(theme)),
            ("decisions of float64", _line(theme.muted)),
            ("allowed, or open to rounding", _limit(theme)),
        ):
            x = sheet.key(x, 8, words, **style) + 30
        width = (BODY - COLUMNS * LEFT - (COLUMNS - 1) * BETWEEN) / COLUMNS
        for place, (name, draw, unit) in enumerate(panels):
            row, column = divmod(place, COLUMNS)
            x, y = LEFT + column * (width + BETWEEN + LEFT), KEYS + row * (HEAD + PANEL_HEIGHT + BELOW) + HEAD
            axes = sheet.panel(x, y, width, PANEL_HEIGHT)
            sheet.text(x, y - 18, name, STRONG)
            sheet.text(x + width, y - 18, draw(axes, name, theme), SMALL, align="right")
            _finish(axes)
            sheet.letter_ticks(axes)
            sheet.text(x + width, y + PANEL_HEIGHT + 42, unit, SMALL, theme.muted, align="right")
        return sheet

    def _errors(self, axes: Axes, name: str, theme: Theme) -> str:
        """Draw how errors are spread; how many there are, in words."""
        found, bound = self.audit.errors[name], self.bounds[name].bound
        for spread, style in ((found.onnxruntime, _line(theme.first)), (found.torch, _dashed(theme))):
            _steps(axes, spread, style)
        axes.axvline(bound, **_limit(theme))
        axes.set_xlim(bound * SHOWN, bound * 3)
        axes.set_ylim(bottom=0)
        equal = found.onnxruntime.zero
        return f"{found.onnxruntime.total:,} numbers" + (f", {equal:,} exactly equal" if equal else "")

    def _margins(self, axes: Axes, name: str, theme: Theme) -> str:
        """Draw how margins are spread; how many there are, in words."""
        found: Margins = self.audit.margins[name]
        axes.set_yscale("log")  # the few close ones are what there is to see
        axes.set_ylim(0.6, 2 * max(found.spread.counts))
        _steps(axes, found.spread, _line(theme.muted))
        axes.axvline(found.limit, **_limit(theme))
        open_ones = f"{found.turnable:,} open to rounding" if found.turnable else "none open to rounding"
        return f"{found.spread.total:,} decisions, {open_ones}"


def _steps(axes: Axes, spread: Spread, style: dict[str, Any]) -> None:
    """Counts as steps over their bins, from the ground and back to it."""
    if spread.counts:
        edges = spread.edges
        axes.plot([edges[0], *edges], [0, *spread.counts, 0], drawstyle="steps-post", **style)


def _finish(axes: Axes) -> None:
    """Powers of ten along the bottom, whole counts up the side."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(numticks=7))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(numticks=6) if axes.get_yscale() == "log" else MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _line(colour: str) -> dict[str, Any]:
    return {"color": colour, "linewidth": 1.5, "linestyle": "-", "marker": ""}


def _dashed(theme: Theme) -> dict[str, Any]:
    return {"color": theme.second, "linewidth": 1.3, "linestyle": (0, (4, 2)), "marker": ""}


def _limit(theme: Theme) -> dict[str, Any]:
    return {"color": theme.ink, "linewidth": 1.0, "linestyle": (0, (1, 1.5)), "marker": ""}
