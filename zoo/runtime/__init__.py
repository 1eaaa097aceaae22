"""Open an artifact, feed it, read its answer: numpy and onnxruntime, nothing else.

    import zoo.runtime

    model = zoo.runtime.open(zoo.runtime.find("cnn.fast", [Path("exported")]))
    model.run(image=pictures)["label"]

Importing it imports neither: names are resolved when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.runtime.artifact import find
    from zoo.runtime.model import Model, open  # noqa: A004

__all__ = ["Model", "find", "open"]

_HOMES = {"Model": "zoo.runtime.model", "find": "zoo.runtime.artifact", "open": "zoo.runtime.model"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
