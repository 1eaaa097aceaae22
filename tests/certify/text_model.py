"""A translator of twenty words with random weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from tests.certify.text_parts import BEGIN, END, PADDING, SOURCE, UNKNOWN, Sentence, Words
from zoo.data.dataset import Dataset, texts
from zoo.exporting.trained import Trained
from zoo.graph import Assets, Graph
from zoo.spec import ModelSpec, Spec, TensorSpec
from zoo.training.task import Task

OWN = texts(
    [
        "der Hund sieht ein Haus .",
        "ein Mann und ein Hund",
        "Katze schläft",
        "der große Ball läuft , und die Frau sieht",
        "ein Haus",
        "Frau",
        "der Mann schläft und ein rot Ball läuft .",
        "",
    ]
)
SECRET = "Verschlusssache"
"""A word that stands in every sentence of the test split, and must be in no golden case."""
TEST = texts([f"{' '.join(SOURCE[(7 * n + k) % 16] for k in range(n % 11))} {SECRET}" for n in range(40)])
TEXT = TensorSpec(name="text", dtype="string", shape=("batch",), meaning="a sentence")
TRANSLATION = TensorSpec(name="translation", dtype="string", shape=("batch",), meaning="its translation")
SCORE = TensorSpec(name="score", dtype="float32", shape=("batch",), meaning="log-probability")


class Encoder(nn.Module):
    """Bidirectional GRU over rows of different lengths."""

    def __init__(self, words: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.embed = nn.Embedding(words, width)
        self.gru = nn.GRU(width, width, batch_first=True, bidirectional=True)

    def freeze(self) -> None:
        """The gates in ONNX's order, z r h for PyTorch's r z n."""
        ends = ("", "_reverse")

        def stacked(*names: str) -> Tensor:
            rows = [[getattr(self.gru, f"{name}_l0{end}").detach().chunk(3) for name in names] for end in ends]
            return torch.stack([torch.cat([part for r, z, n in row for part in (z, r, n)]) for row in rows])

        self.register_buffer("w", stacked("weight_ih"), persistent=False)
        self.register_buffer("r", stacked("weight_hh"), persistent=False)
        self.register_buffer("b", stacked("bias_ih", "bias_hh"), persistent=False)

    def forward(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        x = self.embed(ids)
        batch, length = ids.shape
        if torch.onnx.is_in_onnx_export():
            out, last = torch.onnx.ops.symbolic_multi_out(
                "GRU",
                (x.transpose(0, 1), self.w, self.r, self.b, lengths.to(torch.int32)),
                {"hidden_size": self.width, "linear_before_reset": 1, "direction": "bidirectional"},
                dtypes=(x.dtype, x.dtype),
                shapes=((length, 2, batch, self.width), (2, batch, self.width)),
            )
            return out.permute(2, 0, 1, 3).flatten(2), last.transpose(0, 1).flatten(1)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, last = self.gru(packed)
        out, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=length)
        return out, last.transpose(0, 1).flatten(1)


class Config(Spec):
    width: int = 16
    seed: int = 0


class Translator(nn.Module):
    """Greedy search with attention, at most 12 words more than the source has."""

    margins = False

    def __init__(self, config: Config, words: int = 20) -> None:
        super().__init__()
        torch.manual_seed(config.seed)
        width = config.width
        self.encoder = Encoder(words, width)
        self.keys = nn.Linear(2 * width, width)
        self.embed = nn.Embedding(words, width)
        self.cell = nn.GRUCell(3 * width, width)
        self.out = nn.Linear(3 * width, words)
        for weights in self.parameters():
            weights.data.mul_(3)  # random words, but not the same one for ever
        self.out.bias.data[[END, UNKNOWN]] += 2
        self.out.bias.data[[PADDING, BEGIN]] -= 1000

    def forward(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        memory, _ = self.encoder(ids, lengths)
        keys = self.keys(memory)
        places = torch.arange(ids.shape[1])
        hidden = places.unsqueeze(0) >= lengths.unsqueeze(1)
        time = torch.arange(ids.shape[1] + 12)
        tokens = torch.zeros_like(lengths).unsqueeze(1) + torch.zeros_like(time)
        start = (
            torch.zeros((), dtype=torch.int64),
            torch.full_like(lengths, BEGIN),
            torch.tanh(keys[:, 0]),
            tokens,
            tokens.clone(),
            torch.zeros_like(lengths, dtype=torch.bool),
            torch.zeros_like(keys[:, 0, 0]),
            torch.full_like(keys[:, 0, 0], float("inf")),
        )

        def going(step, token, state, tokens, copied, done, score, margin):
            return torch.logical_and(step < time.shape[0], ~done.all())

        def body(step, token, state, tokens, copied, done, score, margin):
            looks = torch.bmm(keys, state.unsqueeze(2)).squeeze(2).masked_fill(hidden, float("-inf")).softmax(1)
            context = torch.bmm(looks.unsqueeze(1), memory).squeeze(1)
            state = self.cell(torch.cat([self.embed(token), context], 1), state)
            likely = self.out(torch.cat([state, context], 1)).log_softmax(1)
            best, token = likely.max(1)
            token = torch.where(done, torch.zeros_like(token), token)
            here = (time == step).unsqueeze(0)
            tokens = torch.where(here, token.unsqueeze(1), tokens)
            copied = torch.where(here, looks.argmax(1).unsqueeze(1), copied)
            score = score + torch.where(done, torch.zeros_like(best), best)
            if self.margins:
                words, places = likely.topk(2, 1).values, looks.sort(1).values
                gap = words[:, 0] - words[:, 1]
                if places.shape[1] > 1:
                    gap = torch.where(token == UNKNOWN, torch.minimum(gap, places[:, -1] - places[:, -2]), gap)
                margin = torch.where(done, margin, torch.minimum(margin, gap))
            else:
                margin = margin.clone()
            done = done | (token == END) | (step + 1 >= lengths + 12)
            return step + 1, token, state, tokens, copied, done, score, margin

        values = start
        if torch.onnx.is_in_onnx_export():
            values = torch._higher_order_ops.while_loop(going, body, start)
        else:
            while going(*values):
                values = body(*values)
        return (values[3], values[4], values[6], *((values[7],) if self.margins else ()))


def build(config: Config) -> nn.Module:
    return Translator(config)


def exported(module: nn.Module, assets: Assets) -> Graph:
    module.encoder.freeze()
    return Graph(
        module,
        ("tokens", "copied", "score"),
        heads=(Sentence(),),
        fronts=(Words(),),
        examples={"text": OWN},
        audited={"text": assets.examples["source"]},
    )


def declared() -> Graph:
    """The translator as it is declared."""
    return exported(build(Config()).eval(), Assets((TEXT,), (TRANSLATION, SCORE), (), None, {"source": TEST}))


class Lengths(Task):
    """How long translations are: a metric that needs no reference."""

    metric, higher_is_better = "words", True

    def loss(self, module, batch):
        raise NotImplementedError

    def evaluate(self, module, split):
        return {}

    def judge(self, answers, split):
        assert len(answers["translation"]) == len(split["source"])
        assert answers["translation"].dtype.kind == "U"
        return {"words": float(np.mean([len(text.split()) for text in answers["translation"]]))}


SPEC = ModelSpec(
    architecture="toy",
    tag="translator",
    summary="A translator of twenty words",
    source="made up",
    task="tests.certify.text_model:Lengths",
    build="tests.certify.text_model:build",
    config=Config(),
    recipe=None,
    dataset="toy",
    inputs=(TEXT,),
    outputs=(TRANSLATION, SCORE),
    exports={"greedy": "tests.certify.text_model:exported"},
)


def trained(spec: ModelSpec = SPEC, split: Mapping[str, np.ndarray] | None = None) -> Trained:
    """What is exported: random weights."""
    split = {"source": TEST} if split is None else split
    dataset = Dataset("toy", {"train": split, "test": split}, (), "made up", None, "made up")
    task = Lengths(spec, None, dataset)
    return Trained(
        id=spec.id,
        spec=spec,
        module=build(spec.config).eval(),
        dataset=dataset,
        recipe=None,
        metrics={},
        run=None,
        history=(),
        judge=task.judge,
        task=task,
        machine={},
        created="2000-01-01T00:00:00Z",
    )
