"""Two linear layers are one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo.layers import Dropout
from zoo_mlp.model import MLP, dense


def folded(module: MLP) -> nn.Linear:
    """A perceptron without activations as the one linear layer that it is: pixels 0 … 1 [batch, pixels] → logits [batch, classes].

    (x·A + a)·B + b = x·(A·B) + (a·B + b), layer after layer.

    Raises:
        ValueError: something between the layers is not linear.
    """
    other = [step for step in (*module.hidden, module.activation) if not isinstance(step, nn.Linear | nn.Identity | Dropout)]
    if other or module.encoder is not None:
        raise ValueError(
            f"only linear layers fold into one, not {', '.join(type(step).__name__ for step in other) or 'an encoder'}"
        )
    layers = [*dense(module.hidden), module.output]
    with torch.no_grad():
        weight: Tensor = layers[0].weight
        bias: Tensor = layers[0].bias
        for layer in layers[1:]:
            weight, bias = layer.weight @ weight, layer.weight @ bias + layer.bias  # [out, pixels], [out]
        one = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype, device=weight.device)
        one.weight.copy_(weight)
        one.bias.copy_(bias)
    return one
