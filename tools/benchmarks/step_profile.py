"""Where the time of a training step goes: an epoch under torch's profiler, by kind of work.

    python tools/benchmarks/step_profile.py --mirror DIR [--model cnn.keras-3x3] [--steps 100]

The profiler itself costs some microseconds an operator, most where operators are many and small.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from pathlib import Path

from torch.profiler import ProfilerActivity, profile

from zoo import api
from zoo.training.fit import Fit

KINDS = {
    "convolution": ("conv",),
    "matrix product": ("aten::mm", "aten::addmm", "aten::bmm"),
    "optimiser": ("Optimizer", "optimizer", "_fused_", "_foreach_", "lerp_", "addcdiv", "addcmul", "aten::sqrt_"),
    "random numbers": ("bernoulli", "random_", "randint", "randperm"),
    "pooling": ("max_pool",),
    "normalisation": ("batch_norm",),
    "copies and casts": ("copy_", "_to_copy", "aten::fill_", "aten::zero_", "empty", "contiguous", "clone"),
    "choosing a batch": ("aten::index", "gather"),
}


def kind_of(operator: str) -> str:
    """The first kind that an operator's name fits."""
    return next((kind for kind, parts in KINDS.items() if any(part in operator for part in parts)), "everything else")


def profiled(model: str, steps: int) -> Counter[str]:
    """Microseconds of each kind in one epoch of `steps` steps."""
    found: Counter[str] = Counter()
    real = Fit.one_epoch

    def one_epoch(self, *arguments):
        if self.step == 0:  # the first epoch warms up
            return real(self, *arguments)
        ends = []
        self.end_epoch = lambda *given: ends.append(given)  # evaluation is no part of a step
        with profile(activities=[ProfilerActivity.CPU], acc_events=True) as profiler:
            real(self, *arguments)
        del self.end_epoch
        for event in profiler.key_averages():
            found[kind_of(event.key)] += event.self_cpu_time_total
        return self.end_epoch(*ends[0])

    Fit.one_epoch = one_epoch  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as folder:
            recipe = {"epochs": 2, "validation": 60_000 - steps * 128}
            api.train(model, recipe=recipe, precision="auto", device="cpu", output=folder)
    finally:
        Fit.one_epoch = real  # type: ignore[method-assign]
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirror", type=Path, default=os.environ.get("ZOO_MIRROR"), help="folder with mnist/*.gz")
    parser.add_argument("--model", action="append")
    parser.add_argument("--steps", type=int, default=100)
    options = parser.parse_args()
    if options.mirror:
        os.environ["ZOO_MIRROR"] = str(options.mirror)
    for model in options.model or ["mlp.rmsprop-2x512-dropout", "cnn.keras-3x3", "cnn.fast"]:
        found = profiled(model, options.steps)
        total = sum(found.values())
        print(f"{model}: {total / options.steps / 1000:.2f} ms a step under the profiler")
        for kind, microseconds in found.most_common():
            print(f"  {kind:<18} {microseconds / options.steps / 1000:7.2f} ms  {microseconds / total:6.1%}")


if __name__ == "__main__":
    main()
