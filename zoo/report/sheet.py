"""A card: one figure, laid out in pixels from its upper left corner.

Everything that is a field of colour (pictures, cells, bars) goes into one raster of the card's own pixels, so that a picture's
pixel is a whole number of them and edges are sharp; letters and curves lie above it and stay lines in SVG and PDF.
"""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from zoo.report.palette import with_palette
from zoo.report.style import FAMILY, PIXELS_PER_INCH, SMALL, TEXT, TITLE, Face, Theme, blend, rgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

FORMATS = ("png", "svg", "pdf")
BODY = 952
"""Widest body of a card in pixels; with its margins a card is at most seven inches wide, which fits a printed page."""
NARROWEST = 520
MARGIN = 28
LINE = 1.5
"""Distance of two lines of letters, in heights of a letter."""
BOX = 1.15
"""Width of the box that stands for a letter the face lacks, in heights of a letter."""
CAPITAL = 0.365
"""Half the height of a capital, in heights of a letter: from the middle of a line to its foot."""

Align = Literal["left", "center", "right"]


class Sheet:
    """A card with a title and notes; places and sizes are in pixels, from the upper left corner of its body.

    Args:
        theme: its colours.
        title: one line.
        notes: what there is to see, under the title; each is broken into lines.
        width: of the body.
        height: of the body.
    """

    def __init__(self, theme: Theme, title: str, notes: Sequence[str], width: float, height: float) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.theme = theme
        room = max(round(width), NARROWEST, min(math.ceil(width_of(title, TITLE)), BODY))
        lines = [line for note in notes for line in wrapped(note, TEXT, room)]
        step = LINE * TEXT.pixels
        head = TITLE.pixels + 8 + step * len(lines) + 14
        self.left, self.top = MARGIN, round(MARGIN - 6 + head)
        self.room = room
        self.width, self.height = room + 2 * MARGIN, round(self.top + height + MARGIN)
        self.raster = np.empty((self.height, self.width, 3), np.uint8)
        self.raster[:] = rgb(theme.paper)
        size = (self.width / PIXELS_PER_INCH, self.height / PIXELS_PER_INCH)
        self.figure = Figure(figsize=size, dpi=PIXELS_PER_INCH, facecolor=theme.paper, edgecolor=theme.paper)
        self.figure.set_layout_engine("none")  # everything has its place already, whatever a person's settings say
        FigureCanvasAgg(self.figure)
        self.text(0, TITLE.pixels / 2 - head, shortened(title, TITLE, room), TITLE)
        for number, line in enumerate(lines):
            self.text(0, TITLE.pixels + 8 + step * (number + 0.5) - head, line, TEXT, theme.muted)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        face: Face = TEXT,
        colour: str | None = None,
        *,
        align: Align = "left",
        turn: float = 0,
    ) -> None:
        """Letters whose middle is at height `y`; turned by `turn` degrees around (x, y)."""
        down = y + (0 if turn else CAPITAL * face.pixels)
        self.figure.text(
            (self.left + x) / self.width,
            1 - (self.top + down) / self.height,
            words,
            color=colour or self.theme.ink,
            fontproperties=_properties(face),
            horizontalalignment=align,
            verticalalignment="center" if turn else "baseline",
            rotation=turn,
            rotation_mode="anchor",
            usetex=False,
            parse_math=False,  # a class may be called "$5 or $10"
        )

    def fill(self, x: float, y: float, width: float, height: float, colour: str | np.ndarray) -> None:
        """A field of one colour."""
        left, top = self.left + round(x), self.top + round(y)
        ground = rgb(colour) if isinstance(colour, str) else colour
        self.raster[max(top, 0) : top + round(height), max(left, 0) : left + round(width)] = ground

    def picture(self, x: float, y: float, colours: np.ndarray, size: tuple[int, int]) -> None:
        """Paste uint8 [rows, columns, 3] as `size` (height, width) pixels, with a thin frame around it."""
        pasted = resized(colours, size)
        left, top = self.left + round(x), self.top + round(y)
        height, width = size
        self.fill(x - 1, y - 1, width + 2, height + 2, self.theme.frame)
        self.raster[top : top + height, left : left + width] = pasted

    def scale(self, x: float, y: float, width: int, stops: tuple[str, ...], marks: Sequence[str]) -> None:
        """A bar of colours with `marks` spread evenly under it."""
        self.picture(x, y, np.tile(blend(stops, np.linspace(0, 1, width)), (10, 1, 1)), (10, width))
        for number, mark in enumerate(marks):
            place = number / max(len(marks) - 1, 1)
            align: Align = "left" if number == 0 else "right" if number == len(marks) - 1 else "center"
            self.text(x + place * width, y + 22, mark, SMALL, self.theme.muted, align=align)

    def key(self, x: float, y: float, words: str, **line: Any) -> float:
        """A piece of line as matplotlib draws it with `line`, and what it means; the place where the words end."""
        from matplotlib.lines import Line2D

        xs = [(self.left + x + place) / self.width for place in (0, 22, 44)]
        ys = [1 - (self.top + y) / self.height] * 3
        # With a mark in the middle only, as it would be on a longer line.
        self.figure.add_artist(Line2D(xs, ys, markevery=[1], **line))
        self.text(x + 54, y, words, SMALL)
        return x + 54 + width_of(words, SMALL)

    def panel(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes over a part of the body, in the card's colours and letters."""
        place = (
            (self.left + x) / self.width,
            1 - (self.top + y + height) / self.height,
            width / self.width,
            height / self.height,
        )
        axes = self.figure.add_axes(place, facecolor="none")
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set(color=self.theme.muted, linewidth=0.7)
        axes.tick_params(which="both", colors=self.theme.muted, labelcolor=self.theme.ink, width=0.7, length=3, direction="out")
        axes.tick_params(which="both", top=False, right=False, labeltop=False, labelright=False, pad=4)
        axes.minorticks_off()
        axes.grid(visible=False, which="both")
        axes.grid(visible=True, which="major", color=self.theme.frame, linewidth=0.5, linestyle="-", alpha=1)
        axes.set_axisbelow(True)
        return axes

    def letter_ticks(self, axes: Axes) -> None:
        """Give the numbers along the axes the card's letters, once the axes have them."""
        for label in (*axes.get_xticklabels(which="both"), *axes.get_yticklabels(which="both")):
            label.set(fontproperties=_properties(SMALL), color=self.theme.ink)

    def encode(self, form: str = "png") -> bytes:
        """The card as a file's bytes.

        Args:
            form: one of `FORMATS`.
        """
        stream = io.BytesIO()
        with _quiet():
            if form == "png":
                self._png(stream)
            else:
                ground = self.figure.figimage(self.raster, 0, 0, origin="upper", zorder=-1)
                # No date: a file says what it shows, not when it was drawn.
                dates: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
                self.figure.savefig(
                    stream, format=form, dpi=PIXELS_PER_INCH, facecolor=self.theme.paper, bbox_inches=None, metadata=dates[form]
                )
                ground.remove()
        return stream.getvalue()

    def _png(self, stream: io.BytesIO) -> None:
        """The card as a PNG of 256 colours, a third of the size of one with all shades of its letters' edges."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from PIL import Image

        assert isinstance(self.figure.canvas, FigureCanvasAgg)
        renderer = self.figure.canvas.get_renderer()  # type: ignore[no-untyped-call]
        # The raster is of the card's own pixels: it is put there as it is, and what lies above is drawn over it.
        pixels = np.asarray(renderer.buffer_rgba())  # [height, width, 4], the renderer's own memory
        pixels[:, :, :3], pixels[:, :, 3] = self.raster, 255
        self.figure.patch.set_visible(False)
        self.figure.draw(renderer)
        image = Image.fromarray(np.ascontiguousarray(pixels[:, :, :3]))
        with_palette(image, Image.fromarray(self.raster)).save(stream, "PNG", dpi=(PIXELS_PER_INCH, PIXELS_PER_INCH))


def resized(colours: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 [rows, columns, 3] at another size (height, width): pixels become squares, or are averaged where there is no room."""
    rows, columns = colours.shape[:2]
    if size == (rows, columns):
        return colours
    if size[0] % rows == 0 and size[1] % columns == 0:
        return np.repeat(np.repeat(colours, size[0] // rows, 0), size[1] // columns, 1)
    from PIL import Image

    return np.asarray(Image.fromarray(np.ascontiguousarray(colours)).resize((size[1], size[0]), Image.Resampling.BOX))


def fitted(shape: tuple[int, ...], box: int) -> tuple[int, int]:
    """The size (height, width) of a picture of `shape` in a box: a whole number of pixels for each of its own where that fits."""
    rows, columns = shape
    longest = max(rows, columns)
    if longest <= box:
        return rows * (box // longest), columns * (box // longest)
    return max(1, rows * box // longest), max(1, columns * box // longest)


def width_of(words: str, face: Face) -> float:
    """The width of one line of letters, in pixels, or a little more: pairs of letters may be drawn closer together."""
    return sum(_advance(letter, face) for letter in words)


@cache
def _advance(letter: str, face: Face) -> float:
    """How far a letter moves the next one, in pixels. Laying out a line to measure it takes a hundred times as long."""
    font = _font(face)
    if not font.get_char_index(ord(letter)):
        return BOX * face.pixels
    glyph = font.load_char(ord(letter))
    return float(max(glyph.horiAdvance / 64, glyph.linearHoriAdvance / 65536))  # on the grid of pixels, and off it


def shortened(words: str, face: Face, room: float) -> str:
    """One line that fits in `room` pixels: where it is too long, its middle is left out, as names often differ at their ends."""
    words = "".join(letter if letter.isprintable() else "�" for letter in words)
    if width_of(words, face) <= room:
        return words
    low, high = 0, len(words)
    while low < high:  # the most letters that fit
        kept = (low + high + 1) // 2
        low, high = (kept, high) if width_of(_without_middle(words, kept), face) <= room else (low, kept - 1)
    return _without_middle(words, low)


def _without_middle(words: str, kept: int) -> str:
    return words[: (kept + 1) // 2].rstrip() + "…" + (words[-(kept // 2) :].lstrip() if kept > 1 else "")


def wrapped(words: str, face: Face, room: float) -> list[str]:
    """Lines that fit in `room` pixels; a single word that does not is shortened."""
    lines: list[str] = []
    for word in words.split():
        if lines and width_of(f"{lines[-1]} {word}", face) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(shortened(word, face, room))
    return lines


@cache
def _properties(face: Face) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=[FAMILY], size=face.points, weight="bold" if face.bold else "normal")


@cache
def _font(face: Face) -> Any:
    """What knows the letters; of our own, as matplotlib changes the size of its own."""
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font

    font = FT2Font(findfont(_properties(face)))
    font.set_size(face.points, PIXELS_PER_INCH)
    return font


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """A name in a script that the face lacks is drawn as boxes; matplotlib would warn of each letter."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
        yield
