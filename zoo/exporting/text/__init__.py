"""Strings inside a graph: the ONNX twins of `zoo.text`, of standard operators alone.

nodes.py    appends nodes to an onnx-ir graph
front.py    text → ids, lengths, words: `Vocabulary.encode`
split.py    text → words and marks
pieces.py   words → the pieces of a byte-pair encoding
back.py     ids → text: `Vocabulary.decode`
"""

from zoo.exporting.text.back import decode_nodes
from zoo.exporting.text.front import encode_nodes
from zoo.exporting.text.nodes import TEXT_OPSET

__all__ = ["TEXT_OPSET", "decode_nodes", "encode_nodes"]
