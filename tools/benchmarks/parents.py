"""How good an autoencoder must be for `mlp.on-reconstructions` to reach its published figure.

    python tools/benchmarks/parents.py [--output DIR]

The course does not say how long, nor by which loss, the autoencoder was trained whose reconstructions its perceptron learned from.
Here the recipe of `autoencoder.dense-32` is changed in that alone, and the perceptron is trained from each by its own recipe, with
one seed. Runs that are finished in DIR are taken as they are.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from zoo import api
from zoo.report.tables import figure, markdown_table
from zoo.training.run import Run, list_runs

PARENT, CHILD = "autoencoder.dense-32", "mlp.on-reconstructions"
PARENTS: dict[str, dict[str, Any]] = {
    "squared error, 50 epochs (the recipe)": {"epochs": 50},
    "cross-entropy, 50 epochs": {"epochs": 50, "loss": "binary-cross-entropy"},
    "squared error, 200 epochs": {"epochs": 200},
}
"""Name → changes of the autoencoder's recipe."""


def trained(model: str, folder: Path, recipe: dict[str, Any], init_from: Path | None = None) -> Run:
    """The only run in a folder of its own, finished before or now."""
    for run in list_runs(folder):
        if run.state.status == "finished":
            return run
    return api.train(model, recipe=recipe, output=folder, init_from=init_from)


def measured(folder: Path, recipe: dict[str, Any]) -> tuple[float, float, float]:
    """Squared error of the autoencoder, accuracy and loss of the perceptron, on the test digits."""
    parent = trained(PARENT, folder / "parent", recipe)
    child = trained(CHILD, folder / "child", {}, parent.path)
    return parent.state.metrics["mse"], child.state.metrics["accuracy"], child.state.metrics["loss"]


def main() -> None:
    """Train what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("parents"))
    given = parser.parse_args()
    found = {}
    for number, (name, recipe) in enumerate(PARENTS.items()):
        found[name] = measured(given.output / str(number), recipe)
        print(name, *map(figure, found[name]), file=sys.stderr)
    rows = sorted(found.items(), key=lambda row: -row[1][0])
    print(
        markdown_table(["autoencoder", "its squared error", "accuracy", "loss"], [[name, *map(figure, row)] for name, row in rows])
    )


if __name__ == "__main__":
    main()
