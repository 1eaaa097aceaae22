"""The one style of every figure: its colours on a light and a dark card, its letters, and how numbers become colours.

Two things that are told apart differ in lightness as well as in hue (and in line and marker, where they are lines), so that they
stay apart for the colour-blind and in grey print.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PIXELS_PER_INCH = 144
"""Of a card. Two pixels are one point, so that a picture's pixels and its letters meet the same grid."""
FAMILY = "DejaVu Sans"
"""The face that matplotlib brings along: a card looks the same on every machine."""
LEVELS = 96
"""Steps of a scale of colours: two scales and the letters fit a palette of 256. Even, so that there is a middle."""


@dataclass(frozen=True)
class Face:
    """A size of letters.

    Args:
        points: their height.
        bold: or regular.
    """

    points: float
    bold: bool = False

    @property
    def pixels(self) -> float:
        """Their height in pixels of a card."""
        return self.points * PIXELS_PER_INCH / 72


TITLE = Face(11, bold=True)
STRONG = Face(8, bold=True)
TEXT = Face(8)
SMALL = Face(6.5)
TINY = Face(5.5)


@dataclass(frozen=True)
class Theme:
    """Colours, as `#rrggbb`.

    Args:
        name: of the theme.
        paper: ground of the card.
        ink: letters.
        muted: letters that may be passed over, axes.
        frame: thin lines.
        first: training; the label.
        second: held-out data; the answer.
        right: ground of a right answer.
        heat: the colours of a count, from none to many.
    """

    name: str
    paper: str
    ink: str
    muted: str
    frame: str
    first: str
    second: str
    right: str
    heat: tuple[str, ...]


LIGHT = Theme(
    name="light",
    paper="#ffffff",
    ink="#17202a",
    muted="#59646f",
    frame="#c9d0d6",
    first="#12436d",
    second="#e8690b",
    right="#d6e4ef",
    heat=("#ffffff", "#fde0c2", "#f8a55c", "#d2590f", "#7c2a04"),
)
DARK = Theme(
    name="dark",
    paper="#14181d",
    ink="#e9edf0",
    muted="#a2adb7",
    frame="#3c4650",
    first="#a9d3f2",
    second="#f0812b",
    right="#22405a",
    heat=("#14181d", "#4d2308", "#a44a0d", "#f0812b", "#ffd9b3"),
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}

# Blue, grey, yellow, ever lighter: below, at and above zero stay apart where hue is lost. On either card, so that a sign
# looks the same in both.
SIGNED = ("#0a2f6b", "#3c659f", "#929aa3", "#d9b654", "#fff0a0")


def rgb(colour: str) -> np.ndarray:
    """`#rrggbb` → uint8 [3]."""
    return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)], np.uint8)


def blend(stops: tuple[str, ...], shares: np.ndarray) -> np.ndarray:
    """Colours between `stops`, evenly spaced, in `LEVELS` steps: shares 0 … 1, any shape → uint8 [..., 3]; NaN counts as 0."""
    table = np.array([rgb(stop) for stop in stops], float)  # [stops, 3]
    places = np.rint(np.clip(np.nan_to_num(shares), 0, 1) * LEVELS) / LEVELS
    channels = [np.interp(places, np.linspace(0, 1, len(stops)), table[:, channel]) for channel in range(3)]
    mixed: np.ndarray = np.rint(np.stack(channels, -1)).astype(np.uint8)  # [..., 3]
    return mixed


def signed(values: np.ndarray, limit: float) -> np.ndarray:
    """Numbers −limit … limit, any shape → uint8 [..., 3]: blue below zero, grey at it, yellow above."""
    return blend(SIGNED, 0.5 + 0.5 * values / (limit or 1.0))


def grey(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Brightness low … high, any shape → uint8 [..., 3], black to white."""
    return blend(("#000000", "#ffffff"), (values.astype(float) - low) / ((high - low) or 1.0))


def limit_of(values: np.ndarray) -> float:
    """The size that all but the largest 0.2 % of the values stay within: one outlier must not turn the others grey."""
    finite = np.abs(values[np.isfinite(values)])
    if not finite.size:
        return 1.0
    limit = float(np.quantile(finite, 0.998))
    return limit or float(finite.max()) or 1.0


def lightness(colour: np.ndarray) -> np.ndarray:
    """CIE L*, 0 (black) … 100 (white), of sRGB colours uint8 [..., 3]: what is left of a colour in grey print."""
    linear = np.where(colour <= 10, colour / 255 / 12.92, ((colour / 255 + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    found: np.ndarray = np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)
    return found


def letters_on(colour: np.ndarray) -> str:
    """Black or white, whichever can be read on a ground uint8 [3]."""
    return "#000000" if float(lightness(colour)) > 55 else "#ffffff"
