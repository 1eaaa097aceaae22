"""What is looked at: a module, its data and its history, and what the views have in common to ask of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from zoo.data.dataset import Dataset, Split
from zoo.spec import ModelSpec, Recipe
from zoo.training.build import kind_of
from zoo.training.classification import Classification
from zoo.training.reconstruction import Autoencoder, Reconstruction
from zoo.training.task import EVALUATION_BATCH
from zoo.training.translation import Shown, Translation
from zoo.training.words import WordVectors

POOLINGS = (nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d, nn.FractionalMaxPool2d, nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d)


class LeftOut(Exception):
    """A view does not apply; the message is a clause that says why."""


@dataclass(frozen=True)
class Call:
    """One run of one layer.

    Args:
        name: of the layer in the module.
        layer: a module without parts.
        given: what went in, a copy.
        made: what came out, a copy.
    """

    name: str
    layer: nn.Module
    given: Tensor
    made: Tensor


@dataclass(frozen=True)
class Subject:
    """A model to be looked at.

    Args:
        id: it is shown under.
        spec: whose network it is.
        module: with its weights, in evaluation mode on the CPU; `None` where there are none to look at.
        dataset: it was trained on; `None` where it cannot be had.
        lines: of its run's `metrics.jsonl`; empty where nothing was stepped.
        missing: why there is no module, or no data, as a clause.
        recipe: that trained it.
        gap: what is missing of `lines`, as a clause.
    """

    id: str
    spec: ModelSpec
    module: nn.Module | None
    dataset: Dataset | None
    lines: Sequence[Mapping[str, Any]] = ()
    missing: str = "there is no trained network"
    recipe: Recipe | None = None
    gap: str | None = None

    @property
    def trained(self) -> nn.Module:
        """The module.

        Raises:
            LeftOut: there is none.
        """
        if self.module is None:
            raise LeftOut(self.missing)
        return self.module

    @property
    def data(self) -> Dataset:
        """The data.

        Raises:
            LeftOut: there are none.
        """
        if self.dataset is None:
            raise LeftOut(self.missing)
        return self.dataset

    @property
    def test(self) -> Split:
        """The test split."""
        return self.data.splits["test"]

    @property
    def examples(self) -> np.ndarray:
        """What the network takes, of the test split, in its raw dtype: [examples, …].

        Raises:
            LeftOut: it takes more than one array, or none of the data set.
        """
        if len(self.spec.inputs) != 1 or self.spec.inputs[0].name not in self.test:
            raise LeftOut("the network does not take one array of the data set")
        found = self.test[self.spec.inputs[0].name]
        if found.dtype == object:
            raise LeftOut("the network takes numbers that its graph makes of text")
        return found

    @property
    def pictures(self) -> np.ndarray:
        """The test split's pictures, [examples, height, width].

        Raises:
            LeftOut: the data are no pictures.
        """
        if self.data.picture is None or self.examples.ndim != 3:
            raise LeftOut(f"the data of {self.data.id} are no pictures")
        return self.examples

    @property
    def brightness(self) -> tuple[float, float]:
        """What is black and what is white in a picture."""
        tensor = self.spec.inputs[0]
        low = float(self.pictures.min()) if tensor.low is None else tensor.low
        return low, float(self.pictures.max()) if tensor.high is None else tensor.high

    @property
    def labels(self) -> np.ndarray:
        """The test split's labels, int64 [examples].

        Raises:
            LeftOut: it has none.
        """
        if not self.data.classes or "label" not in self.test:
            raise LeftOut(f"the data of {self.data.id} have no labels")
        return self.test["label"]

    def label(self, index: int) -> str:
        """The label of a test example, or nothing."""
        return self.data.classes[int(self.test["label"][index])] if self.data.classes and "label" in self.test else ""

    @property
    def autoencoder(self) -> Autoencoder:
        """The module.

        Raises:
            LeftOut: its task is not reconstruction.
        """
        if not issubclass(kind_of(self.spec), Reconstruction):
            raise LeftOut("it is no autoencoder")
        network: Any = self.trained
        return network  # type: ignore[no-any-return]

    @property
    def translator(self) -> Shown:
        """The module; it is a `zoo.training.translation.Translator`, too.

        Raises:
            LeftOut: its task is not translation, or it shows nothing.
        """
        if not issubclass(kind_of(self.spec), Translation):
            raise LeftOut("it is no translator")
        if not isinstance(self.trained, Shown):
            raise LeftOut("it has no sentences of its own to be looked at with")
        return self.trained

    @property
    def word_vectors(self) -> WordVectors:
        """The module.

        Raises:
            LeftOut: it holds no word vectors.
        """
        if not isinstance(self.trained, WordVectors):
            raise LeftOut("it is no table of word vectors")
        return self.trained

    @cached_property
    def logits(self) -> np.ndarray:
        """The network's scores for the whole test split, float32 [examples, classes].

        Raises:
            LeftOut: its task is not classification.
        """
        if not issubclass(kind_of(self.spec), Classification):
            raise LeftOut("it is no classifier")
        module, examples = self.trained, self.examples
        with torch.inference_mode():
            pieces = [
                module(_tensor(examples[start : start + EVALUATION_BATCH])).float()
                for start in range(0, len(examples), EVALUATION_BATCH)
            ]
        return torch.cat(pieces).numpy()  # [examples, classes]

    @cached_property
    def calls(self) -> list[Call]:
        """The layers without parts, as they run on the first test example, in order."""
        module, found, before = self.trained, list[Call](), dict[str, Tensor]()

        def hooks_of(name: str, part: nn.Module) -> list[RemovableHandle]:
            """Copies are kept: the next layer may work in place."""

            def enter(_: nn.Module, given: tuple[Any, ...]) -> None:
                if len(given) == 1 and isinstance(given[0], Tensor):
                    before[name] = given[0].detach().clone()

            def leave(layer: nn.Module, _: tuple[Any, ...], made: Any) -> None:
                if name in before and isinstance(made, Tensor):
                    found.append(Call(name, layer, before.pop(name), made.detach().clone()))

            return [part.register_forward_pre_hook(enter), part.register_forward_hook(leave)]

        leaves = [(name, part) for name, part in module.named_modules() if not list(part.children())]
        hooks = [hook for leaf in leaves for hook in hooks_of(*leaf)]
        try:
            with torch.inference_mode():
                module(_tensor(self.examples[:1]))
        finally:
            for hook in hooks:
                hook.remove()
        return found

    def weighted(self) -> list[Call]:
        """The linear layers and convolutions, in the order in which they run."""
        return [call for call in self.calls if isinstance(call.layer, nn.Linear | nn.Conv2d)]


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array))  # a copy: a memory map may be read-only


def numbers(tensor: Tensor) -> np.ndarray:
    """A tensor's values as float64, whatever its memory layout."""
    array: np.ndarray = tensor.detach().cpu().double().numpy()
    return array
