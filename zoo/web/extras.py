"""Further graphs that the page's panels need, made from a model when the page is built."""

from __future__ import annotations

from zoo.runtime.manifest import Manifest


def extras(model: bytes, manifest: Manifest) -> dict[str, bytes]:
    """File name → bytes of what panels need besides `model.onnx`; most need nothing.

    Args:
        model: the bytes of `model.onnx`.
        manifest: what the artifact says of itself.
    """
    del model, manifest
    return {}
