"""What every kind of figure is: numbers, the words that go with them, and a card that shows both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from zoo.report.sheet import Sheet
from zoo.report.style import Theme


class Plot(ABC):
    """A figure before it is drawn: arrays of NumPy and words; drawing needs neither torch nor the model."""

    @property
    @abstractmethod
    def shows(self) -> str:
        """What is on it, with its main figures, in one line."""

    @property
    @abstractmethod
    def lesson(self) -> str:
        """What to see on it, in a sentence or two."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Its figures, ready for JSON."""

    @abstractmethod
    def draw(self, theme: Theme) -> Sheet:
        """The card."""

    def markdown(self, title: str, file: str) -> str:
        """The picture with what is on it, for those who cannot see it, and what to see on it, for those who can.

        Args:
            title: what it is called.
            file: in which it was drawn.
        """
        words = self.shows.translate({ord(letter): f"\\{letter}" for letter in "\\[]<>"})  # a class may be called anything
        return f"![{title}: {words}]({file})\n\n{self.lesson}"

    def text(self) -> str:
        """Its numbers for a terminal, where they are few enough to be read; else nothing."""
        return ""
