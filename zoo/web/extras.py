"""What the page needs beside an artifact's own files: parts of its graph with another beginning, and a few examples.

All of it follows from the signature and the graph; none is certified, for none is the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.web.examples import examples
from zoo.web.layers import layers, part

if TYPE_CHECKING:
    import onnx_ir as ir

    from zoo.runtime.manifest import Manifest, Tensor

NEAREST = "nearest.onnx"


def extras(model: bytes, manifest: Manifest, golden: bytes | None = None) -> dict[str, bytes]:
    """Further files for the page, by name.

    Args:
        model: the exported graph.
        manifest: what it says of itself.
        golden: the certificate's vectors, from whose inputs examples are taken.

    Returns:
        `decoder.onnx`: code → picture, of an autoencoder. `nearest.onnx`: the graph of a word's neighbours with the word's
        vector as a second input. `layers.onnx` and `layers.json`: see `zoo.web.layers`. `examples.json`: input → examples, as
        nested lists, of one text or of a picture that another is made of. Only what this artifact has.
    """
    import onnx
    import onnx_ir as ir

    parsed = ir.from_proto(onnx.load_from_string(model))
    files = {"decoder.onnx": _decoder(parsed, manifest), NEAREST: _nearest(parsed, manifest)}
    begins = _of(manifest.inputs, "string", 1) or _of(manifest.outputs, "uint8", 3)  # panels of these show examples
    if golden is not None and len(manifest.inputs) == 1 and begins:
        files["examples.json"] = examples(golden, manifest)
    return {name: content for name, content in files.items() if content} | layers(parsed)


def _decoder(model: ir.Model, manifest: Manifest) -> bytes | None:
    """The part between a code, float32 [batch, k], and the picture that is made of it alone."""
    codes = _of(manifest.outputs, "float32", 2)
    pictures = _of(manifest.outputs, "uint8", 3)
    return _cut(model, [codes[0]], [pictures[0]]) if codes and pictures else None


def _nearest(model: ir.Model, manifest: Manifest) -> bytes | None:
    """The part from a word and its vector to its neighbours and their similarities."""
    words, neighbours = _of(manifest.inputs, "string", 1), _of(manifest.outputs, "string", 2)
    if len(manifest.inputs) != 1 or not words or not neighbours:
        return None
    numbers = _of(manifest.outputs, "float32", 2)
    similar = [tensor for tensor in numbers if tensor.shape[1] == neighbours[0].shape[1]][:1]
    vectors = [tensor for tensor in numbers if tensor not in similar][:1]
    return _cut(model, [words[0], vectors[0]], [neighbours[0], similar[0]]) if similar and vectors else None


def _of(tensors: tuple[Tensor, ...], dtype: str, axes: int) -> list[Tensor]:
    return [tensor for tensor in tensors if tensor.dtype == dtype and len(tensor.shape) == axes]


def _cut(model: ir.Model, inputs: list[Tensor], outputs: list[Tensor]) -> bytes | None:
    """The part of a graph between values of its own, or `None` where it needs more, or does without one of `inputs`."""
    try:
        return part(model, [tensor.name for tensor in inputs], [tensor.name for tensor in outputs])
    except ValueError:
        return None
