"""A plugin's own module that should not import torch."""

import torch

from zoo.spec import Spec


class Config(Spec):
    """With a default that torch gives."""

    units: int = int(torch.tensor(8))
