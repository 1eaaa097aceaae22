"""How a model is trained: optimisers, schedules, augmentations, losses, and the recipe that joins them."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec

from zoo.errors import near_matches
from zoo.frozen import Spec

# What msgspec checks when a recipe is read or changed.
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Decay = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Pixels = Annotated[int, msgspec.Meta(ge=0)]


class SGD(Spec, tag="sgd", tag_field="name"):
    """Stochastic gradient descent: w ← w − lr·g. With `batch_size = 0` it is plain gradient descent.

    Args:
        lr: learning rate.
        momentum: share of the sum of earlier gradients that a step keeps.
        weight_decay: λ of λ·w, which is added to the gradient.
    """

    lr: Positive = 0.01
    momentum: Decay = 0.0
    weight_decay: NotNegative = 0.0


class RMSprop(Spec, tag="rmsprop", tag_field="name"):
    """RMSprop (Hinton, Coursera lecture 6e) as TensorFlow 2.11 has it: epsilon *inside* the square root.

    a ← rho·a + (1 − rho)·g²;  w ← w − lr·g / √(a + eps)

    Args:
        lr: learning rate.
        rho: share of the running mean that a step keeps.
        eps: inside the square root.
    """

    lr: Positive = 1e-3
    rho: Decay = 0.9
    eps: Positive = 1e-7


class Adadelta(Spec, tag="adadelta", tag_field="name"):
    """Adadelta (arXiv 1212.5701) with a learning rate, as Keras 1 has it (lr 1.0, rho 0.95, eps 1e-8).

    Args:
        lr: by what each step is multiplied.
        rho: share of the running means that a step keeps.
        eps: inside both square roots.
    """

    lr: Positive = 1.0
    rho: Decay = 0.95
    eps: Positive = 1e-8


class AdamW(Spec, tag="adamw", tag_field="name"):
    """Adam with decoupled weight decay (arXiv 1711.05101); with `weight_decay = 0` it is Adam (arXiv 1412.6980).

    Matrices and kernels are decayed; biases and the vectors of a normalisation are not.

    Args:
        lr: learning rate.
        beta1: share of the running mean of gradients that a step keeps.
        beta2: share of the running mean of their squares that a step keeps.
        eps: added to the square root.
        weight_decay: λ of lr·λ·w, which a step takes off the weights.
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

    history: Count = 20
    tolerance: Positive = 1e-7


Optimiser = SGD | RMSprop | Adadelta | AdamW | LBFGS


class Constant(Spec, tag="constant", tag_field="name"):
    """The learning rate never changes."""


class OneCycle(Spec, tag="one-cycle", tag_field="name"):
    """Up linearly from `start`·lr to lr over the first `warmup` of all steps, then down linearly to `end`·lr (arXiv 1708.07120).

    Args:
        warmup: share of all steps.
        start: share of lr at the beginning.
        end: share of lr at the end.
    """

    warmup: Share = 0.3
    start: Share = 0.0
    end: Share = 0.0


class LinearDecay(Spec, tag="linear", tag_field="name"):
    """Down linearly from lr to `end`·lr over all steps.

    Args:
        end: share of lr at the end.
    """

    end: Share = 0.0


Schedule = Constant | OneCycle | LinearDecay


class Shift(Spec, tag="shift", tag_field="name"):
    """Training pictures are moved by a random whole number of pixels up to `pixels` each way; what enters is background.

    Args:
        pixels: the most, each way.
    """

    pixels: Pixels = 2


class Affine(Spec, tag="affine", tag_field="name"):
    """Training pictures are rotated, scaled and slanted around their middle, each by an amount drawn uniformly.

    Args:
        degrees: largest rotation, either way.
        zoom: largest change of size, either way, of each axis by itself: 0.15 for 85 % to 115 %.
        slant: largest horizontal shear, either way: the tangent of its angle.
    """

    degrees: NotNegative = 15.0
    zoom: Decay = 0.15
    slant: NotNegative = 0.15


class Elastic(Spec, tag="elastic", tag_field="name"):
    """Training pictures are warped by a smooth random field of displacements (Simard, Steinkraus & Platt 2003, section 2).

    Args:
        strength: α there: by what the smoothed field of U(−1, 1) is multiplied, in pixels.
        smoothness: σ there: standard deviation of the Gaussian that smoothes it, in pixels.
    """

    strength: NotNegative = 34.0
    smoothness: Positive = 4.0


class Noise(Spec, tag="noise", tag_field="name"):
    """Gaussian noise is added to the pixels (0 … 1), which are then cut to 0 … 1; what is to be learned stays clean.

    Args:
        deviation: standard deviation.
    """

    deviation: NotNegative = 0.5


Augmentation = Shift | Affine | Elastic | Noise


class CrossEntropy(Spec, tag="cross-entropy", tag_field="name"):
    """Softmax cross-entropy, the mean over the examples, in nats.

    Args:
        label_smoothing: share of the target spread evenly over the classes (arXiv 1512.00567, section 7).
        l1: λ of a penalty λ·Σ|w|, added to the loss.
        l2: λ of a penalty λ·Σw², added to the loss.
        penalise_biases: whether the penalties take in biases (and the vectors of a normalisation) as well.
        naive: compute −Σ y·log(softmax(z)) as it is written, which is NaN once a probability rounds to 0; subnormal numbers count
            as 0, as in TensorFlow.
    """

    label_smoothing: Decay = 0.0
    l1: NotNegative = 0.0
    l2: NotNegative = 0.0
    penalise_biases: bool = False
    naive: bool = False


