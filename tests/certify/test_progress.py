"""How far the proof of a wide network is, which takes minutes."""

from __future__ import annotations

import contextlib

from zoo.exporting.export import export
from zoo.progress import Progress


class Bars(Progress):
    """Keeps how far each bar came, and how far it was to come."""

    def __init__(self):
        self.bars = {}

    @contextlib.contextmanager
    def bar(self, label, total, *, unit="", done=0):
        self.bars[label] = [0, total]

        def advance(amount=1, *, detail=""):
            self.bars[label][0] += amount

        yield advance


def test_the_golden_answers_tell_how_far_they_are(source, tmp_path):
    progress = Bars()
    export(source, tmp_path, progress=progress)
    assert progress.bars[f"{source.id}: PyTorch, float64 and float32"] == [2000, 2000]
