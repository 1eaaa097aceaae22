"""Four pixels, each dark or bright, make sixteen pictures: the exported file is asked them all."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from zoo.certify.certificate import error_bound
from zoo.certify.proof import Answer, Proof
from zoo.spec import ModelSpec, replaced
from zoo_camera import zoo_models
from zoo_camera.data import all_pictures

if TYPE_CHECKING:
    from torch import nn

    from zoo.data.dataset import Dataset


def prove(spec: ModelSpec, module: nn.Module, dataset: Dataset, answer: Answer) -> Sequence[Proof]:
    """All sixteen pictures are answered as float64 answers them, and so many of the eight that bear a name are named rightly."""
    import torch

    every = np.array(list(product((-1, 1), repeat=4)), np.float32).reshape(-1, 2, 2)  # [16, 2, 2]
    found = answer({"pixels": every})
    with torch.inference_mode():
        exact, single = (
            run(torch.from_numpy(every).to(dtype)).softmax(1).double().numpy()  # [16, classes]
            for run, dtype in ((copy.deepcopy(module).double(), torch.float64), (module, torch.float32))
        )
    error = float(np.abs(found["probabilities"] - exact).max())
    allowed = error_bound(float(np.abs(single - exact).max()), float(exact.max()))
    classes = np.array(dataset.classes)
    pictures, labels = all_pictures()
    named = int((answer({"pixels": pictures})["label"] == classes[labels]).sum())
    return [
        Proof(
            claim=f"Each of the 16 pictures there are gets float64's label, and probabilities within {error:.1e} of its own.",
            method=f"All 16 through the exported file and through PyTorch in float64; at most {allowed:.1e} is allowed.",
            holds=bool((found["label"] == classes[exact.argmax(1)]).all()) and error <= allowed,
        ),
        Proof(
            claim=f"Of the 8 pictures that bear a name {named} are named rightly.",
            method="All 8 through the exported file.",
            holds=named == len(labels) or not promised(spec),
        ),
    ]


def promised(spec: ModelSpec) -> bool:
    """Whether all eight have to be named rightly: a reference says so, and the weights are given, or trained by its own recipe."""
    exact = any(one.metric == "accuracy" and one.rule == "exact" and one.value == 1 for one in spec.references)
    if spec.recipe is None:
        return exact
    by = replaced(spec.recipe, seed=0)
    return exact and any(one.recipe == by and one.references == spec.references for one in zoo_models())
