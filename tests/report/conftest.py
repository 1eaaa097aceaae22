"""Models to look at: built, not trained, with the first test pictures of the real data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
import torch

from zoo.data.load import load_dataset
from zoo.progress import Progress
from zoo.spec import to_plain
from zoo.training.train import build_module
from zoo.views.subject import Subject

EXAMPLES = 600


@pytest.fixture(scope="session")
def subject_of(mnist, zoo_registry) -> Callable[[str], Subject]:
    """Id of a model → it with random weights (seed 0) and 600 test examples, to be looked at."""

    @cache
    def make(name: str) -> Subject:
        spec = zoo_registry.model(name)
        data = mnist
        if spec.dataset != "mnist":
            data = load_dataset(zoo_registry.dataset(spec.dataset), own=None, name=None, progress=Progress())
        splits = {split: {key: array[:EXAMPLES] for key, array in arrays.items()} for split, arrays in data.splits.items()}
        torch.manual_seed(0)
        module = build_module(spec, to_plain(spec.config)).eval()
        if spec.architecture == "logreg":  # it starts at zero, where all is black
            torch.nn.init.normal_(module.linear.weight, std=0.1)
        return Subject(spec.id, spec, module, replace(data, splits=splits))

    return make