class SigmoidCrossEntropy(Spec, tag="sigmoid-cross-entropy", tag_field="name"):
    """Each class is a yes or no of its own: the *sum* over examples and classes of the sigmoid cross-entropies, in nats."""


class SquaredError(Spec, tag="squared-error", tag_field="name"):
    """Mean over pixels and examples of the squared difference of pixels 0 … 1.

    Args:
        sparsity: λ of a penalty λ·mean|code|, added to the loss.
    """

    sparsity: NotNegative = 0.0


class BinaryCrossEntropy(Spec, tag="binary-cross-entropy", tag_field="name"):
    """Mean over pixels and examples of the cross-entropy of pixels 0 … 1 taken as probabilities, in nats.

    Args:
        sparsity: λ of a penalty λ·mean|code|, added to the loss.
    """

    sparsity: NotNegative = 0.0


class EvidenceLowerBound(Spec, tag="elbo", tag_field="name"):
    """The negative evidence lower bound of a variational autoencoder (arXiv 1312.6114), mean over examples, in nats.

    Args:
        beta: weight of the divergence from the prior (1 is the bound itself).
    """

    beta: NotNegative = 1.0


class NegativeSampling(Spec, tag="negative-sampling", tag_field="name"):
    """Pairs of words that stand near each other are told from pairs with noise words (arXiv 1310.4546, 2.2); in nats, the mean over
    the pairs.

    Args:
        negative: noise words for each pair.
        shared: noise words that neighbouring positions draw together, each weighted so that they count as `negative` for each pair;
            where vectors change after each position, a position has `negative` of its own.
        update: when vectors change: after each `position` of the text, by loops that numba compiles for one thread of a CPU (a
            batch then has 8,192 tokens unless `batch_size` is set); after each `batch`, by matrix products on any device; `auto` is
            `position` where that can be had.
    """

    negative: Count = 5
    shared: Count = 32
    update: Literal["auto", "position", "batch"] = "auto"


BuiltInLoss = NegativeSampling | CrossEntropy | SigmoidCrossEntropy | SquaredError | BinaryCrossEntropy | EvidenceLowerBound
Loss = BuiltInLoss | str


class Recipe(Spec):
    """How a model is trained. `--set KEY=VALUE` may change any field here, or of the optimiser, schedule and loss.

    Args:
        optimiser: with its arguments.
        batch_size: examples a step; 0 is the whole training split.
        epochs: passes over the training split; exactly one of `epochs` and `steps` is given.
        steps: optimiser steps.
        schedule: of the learning rate, over all steps.
        loss: what is made small, with its options; or a function of the plugin's own, `"module:function"`, from what comes out and
            what should to a scalar with gradient, a mean over the examples (not their sum: several processes average theirs): of a
            classifier logits float32 [batch, classes] and labels int64 [batch], of an autoencoder pictures 0 … 1, float32 [batch,
            height, width], both. The `loss` of a classifier's test split stays the cross-entropy.
        augment: what is done to training batches only.
        augment_share: share of a batch's pictures, drawn anew, that it is done to (noise is added to all). What is turned or warped
            is also blurred a little; a network that never meets a sharp picture is worse at them.
        precision: `"fp32"`; `"bf16"` (autocast; weights stay float32); `"auto"`, bf16 where the device has it in hardware.
        validation: examples at the end of the training split that are held out for validation; 0 for none, or for the data's own
            validation split.
        keep: the weights that are kept: of the last step, or of the epoch that was best on validation.
        clip: largest norm of the gradient over all weights, to which a larger one is scaled down (arXiv 1211.5063); 0 for none.
        seed: of weights, order, dropout and augmentation.
    """

    optimiser: Optimiser
    batch_size: int
    epochs: int | None = None
    steps: int | None = None
    schedule: Schedule = Constant()
    loss: Loss = CrossEntropy()
    augment: tuple[Augmentation, ...] = ()
    augment_share: float = 1.0
    precision: Literal["fp32", "bf16", "auto"] = "fp32"
    validation: int = 0
    keep: Literal["last", "best"] = "last"
    clip: NotNegative = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("a recipe gives exactly one of epochs and steps")
        for field, least in (("epochs", 1), ("steps", 1), ("batch_size", 0), ("validation", 0), ("seed", 0)):
            value = getattr(self, field)
            if value is not None and value < least:
                raise ValueError(f"{field} must be at least {least}, not {value}")
        if not 0 < self.augment_share <= 1:
            raise ValueError(f"augment_share must be above 0 and at most 1, not {self.augment_share:g}")
        if isinstance(self.loss, str) and ":" not in self.loss:
            kinds = {str(kind.__struct_config__.tag): kind.__name__ for kind in get_args(BuiltInLoss)}
            near = near_matches(self.loss, kinds, limit=1)
            meant = f"; did you mean {kinds[near[0]]}()?" if near else ""
            raise ValueError(f"a loss of one's own is named 'module:function', not {self.loss!r}{meant}")
        if self.seed >= 2**32:
            raise ValueError(f"seed must be below 2^32, not {self.seed}")
