"""How a classifier does on the test split: samples, mistakes, confusion."""

from __future__ import annotations

import numpy as np

from zoo.report.confusion import Confusion
from zoo.report.mistakes import Mistakes
from zoo.report.samples import Samples
from zoo.views.subject import LeftOut, Subject

PER_CLASS = 16
"""Pictures of each class at most."""
FIRST = 15
"""Mistakes that are shown."""
LIKELY = 3
"""Classes that are shown with each mistake."""
DRAWN = 400
"""More classes than this leave no pixel for each."""


def samples(subject: Subject) -> Samples:
    """The first different test pictures of each class."""
    pictures, labels = subject.pictures, subject.labels
    low, high = subject.brightness
    classes = subject.data.classes
    return Samples(
        id=subject.data.id,
        split="test",
        classes=classes,
        pictures=tuple(_different(pictures, np.flatnonzero(labels == label)) for label in range(len(classes))),
        low=low,
        high=high,
        counts=np.bincount(labels, minlength=len(classes)),
    )


def _different(pictures: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The first pictures at `places` that are not the same as one before, [at most PER_CLASS, height, width]."""
    seen: dict[bytes, int] = {}
    for place in places:
        seen.setdefault(pictures[place].tobytes(), int(place))
        if len(seen) == PER_CLASS:
            break
    return pictures[list(seen.values())]


def confusion(subject: Subject) -> Confusion:
    """Counts of label and answer over the test split; the answer is the first of the largest scores, as in training."""
    logits, labels, classes = subject.logits, subject.labels, subject.data.classes
    if len(classes) > DRAWN:
        raise LeftOut(f"{len(classes):,} classes are too many to draw; {DRAWN} are possible")
    answers = logits.argmax(1)  # [examples]
    counts = np.bincount(labels * len(classes) + answers, minlength=len(classes) ** 2)
    return Confusion(
        id=subject.id, split="test", classes=classes, counts=counts.reshape(len(classes), len(classes)).astype(np.int64)
    )


def mistakes(subject: Subject) -> Mistakes:
    """The first wrong answers on the test split."""
    pictures, matrix = subject.pictures, confusion(subject)
    logits, labels = subject.logits.astype(np.float64), subject.labels
    wrong = np.flatnonzero(logits.argmax(1) != labels)
    if not len(wrong):
        raise LeftOut(f"there are none: all {len(labels):,} test examples are right")
    shown = wrong[:FIRST]
    scores = logits[shown]
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)  # [shown, classes]
    likely = np.argsort(-scores, axis=1, kind="stable")[:, :LIKELY]  # [shown, at most LIKELY]
    missing = ~(likely == labels[shown, None]).any(1)
    likely[missing, -1] = labels[shown][missing]
    low, high = subject.brightness
    return Mistakes(
        id=subject.id,
        split="test",
        classes=subject.data.classes,
        wrong=len(wrong),
        examples=len(labels),
        often=matrix.often,
        indices=shown,
        pictures=pictures[shown],
        low=low,
        high=high,
        labels=labels[shown],
        likely=likely,
        probabilities=np.take_along_axis(shares, likely, 1),
    )
