"""Open an artifact, feed it, read its answer: numpy and onnxruntime, and Pillow for picture files; nothing else.

    import zoo.runtime

    model = zoo.runtime.open("exported/cnn.fast")
    model.predict("digit.png")["label"]
    model.run(image=pictures)["label"]

Importing it imports none of them: names are resolved when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.runtime.artifact import find
    from zoo.runtime.given import Given
    from zoo.runtime.model import Model, open  # noqa: A004

__all__ = ["Given", "Model", "find", "open"]

_HOMES = {"Given": "zoo.runtime.given", "Model": "zoo.runtime.model", "find": "zoo.runtime.artifact", "open": "zoo.runtime.model"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
