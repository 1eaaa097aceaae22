"""A module that has learned nothing yet: shapes, seeds, modes, devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from zoo.spec import EvidenceLowerBound, ModelSpec, replaced, to_plain
from zoo.testing.check import Declared, Failed, Skipped
from zoo.testing.subject import answers, fits, has_task, made_up, reads_text
from zoo.training.build import build_module, make_task
from zoo.training.checkpoint import hash_tensors
from zoo.training.task import SteppingTask

if TYPE_CHECKING:
    from zoo.testing.subject import Subject

EXAMPLES = 3
"""Of a batch that is made up: not 1, which hides what a batch mixes up, and not 2, which a trace uses."""


def seeded(subject: Subject) -> None:
    """One seed, one start."""
    found = []
    for _ in range(2):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            found.append(build_module(subject.declared, to_plain(subject.declared.config)).state_dict())
    for name, weight in found[0].items():
        if not torch.equal(weight, found[1][name]):
            raise Failed(
                f"the same seed should give the same weights, and {name} differs: draw from torch's own generator",
                where=subject.declared.build,
            )


def declared_shapes(subject: Subject) -> None:
    """What each export makes of a batch has the dtypes and shapes that the spec declares."""
    spec = subject.spec
    for variant in spec.exports:
        export = spec.export(variant)
        graph = subject.graph(subject.module(), variant)
        inputs = made_up(export.inputs, EXAMPLES)
        values = answers(graph, inputs)
        values |= {head.output: head.decide(values) for head in graph.heads}
        axes = {
            axis: size
            for tensor in export.inputs
            for axis, size in zip(tensor.shape, inputs[tensor.name].shape, strict=True)
            if isinstance(axis, str)
        }
        for place, tensor in enumerate(export.outputs):
            where = f"spec.export({variant!r}).outputs[{place}] and {export.target}"
            if tensor.name not in values:
                raise Failed(f"{export.target} should make {tensor.name!r}, and makes only {', '.join(values)}", where=where)
            made = values[tensor.name]
            dtype = "string" if made.dtype.kind in "OU" else str(made.dtype)
            wanted = [axes.get(axis, axis) if isinstance(axis, str) else axis for axis in tensor.shape]
            if dtype != tensor.dtype or not fits(made.shape, wanted):
                raise Failed(
                    f"{tensor.name} of {EXAMPLES} examples should be {tensor.dtype} {wanted}, and is {dtype} {list(made.shape)}",
                    where=where,
                )


def deterministic(subject: Subject) -> None:
    """In evaluation mode the same input gets the same answer, and leaves the module as it was."""
    module = subject.module()
    variant = next(iter(subject.spec.exports))
    graph = subject.graph(module, variant)
    inputs = made_up(subject.spec.export(variant).inputs, EXAMPLES)
    before = hash_tensors(module.state_dict())
    found = []
    for seed in (0, 1):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            np.random.seed(seed)  # noqa: NPY002 - a plugin may use it
            found.append(answers(graph, inputs))
    for name in graph.outputs:
        if not np.array_equal(found[0][name], found[1][name], equal_nan=found[0][name].dtype.kind == "f"):
            raise Failed(
                f"in evaluation mode {name} should be the same for the same input, and is another the second time: something is "
                "drawn, or remembered",
                where=subject.spec.build,
            )
    if hash_tensors(module.state_dict()) != before:
        raise Failed("in evaluation mode an answer should leave the module's state as it was", where=subject.spec.build)


def modes(subject: Subject) -> None:
    """Without dropout, normalisation and augmentation, training mode computes what evaluation mode does."""
    spec = subject.spec
    assert spec.recipe is not None
    task = make_task(spec, replaced(spec.recipe, augment=()), subject.dataset)
    module = subject.module()
    batch = subject.batch(task)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        expected, _ = task.loss(module.eval(), batch)
        module.train()
        for layer in module.modules():
            if isinstance(layer, _DropoutNd | _NormBase | nn.RNNBase):
                layer.eval()
        found, _ = task.loss(module, batch)
    if not torch.allclose(found, expected, rtol=1e-5, atol=1e-6):
        raise Failed(
            f"the loss of one batch should be the same in both modes but for dropout and normalisation, and is {float(found):.6g} "
            f"in training, {float(expected):.6g} in evaluation: `self.training` decides too much, or dropout is no layer",
            where=spec.build,
        )


def any_device(subject: Subject) -> None:
    """A whole step on the `meta` device, augmentation and dropout included: it fails where a tensor is made on the CPU."""
    task = subject.task
    few = {name: array[:5] for name, array in subject.dataset.splits["train"].items()}
    module = subject.module().to("meta").train()
    try:
        loss, metrics = task.loss(module, task.resident(few, torch.device("meta")))
    except NotImplementedError as error:
        raise Skipped(f"what is computed depends on the data, which the meta device has none of: {str(error)[:80]}") from error
    _expect_device("meta", {"loss": loss, **metrics}, subject.spec)
    if subject.spec.recipe is not None:
        loss.backward()  # type: ignore[no-untyped-call]
        _expect_device("meta", _gradients(module), subject.spec)


def cuda(subject: Subject) -> None:
    """A forward pass and, of what is learned, a step on a GPU."""
    if not torch.cuda.is_available():
        raise Skipped("this machine has no CUDA device")
    spec, task = subject.spec, subject.task
    module = subject.module().to("cuda")
    if not subject.reads_text:
        raw = [torch.from_numpy(array).cuda() for array in made_up(spec.inputs, EXAMPLES).values()]
        made = module(*raw)
        _expect_device("cuda", {"answer": made[0] if isinstance(made, tuple) else made}, spec)
    batch = subject.batch(task, "cuda")
    if isinstance(task, SteppingTask):
        _expect_device("cuda", {"loss": task.step(module.train(), batch, 0.1)[0]}, spec)
        return
    loss, _ = task.loss(module.train(), batch)
    loss.backward()  # type: ignore[no-untyped-call]
    _expect_device("cuda", {"loss": loss, **_gradients(module)}, spec)


def _gradients(module: nn.Module) -> dict[str, Any]:
    return {name: weight.grad for name, weight in module.named_parameters() if weight.requires_grad and weight.grad is not None}


def _expect_device(device: str, tensors: dict[str, Any], spec: ModelSpec) -> None:
    for name, tensor in tensors.items():
        if tensor.device.type != device:
            raise Failed(f"{name} should be on {device}, where module and batch are, and is on {tensor.device}", where=spec.build)


def _no_common_pass(spec: ModelSpec) -> str:
    """Why the loss of a batch cannot be compared between the modes."""
    if spec.recipe is None:
        return "nothing is learned, so it has one mode only"
    if has_task(spec, SteppingTask):
        return "its task makes a whole step at once, and has no loss to compare"
    if isinstance(spec.recipe.loss, EvidenceLowerBound):
        return "its loss is of a code that is drawn in training"
    if spec.parent:
        return "it is trained on another model's weights, through which its input may go in training alone"
    return ""


def _no_meta(spec: ModelSpec) -> str:
    if reads_text(spec):
        return "sentences have lengths, and a tensor without content has none to cut by"
    return ""


CHECKS = (
    Declared("seeded", "A published figure cannot be had again: each run of the same seed starts elsewhere.", seeded),
    Declared(
        "declared-shapes", "Servers, pages and callers allocate and read by the spec, and meet something else.", declared_shapes
    ),
    Declared("deterministic", "The deployed model answers the same question differently from call to call.", deterministic),
    Declared(
        "modes", "What is measured and shipped is another network than the one that was trained.", modes, unless=_no_common_pass
    ),
    Declared("any-device", "It trains on a CPU, and fails on whoever has a GPU.", any_device, unless=_no_meta),
    Declared(
        "cuda",
        "It fails on a GPU, or computes a part of every step on the CPU.",
        cuda,
        unless=lambda spec: "" if spec.recipe else "a step on CUDA is what tells, and nothing is learned",
        needs=frozenset({"gpu"}),
    ),
)
