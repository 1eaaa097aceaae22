"""The neighbours of a word: text to several texts, without a loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
import torch
from torch import Tensor, nn

from tests.certify.text_model import Config
from tests.certify.text_parts import Nodes, string_value
from zoo.data.dataset import texts
from zoo.exporting.heads import Spelled
from zoo.graph import Assets, Graph
from zoo.spec import TensorSpec, replaced

WORDS = tuple(f"Wort{number}" for number in range(60))
NEIGHBOURS = 10
WORD = TensorSpec(name="word", dtype="string", shape=("batch",), meaning="a word")
OUTPUTS = (
    TensorSpec(name="neighbours", dtype="string", shape=("batch", NEIGHBOURS), meaning="the nearest words"),
    TensorSpec(name="similarity", dtype="float32", shape=("batch", NEIGHBOURS), meaning="cosine"),
    TensorSpec(name="vector", dtype="float32", shape=("batch", 8), meaning="of the word"),
)


@dataclass(frozen=True)
class OneWord:
    """Looks a word up; 0 stands for all that are unknown."""

    input: str = "word"

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return (TensorSpec(name="id", dtype="int64", shape=("batch",), meaning="of the word"),)

    def attach(self, graph: ir.Graph, text: ir.Value) -> dict[str, ir.Value]:
        table = {
            "keys_tensor": ir.StringTensor([word.encode() for word in WORDS], shape=ir.Shape([len(WORDS)])),
            "values_tensor": ir.tensor(np.arange(1, len(WORDS) + 1)),
            "default_tensor": ir.tensor(np.array([0], np.int64)),
        }
        return {"id": Nodes(graph, "word")("LabelEncoder", text, domain="ai.onnx.ml", **table)}

    def encode(self, given: np.ndarray) -> dict[str, np.ndarray]:
        return {"id": np.array([WORDS.index(word) + 1 if word in WORDS else 0 for word in given], np.int64)}


@dataclass(frozen=True)
class Names(Spelled):
    """Ids → words."""

    source: str = "similarity"
    output: str = "neighbours"
    reads: tuple[str, ...] = ("nearest",)

    def attach(self, graph: ir.Graph, values: Mapping[str, ir.Value]) -> ir.Value:
        value = Nodes(graph, self.output)("Gather", string_value(graph, "neighbours_words", ["?", *WORDS]), values["nearest"])
        value.name, value.type = self.output, ir.TensorType(ir.DataType.STRING)
        value.shape = values["nearest"].shape
        return value

    def decide(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.array(["?", *WORDS], object)[values["nearest"]]


class Nearest(nn.Module):
    """Cosines of a word's vector with all others."""

    margins = False

    def __init__(self, config: Config) -> None:
        super().__init__()
        torch.manual_seed(config.seed)
        self.vectors = nn.Embedding(len(WORDS) + 1, 8)

    def forward(self, word: Tensor) -> tuple[Tensor, ...]:
        vector = self.vectors(word)
        every = nn.functional.normalize(self.vectors.weight, dim=1)
        cosines = nn.functional.normalize(vector, dim=1) @ every.T
        own = torch.arange(len(WORDS) + 1).unsqueeze(0) == word.unsqueeze(1)
        similarity, nearest = cosines.masked_fill(own, -2.0).topk(NEIGHBOURS + self.margins, 1)
        found = nearest[:, :NEIGHBOURS], similarity[:, :NEIGHBOURS], vector
        return (*found, (similarity[:, :-1] - similarity[:, 1:]).min(1).values) if self.margins else found


def build(config: Config) -> nn.Module:
    return Nearest(config)


def exported(module: nn.Module, assets: Assets) -> Graph:
    return Graph(
        module,
        ("nearest", "similarity", "vector"),
        heads=(Names(),),
        fronts=(OneWord(),),
        examples={"word": texts(["Wort3", "Wort4", "ein Wort", ""])},
        audited={"word": assets.examples["words"]},
    )


def spec_like(spec):
    """The specification of this model, made of another's."""
    return replaced(
        spec,
        tag="neighbours",
        build="tests.certify.neighbour_model:build",
        inputs=(WORD,),
        outputs=OUTPUTS,
        exports={"nearest": "tests.certify.neighbour_model:exported"},
    )
