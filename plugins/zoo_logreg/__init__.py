"""Softmax regression: ten weighted sums of the pixels, a softmax, nothing hidden.

The network every course starts with, and the yardstick for all others: what a deeper model gains, it gains over this.

| id | how it is trained | what it shows |
|---|---|---|
| `logreg.best` | L-BFGS on all 60,000 digits until the gradient vanishes | the optimum itself, and the gradient that proves it |
| `logreg.gd` | 100 full-batch gradient steps from zero weights | plain gradient descent |
| `logreg.sgd` | 1,000 steps on batches of 100 | the same for a six-hundredth of the work a step |

Input: 28×28 grey pixels 0 … 255; output: probabilities of the ten digits. 7,850 parameters.
"""

from __future__ import annotations

from collections.abc import Iterable

from zoo.hookspecs import hookimpl
from zoo.signatures import CLASSIFIER_EXPORTS, CLASSIFIER_TASK, IMAGE, LABEL, SOLVED_CLASSIFIER_TASK, probabilities
from zoo.spec import LBFGS, SGD, CrossEntropy, ModelSpec, Recipe, Reference, Spec
from zoo.study import StudySpec

BUILD = "zoo_logreg.model:build"


class Config(Spec):
    """Size of the network.

    Args:
        pixels: of a picture, height × width.
        classes: number of labels.
    """

    pixels: int = 784
    classes: int = 10


def _spec(
    tag: str,
    summary: str,
    source: str,
    recipe: Recipe,
    reference: Reference,
    task: str = CLASSIFIER_TASK,
    prove: str | None = None,
) -> ModelSpec:
    return ModelSpec(
        architecture="logreg",
        tag=tag,
        summary=summary,
        source=source,
        task=task,
        build=BUILD,
        config=Config(),
        recipe=recipe,
        dataset="mnist",
        inputs=(IMAGE,),
        outputs=(LABEL, probabilities(10)),
        exports=CLASSIFIER_EXPORTS,
        references=(reference,),
        prove=prove,
    )


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """Softmax regressions on MNIST."""
    return [
        _spec(
            "best",
            "Softmax regression at its optimum, by L-BFGS with an L2 penalty",
            "Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.5",
            Recipe(optimiser=LBFGS(), batch_size=0, steps=2000, loss=CrossEntropy(l2=1e-4)),
            Reference(metric="accuracy", value=0.925, rule="at_least", source="7.44 % error measured with L-BFGS, L2 1e-4"),
            task=SOLVED_CLASSIFIER_TASK,
            prove="zoo_logreg.proof:prove",
        ),
        _spec(
            "gd",
            "Softmax regression, 100 steps of full-batch gradient descent",
            "course: softmax regression in NumPy, MNIST",
            Recipe(optimiser=SGD(lr=1.0), batch_size=0, steps=100),
            Reference(metric="accuracy", value=0.9096, rule="exact", tolerance=0.0002, source="course"),
        ),
        _spec(
            "sgd",
            "Softmax regression, 1,000 steps of stochastic gradient descent",
            "course: MNIST for beginners",
            # TensorFlow's reader of MNIST put 5,000 of the 60,000 digits aside.
            Recipe(optimiser=SGD(lr=0.1), batch_size=100, steps=1000, validation=5000),
            Reference(metric="accuracy", value=0.91, rule="about", tolerance=0.01, source="course"),
        ),
    ]


@hookimpl
def zoo_studies() -> Iterable[StudySpec]:
    """Penalties on softmax regression."""
    from zoo_logreg.studies import STUDIES

    return STUDIES
