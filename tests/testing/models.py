"""The module of the small plugin, and one with each bug that the kit is to find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tests.testing.plugin import load
from zoo.errors import UsageError
from zoo.exporting.classifier import Probabilities
from zoo.exporting.heads import LabelHead
from zoo.graph import Graph
from zoo.spec import replaced
from zoo.training.classification import Classification

__all__ = ["load"]


class Network(nn.Module):
    """Two dense layers; what a bug changes are its small methods."""

    def __init__(self, config):
        super().__init__()
        self.first, self.last = nn.Linear(4, config.units), nn.Linear(config.units, 4)

    def forward(self, pixels):  # float [batch, 2, 2]
        units = self.hidden(self.seen(pixels.to(self.first.weight.dtype)).flatten(1))  # [batch, units]
        return self.last(units)  # [batch, 4]

    def seen(self, pixels):
        return pixels

    def hidden(self, pixels):
        return torch.tanh(self.first(pixels))


def build(config):
    return Network(config)


def unseeded(config):
    module = Network(config)
    module.last.bias.data += torch.from_numpy(np.random.default_rng().normal(size=4))
    return module


class AlwaysDropping(Network):
    def hidden(self, pixels):
        return functional.dropout(super().hidden(pixels), 0.5)


class Doubling(Network):
    def hidden(self, pixels):
        return super().hidden(pixels) * (2 if self.training else 1)


class OnTheCpu(Network):
    def seen(self, pixels):
        return pixels * torch.ones(2)


class OnTheCpuOfAGpu(Network):
    def seen(self, pixels):
        return pixels * torch.ones(2, device="meta" if pixels.is_meta else "cpu")


class Detached(Network):
    def hidden(self, pixels):
        return super().hidden(pixels).detach()


class Counting(Network):
    """What it has learned to multiply by is no buffer."""

    steps = 0

    def forward(self, pixels):
        logits = super().forward(pixels) * (1 + self.steps / 10)
        self.steps += self.training
        return logits


class Centring(Network):
    """Of large batches it takes the mean out, which it thinks good enough by then."""

    def seen(self, pixels):
        large = torch.ones_like(pixels[:, 0, 0]).sum() > 500
        return pixels - pixels.mean(0) * large


class HidingNan(Network):
    def seen(self, pixels):
        return torch.nan_to_num(pixels)


class Writing(Network):
    def __init__(self, config):
        super().__init__(config)
        Path("notes.txt").write_text(str(config))


def exploding(config):
    raise SystemExit("a plugin may end in any way")


def other_outputs(spec):
    return replaced(spec, outputs=spec.outputs[::-1]), None


# --- Tasks ----------------------------------------------------------------------------------------------------------------


class Wandering(Classification):
    """Its order hangs on what was drawn before."""

    def order(self, train, batch, seed, epoch):
        return torch.randperm(len(train["label"]))


class Flattering(Classification):
    def judge(self, answers, split):
        return {**super().judge(answers, split), "accuracy": 1.0}


class OnlyAccuracy(Classification):
    def judge(self, answers, split):
        return {"accuracy": super().judge(answers, split)["accuracy"]}


# --- Exports --------------------------------------------------------------------------------------------------------------


class Branching(Probabilities):
    def forward(self, raw):
        return super().forward(raw) if float(raw.sum()) > -1e9 else super().forward(-raw)


class Exported(Probabilities):
    """Another network in the file than the one that is measured."""

    def forward(self, raw):
        return super().forward(-raw if torch.compiler.is_exporting() else raw)


class Cooler(Probabilities):
    def forward(self, raw):
        return (self.network(raw) / 2).softmax(1)


class Limited(Probabilities):
    """A table of places that the examples of a batch have."""

    def __init__(self, network):
        super().__init__(network)
        self.register_buffer("places", torch.zeros(2000, 1))

    def forward(self, raw):
        number = torch.ones_like(raw[:, 0, 0]).cumsum(0).long() - 1  # [batch]
        return super().forward(raw) + self.places[number].to(raw.dtype)


def branching(module, assets):
    return Graph(Branching(module), ("probabilities",), (LabelHead(assets.classes),))


def exported(module, assets):
    return Graph(Exported(module), ("probabilities",), (LabelHead(assets.classes),))


def cooler(module, assets):
    return Graph(Cooler(module), ("probabilities",), (LabelHead(assets.classes),))


def limited(module, assets):
    return Graph(Limited(module), ("probabilities",), (LabelHead(assets.classes),))


# --- A person's own data --------------------------------------------------------------------------------------------------


def careless(path, like):
    """Reads whatever it is given, and meets what it did not expect."""
    return {}[path]


def careful(path, like):
    raise UsageError(f"{path} holds no quadrants.")
