"""A model in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zoo.runtime.kinds import words_for

if TYPE_CHECKING:
    from zoo.runtime.model import Model

MANY = 20
"""Classes that are named; of more the first and the number."""


def describe(model: Model) -> str:
    """Some lines: what it is, takes and gives, its classes, data and figures, and whether it is certified."""
    lines = [f"{model.id}: {model.manifest.summary}"]
    lines += [f"  {name:<9} {said}" for name, said in _facts(model)]
    return "\n".join(lines)


def origin(model: Model) -> dict[str, Any]:
    """Which model answered, as the head of answers in JSON."""
    return {"model": model.id, "artifact": str(model.path), "certified": model.certified, "provider": model.providers[0]}


def _facts(model: Model) -> Iterator[tuple[str, str]]:
    manifest = model.manifest
    certified = "yes: every file has the hash that zoo.json gives, and the certificate passed"
    yield "certified", certified if model.certified else "no: taken by its own word"
    for title, tensors in (("takes", model.inputs), ("gives", model.outputs)):
        for number, tensor in enumerate(tensors):
            yield "" if number else title, f"{tensor}: {tensor.meaning}"
    asked = words_for(model.inputs)
    yield "ask with", f"model.predict(…): {asked}" if asked else "model.run(…): arrays"
    if model.classes:
        more = f", … ({len(model.classes):,})" if len(model.classes) > MANY else ""
        yield "classes", ", ".join(model.classes[:MANY]) + more
    figures = ", ".join(f"{name} {value:.4g}" for name, value in manifest.metrics.items())
    yield "data", manifest.dataset.id + (f": {figures}" if figures else "")
    yield "stored in", manifest.precision
    yield "licence", manifest.licence
    yield "runs on", ", ".join(model.providers)
    yield "from", str(model.path)
