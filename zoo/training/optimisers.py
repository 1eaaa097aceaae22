"""Optimisers by their specs. What torch has is torch's; what Keras computes otherwise is here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import nn
from torch.optim.optimizer import Optimizer

from zoo import spec
from zoo.errors import TrainingError


class RMSprop(Optimizer):
    """RMSprop with epsilon inside the square root, as TensorFlow 2.11 has it; torch's adds it outside.

    a ← rho·a + (1 − rho)·g²;  w ← w − lr·g / √(a + eps), a starting at 0.

    It is computed as Adagrad, which adds g² to a sum and divides by its root, with a sum that decays: the state `sum` is
    (a + eps) / (1 − rho). torch has a fused kernel of Adagrad for the CPU and none of RMSprop, and what an update costs there is
    its passes over memory.
    """

    def __init__(self, params: Iterable[nn.Parameter], lr: float, rho: float, eps: float) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One update of all weights that have a gradient; the state of each is `sum`, of the weight's dtype and shape.

        Args:
            closure: computes the loss anew, where the caller wants that done before the update.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            lr, rho = group["lr"], group["rho"]
            floor = group["eps"] / (1 - rho)
            weights = [weight for weight in group["params"] if weight.grad is not None]
            gradients = [weight.grad for weight in weights]
            for weight in weights:
                if not self.state[weight]:
                    self.state[weight]["sum"] = torch.full_like(weight, floor)
            sums = [self.state[weight]["sum"] for weight in weights]
            floors = [torch.full((), floor, dtype=held.dtype, device=held.device).expand_as(held) for held in sums]
            torch._foreach_lerp_(sums, floors, 1 - rho)
            rate = lr / math.sqrt(1 - rho)
            if all(weight.device.type == "cpu" for weight in weights):
                steps = [torch.ones(())] * len(sums)  # read for a decay of the rate, which is 0
                torch._fused_adagrad_(
                    weights, gradients, sums, steps, lr=rate, lr_decay=0.0, weight_decay=0.0, eps=0.0, maximize=False
                )
            else:
                torch._foreach_addcmul_(sums, gradients, gradients)
                divisors = torch._foreach_sqrt(sums)
                torch._foreach_addcdiv_(weights, gradients, divisors, value=-rate)
        return loss


GATHERED: dict[type[Optimizer], frozenset[str]] = {
    torch.optim.SGD: frozenset({"momentum_buffer"}),
    RMSprop: frozenset({"sum"}),
    torch.optim.Adadelta: frozenset({"step", "square_avg", "acc_delta"}),
    torch.optim.AdamW: frozenset({"step", "exp_avg", "exp_avg_sq"}),
}
"""Names of the tensors that an optimiser gathers for a weight: of its shape, but for `step`, a scalar."""


def make_optimiser(declared: spec.Optimiser, module: nn.Module) -> Optimizer:
    """The optimiser that a recipe declares, over all parameters of `module`.

    Raises:
        TrainingError: the optimiser solves rather than steps.
    """
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    fused: dict[str, Any] = {"fused": True} if parameters and parameters[0].device.type in ("cpu", "cuda") else {}
    match declared:
        case spec.SGD(lr=lr, momentum=momentum, weight_decay=decay):
            return torch.optim.SGD(parameters, lr=lr, momentum=momentum, weight_decay=decay, **fused)
        case spec.RMSprop(lr=lr, rho=rho, eps=eps):
            return RMSprop(parameters, lr=lr, rho=rho, eps=eps)
        case spec.Adadelta(lr=lr, rho=rho, eps=eps):
            return torch.optim.Adadelta(parameters, lr=lr, rho=rho, eps=eps, foreach=True)
        case spec.AdamW(lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=decay):
            groups = [
                {"params": [parameter for parameter in parameters if parameter.dim() > 1], "weight_decay": decay},
                {"params": [parameter for parameter in parameters if parameter.dim() <= 1], "weight_decay": 0.0},
            ]
            return torch.optim.AdamW(groups, lr=lr, betas=(beta1, beta2), eps=eps, **fused)
        case spec.LBFGS():
            raise TrainingError("The optimiser lbfgs solves a model as a whole; its task must be a solved one.")


def learning_rate(schedule: spec.Schedule, lr: float, step: int, total: int) -> float:
    """The learning rate of step `step` (from 0) of `total`, where `lr` is the recipe's."""
    progress = step / total
    match schedule:
        case spec.Constant():
            return lr
        case spec.OneCycle(warmup=warmup, start=start, end=end):
            if progress < warmup:
                return lr * (start + (1 - start) * progress / warmup)
            return lr * (1 + (end - 1) * (progress - warmup) / (1 - warmup))
        case spec.LinearDecay(end=end):
            return lr * (1 + (end - 1) * progress)
