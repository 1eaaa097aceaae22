"""Classification solved as a whole: L-BFGS on all examples until the gradient vanishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from zoo.errors import NonFiniteError, TrainingError
from zoo.spec import LBFGS
from zoo.training.classification import Classification
from zoo.training.task import SolvedTask

if TYPE_CHECKING:
    from torch import Tensor

    from zoo.progress import Progress
    from zoo.training.task import Resident

STRETCH = 20
"""Iterations between two looks at the gradient."""
PRECISE = 1e-14
"""Changes smaller than this are rounding: the line search has nothing left to find."""


class SolvedClassification(Classification, SolvedTask):
    """Softmax cross-entropy minimised by L-BFGS with a strong Wolfe line search, in float64 where the device has it.

    Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.5. For a convex loss the gradient's norm at the end says how
    far from the optimum it can be.
    """

    def solve(self, module: nn.Module, split: Resident, progress: Progress) -> dict[str, float]:
        """Minimise the recipe's loss over the whole split.

        Returns:
            `iterations`; at the end `objective` (loss with penalty), `gradient_norm` (Euclidean), `gradient_max` (largest
            entry).

        Raises:
            NonFiniteError: the objective is no longer finite.
            TrainingError: the recipe's optimiser is not `lbfgs`.
        """
        assert self.recipe is not None
        options = self.recipe.optimiser
        if not isinstance(options, LBFGS):
            raise TrainingError(f"{self.spec.id} is solved by lbfgs, not by {type(options).__name__.lower()}.")
        most = self.recipe.steps or self.recipe.epochs or 0
        device = next(module.parameters()).device
        dtype = torch.float32 if device.type == "mps" else torch.float64
        module.to(dtype).train()
        # Pixels enter in the precision of the solution once, rather than at each evaluation.
        name = self.spec.inputs[0].name
        batch = {**split, name: split[name].to(dtype)}
        solver = torch.optim.LBFGS(
            module.parameters(),
            lr=1,
            max_iter=STRETCH,
            history_size=options.history,
            tolerance_grad=options.tolerance,
            tolerance_change=PRECISE,
            line_search_fn="strong_wolfe",
        )
        iterations, objective = 0, float("inf")
        with progress.bar(self.spec.id, most, unit="iterations") as advance:
            while iterations < most:
                before, last = iterations, objective
                solver.param_groups[0]["max_iter"] = min(STRETCH, most - iterations)
                solver.step(lambda: self._objective(module, solver, batch))  # type: ignore[no-untyped-call]
                objective = float(self._objective(module, solver, batch).detach())
                iterations = int(solver.state[next(module.parameters())]["n_iter"])
                largest = max(float(weight.grad.abs().max()) for weight in module.parameters() if weight.grad is not None)
                if objective != objective or objective == float("inf"):  # noqa: PLR0124
                    raise NonFiniteError(f"The objective became {objective} after {iterations} iterations.")
                advance(iterations - before, detail=f"objective {objective:.8f}, gradient {largest:.2e}")
                if largest <= options.tolerance or iterations == before or last - objective < PRECISE * abs(objective):
                    break
        norm = torch.cat([weight.grad.flatten() for weight in module.parameters() if weight.grad is not None]).norm()
        module.to(torch.float32)
        return {"iterations": float(iterations), "objective": objective, "gradient_norm": float(norm), "gradient_max": largest}

    def _objective(self, module: nn.Module, solver: torch.optim.Optimizer, batch: Resident) -> Tensor:
        """Loss and gradient over the whole split."""
        solver.zero_grad()
        loss, _ = self.loss(module, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss
