"""What is inside the network: weights as pictures and as numbers, filters, feature maps."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from zoo.report.filters import Bank, Filters
from zoo.report.maps import Maps, Stage
from zoo.report.parameters import Layer, Parameters
from zoo.report.weights import Weights
from zoo.views.subject import POOLINGS, Call, LeftOut, Subject, numbers

WIDE = 32
"""Units, or filters, that are shown of more."""
SMALL = 1000
"""A network with at most this many parameters can be read, where no layer is wider than `READABLE`."""
READABLE = 16
BANKS = 2
"""Convolutions whose kernels are shown."""
KERNELS = (8, 32)
"""Filters and maps of a later convolution that are shown."""
POOLED = 2
"""Poolings before and after which maps are shown."""
MAPS = 8
"""Maps of each stage that are shown."""
EXAMPLE = 0
"""The test picture whose maps are shown."""


def weights(subject: Subject) -> Weights:
    """The first layer, where it is linear and has a weight for each pixel."""
    pictures = subject.pictures
    height, width = pictures.shape[1:]
    first = next(iter(subject.weighted()), None)
    if first is None or not isinstance(first.layer, nn.Linear):
        raise LeftOut("the first layer is not linear")
    layer = first.layer
    if layer.in_features != height * width:
        raise LeftOut(f"the first layer takes {layer.in_features:,} numbers, not the {height}×{width} pixels")
    matrix = numbers(layer.weight)  # [units, pixels]
    chosen = np.arange(len(matrix))
    if len(matrix) > WIDE:
        chosen = np.argsort(-np.linalg.norm(matrix, axis=1), kind="stable")[:WIDE]
    last = subject.weighted()[-1].layer is layer and len(matrix) == len(subject.data.classes)
    names = tuple(subject.data.classes[unit] if last else f"unit {unit}" for unit in chosen)
    return Weights(
        id=subject.id,
        layer=first.name,
        units=len(matrix),
        names=names,
        pictures=matrix[chosen].reshape(-1, height, width),  # [shown, height, width]
        classes=last,
    )


def parameters(subject: Subject) -> Parameters:
    """Every number of a network that is small enough to be read."""
    count = sum(parameter.numel() for parameter in subject.trained.parameters())
    if count > SMALL:
        raise LeftOut(f"{count:,} parameters are too many to be read; {SMALL:,} are possible")
    calls = subject.weighted()
    wide = [call for call in calls if not isinstance(call.layer, nn.Linear) or max(call.layer.weight.shape) > READABLE]
    held = sum(parameter.numel() for call in calls for parameter in call.layer.parameters())
    if wide or held != count or not calls:
        raise LeftOut(f"the layers are not all linear, with at most {READABLE} units each")
    return Parameters(id=subject.id, layers=tuple(_layer(subject, call, calls) for call in calls))


def _layer(subject: Subject, call: Call, calls: list[Call]) -> Layer:
    """A linear layer with names for what goes in and out, where they are known: the model's inputs, or pixels, at first, classes at
    last."""
    layer = call.layer
    assert isinstance(layer, nn.Linear)
    inputs = tuple(f"in {number}" for number in range(layer.in_features))
    outputs = tuple(f"unit {number}" for number in range(layer.out_features))
    if call is calls[0] and len(names := _names(subject)) == layer.in_features:
        inputs = names
    if call is calls[-1] and layer.out_features == len(subject.data.classes):
        outputs = subject.data.classes
    bias = numbers(layer.bias) if layer.bias is not None else np.zeros(0)
    return Layer(name=call.name, weight=numbers(layer.weight), bias=bias, inputs=inputs, outputs=outputs)


def _names(subject: Subject) -> tuple[str, ...]:
    """Of the numbers that go in, as the spec names them, or of a picture's pixels; none where there are none."""
    if names := subject.spec.inputs[0].names:
        return names
    if subject.data.picture is None or subject.examples.ndim != 3:
        return ()
    height, width = subject.pictures.shape[1:]
    return tuple(f"p{row}{column}" for row in range(height) for column in range(width))


def filters(subject: Subject) -> Filters:
    """The kernels of the first convolutions."""
    found = [call for call in subject.weighted() if isinstance(call.layer, nn.Conv2d)]
    if not found:
        raise LeftOut("the network has no convolution")
    once = {call.name: call.layer for call in found}  # a layer may run more than once
    return Filters(id=subject.id, banks=tuple(_bank(name, layer) for name, layer in list(once.items())[:BANKS]))


def _bank(name: str, layer: nn.Module) -> Bank:
    assert isinstance(layer, nn.Conv2d)
    kernels = numbers(layer.weight)  # [filters, channels, height, width]
    most, over = (WIDE, 1) if kernels.shape[1] == 1 else KERNELS
    return Bank(name=name, filters=len(kernels), channels=kernels.shape[1], kernels=kernels[:most, :over])


def maps(subject: Subject) -> Maps:
    """What the first convolution gives for one test picture, and what goes into and comes out of each pooling."""
    calls, pictures = subject.calls, subject.pictures
    convolutions = [number for number, call in enumerate(calls) if isinstance(call.layer, nn.Conv2d)]
    if not convolutions:
        raise LeftOut("the network has no convolution")
    pooled = [number for number, call in enumerate(calls) if isinstance(call.layer, POOLINGS) and call.given.dim() == 4]
    poolings = [number for number in pooled if number > convolutions[0]][:POOLED]
    first = convolutions[0]
    stages = []
    if first + 1 not in poolings:
        stages.append(_stage(f"after the convolution {calls[first].name}", calls[first].made))
    for number in poolings:
        call = calls[number]
        stages.append(_stage(f"before pooling, after {calls[number - 1].name}", call.given))
        stages.append(_stage(f"after pooling, {call.name}", call.made))
    low, high = subject.brightness
    return Maps(
        id=subject.id,
        split="test",
        index=EXAMPLE,
        label=subject.label(EXAMPLE),
        picture=pictures[EXAMPLE],
        low=low,
        high=high,
        stages=tuple(stages),
        pooled=bool(poolings),
    )


def _stage(title: str, tensor: Tensor) -> Stage:
    array = numbers(tensor)[0]  # [channels, height, width]
    return Stage(title, len(array), array[:MAPS])
