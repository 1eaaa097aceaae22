"""The autoencoders, row by row: network, recipe and published figures."""

from __future__ import annotations

from zoo.signatures import IMAGE, RECONSTRUCTION, RECONSTRUCTION_TASK, autoencoder_exports, code
from zoo.spec import (
    Adadelta,
    AdamW,
    BinaryCrossEntropy,
    EvidenceLowerBound,
    LinearDecay,
    ModelSpec,
    Noise,
    OneCycle,
    Recipe,
    Reference,
    SquaredError,
    replaced,
)
from zoo_autoencoder import Config

COURSE = "course: deep learning with Keras, autoencoders on MNIST"
BLOG = "Chollet 2016, Building Autoencoders in Keras, blog.keras.io"
ADADELTA = Recipe(optimiser=Adadelta(lr=1.0, rho=0.95, eps=1e-8), batch_size=128, epochs=50, loss=SquaredError(), precision="auto")


def model(
    tag: str,
    summary: str,
    source: str,
    config: Config,
    recipe: Recipe,
    references: tuple[Reference, ...] = (),
    prove: str | None = None,
) -> ModelSpec:
    """One row."""
    return ModelSpec(
        architecture="autoencoder",
        tag=tag,
        summary=summary,
        source=source,
        task=RECONSTRUCTION_TASK,
        build="zoo_autoencoder.model:build",
        config=config,
        recipe=recipe,
        dataset="mnist",
        inputs=(IMAGE,),
        outputs=(RECONSTRUCTION, code(config.numbers)),
        exports=autoencoder_exports(config.numbers),
        references=references,
        configure="zoo_autoencoder.recipes:configure",
        prove=prove,
    )


def configure(spec: ModelSpec) -> tuple[ModelSpec, None]:
    """The spec with outputs and exports that fit the code of its config; its data are the data set's own."""
    assert isinstance(spec.config, Config)
    numbers = spec.config.numbers
    return replaced(spec, outputs=(RECONSTRUCTION, code(numbers)), exports=autoencoder_exports(numbers)), None


MODELS = (
    model("dense-32", "A code of 32 ReLU units, sigmoid pixels, squared error", COURSE, Config(), ADADELTA),
    model("linear-decoder", "A code of 32 ReLU units, linear pixels", COURSE, Config(output="linear"), ADADELTA),
    model(
        "dense-32-bce",
        "The same as dense-32 with binary cross-entropy",
        BLOG,
        Config(),
        replaced(ADADELTA, loss=BinaryCrossEntropy()),
    ),
    model(
        "denoising",
        "Convolutions that take noise of deviation 0.5 out of a digit",
        f"{BLOG}, section on image denoising",
        Config(filters=(32, 32), code_activation="relu"),
        replaced(ADADELTA, loss=BinaryCrossEntropy(), augment=(Noise(deviation=0.5),), epochs=10),
    ),
    model(
        "overcomplete",
        "A code of 1,024 ReLU units, kept sparse by an L1 penalty",
        f"{BLOG}, section on sparsity; Olshausen & Field 1996 for the idea",
        Config(code=1024),
        Recipe(optimiser=AdamW(lr=1e-3), batch_size=128, epochs=20, loss=SquaredError(sparsity=0.01), precision="auto"),
    ),
    model(
        "linear",
        "A code of 32 linear units: the subspace of the first 32 principal components",
        "Baldi & Hornik 1989, Neural Networks 2, 53-58",
        Config(code_activation="linear", output="linear"),
        Recipe(optimiser=AdamW(lr=2e-3), batch_size=600, epochs=60, schedule=LinearDecay(), loss=SquaredError()),
        (
            Reference(
                metric="mse",
                value=0.01683,
                rule="about",
                tolerance=0.00034,
                better="lower",
                source="principal component analysis with 32 components",
            ),
        ),
        prove="zoo_autoencoder.proof:prove",
    ),
    model(
        "vae",
        "Variational: a code of 32 Gaussians, digits from noise",
        "Kingma & Welling, arXiv 1312.6114, section 5 and appendix C",
        Config(encoder=(500,), decoder=(500,), activation="tanh", variational=True),
        Recipe(optimiser=AdamW(lr=1e-3), batch_size=100, epochs=30, loss=EvidenceLowerBound(), precision="auto"),
    ),
    model(
        "best",
        "Deep, a code of 32 linear units, as little error as can be",
        "this page; Hinton & Salakhutdinov 2006, Science 313, 504-507, for the figure",
        Config(encoder=(1024, 512), decoder=(512, 1024), activation="silu", norm=True, code_activation="linear"),
        Recipe(
            optimiser=AdamW(lr=6e-3, eps=1e-10),
            batch_size=256,
            epochs=50,
            schedule=OneCycle(warmup=0.1),
            loss=SquaredError(),
            precision="auto",
            validation=5000,
            keep="best",
        ),
        (
            Reference(
                metric="mse",
                value=0.0038,
                rule="at_most",
                better="lower",
                source="Hinton & Salakhutdinov 2006 reach 0.00383 with 30 numbers",
            ),
        ),
    ),
)
"""In the order of the listing; the first is the default."""
