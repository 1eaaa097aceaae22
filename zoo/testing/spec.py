"""What a spec says, before anything is built: is it whole, does it agree with itself, do its names lead somewhere?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from zoo.errors import PluginError, UnknownName
from zoo.exporting.given import configured
from zoo.plugins import resolve
from zoo.spec import Export, ModelSpec, TensorSpec, to_plain
from zoo.testing.check import Declared, Failed
from zoo.training.task import Task

if TYPE_CHECKING:
    from zoo.testing.subject import Subject


def described(subject: Subject) -> None:
    """No text that a person is to read is empty."""
    spec = subject.declared
    read = {"summary": spec.summary, "source": spec.source}
    read |= {f"{where}.meaning": tensor.meaning for where, tensor in tensors(spec)}
    read |= {f"references[{place}].source": reference.source for place, reference in enumerate(spec.references)}
    for where, text in read.items():
        if not text.strip():
            raise Failed(f"{where} of {spec.id} should say something, and is empty", where=f"spec.{where}")


def consistent(subject: Subject) -> None:
    """Names are single, ranges in order, config and recipe come back from JSON, data set and parent exist."""
    spec = subject.declared
    for variant in spec.exports:
        export = spec.export(variant)
        names = [tensor.name for tensor in (*export.inputs, *export.outputs)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise Failed(
                f"inputs and outputs of {spec.id} should have names of their own; {twice[0]!r} is there twice",
                where=f"spec.exports[{variant!r}]",
            )
    for where, tensor in tensors(spec):
        if tensor.low is not None and tensor.high is not None and tensor.low > tensor.high:
            raise Failed(f"low should be at most high, and {tensor.low} > {tensor.high}", where=f"spec.{where}.low")
        if tensor.names and (not tensor.shape or tensor.shape[-1] != len(tensor.names)):
            raise Failed(
                f"names are of the places along the last axis, {list(tensor.shape)[-1:]}, and there are {len(tensor.names)}",
                where=f"spec.{where}.names",
            )
    for field in ("config", "recipe"):
        value = getattr(spec, field)
        if msgspec.json.decode(msgspec.json.encode(value), type=type(value)) != value:
            raise Failed(f"the {field} of {spec.id} should come back from JSON as it was: a run holds it so", where=f"spec.{field}")
    for field, find in (("dataset", subject.full.dataset), ("parent.id", subject.full.model)):
        name = spec.dataset if field == "dataset" else spec.parent and spec.parent.id
        if name:
            try:
                find(name)
            except UnknownName as error:
                raise Failed(str(error), where=f"spec.{field}") from None


def resolvable(subject: Subject) -> None:
    """Every `"module:function"` leads to something that can be called; the task is a task."""
    spec, data = subject.declared, subject.full.dataset(subject.declared.dataset)
    for where, reference in references(spec):
        try:
            found = resolve(reference)
        except PluginError as error:
            raise Failed(str(error), where=f"spec.{where}") from error
        if where == "task" and not (isinstance(found, type) and issubclass(found, Task)):
            raise Failed(f"{reference!r} should be a zoo.training.task.Task, and is {found!r:.60}", where="spec.task")
        if not callable(found):
            raise Failed(f"{reference!r} should be a function, and is a {type(found).__name__}", where=f"spec.{where}")
    for field in ("load", "own"):
        if (reference := getattr(data, field)) and not callable(resolve(reference, owner=data.id)):
            raise Failed(f"{reference!r} of data set {data.id} should be a function", where=f"spec.dataset ({data.id}).{field}")


def configurable(subject: Subject) -> None:
    """What follows from the config as it is declared is what is declared."""
    spec = subject.declared
    assert spec.configure is not None
    found, splits = configured(spec, {})
    for field in ("inputs", "outputs", "exports"):
        if getattr(found, field) != getattr(spec, field):
            raise Failed(
                f"{spec.configure} should leave the {field} of an unchanged config as they are declared, and gives "
                f"{to_plain(getattr(found, field))}",
                where=spec.configure,
            )
    if configured(found, {})[0] != found:
        raise Failed(f"{spec.configure} should change nothing where it is asked a second time", where=spec.configure)
    if splits is not None and spec.recipe is not None:
        raise Failed(f"{spec.configure} should give no data of a model that is trained: None", where=spec.configure)
    if splits is not None and not {"train", "test"} <= splits.keys():
        raise Failed(f"{spec.configure} should give the splits train and test, not {', '.join(splits)}", where=spec.configure)


def tensors(spec: ModelSpec) -> Iterator[tuple[str, TensorSpec]]:
    """Every input and output with its place in the spec."""
    homes = [("", spec), *((f"exports[{name!r}].", export) for name, export in spec.exports.items() if isinstance(export, Export))]
    for prefix, home in homes:
        for field in ("inputs", "outputs"):
            for place, tensor in enumerate(getattr(home, field)):
                yield f"{prefix}{field}[{place}]", tensor


def references(spec: ModelSpec) -> Iterator[tuple[str, str]]:
    """Every `"module:function"` with its place in the spec."""
    for field in ("task", "build", "configure", "fit", "prove"):
        if reference := getattr(spec, field):
            yield field, reference
    for variant in spec.exports:
        yield f"exports[{variant!r}]", spec.export(variant).target
    for view, reference in spec.views.items():
        yield f"views[{view!r}]", reference
    if spec.parent:
        yield "parent.adopt", spec.parent.adopt
    if spec.recipe and isinstance(spec.recipe.loss, str):
        yield "recipe.loss", spec.recipe.loss


CHECKS = (
    Declared("described", "Lists, cards and pages show an empty place where a person looks for an explanation.", described),
    Declared("consistent", "The spec contradicts itself, and each command believes another half of it.", consistent),
    Declared("resolvable", "A command ends with a name that leads nowhere, after the data were fetched.", resolvable),
    Declared(
        "configurable",
        "`--set config.…` gives a network whose inputs, outputs or data are not those it says.",
        configurable,
        unless=lambda spec: "" if spec.configure else "its inputs and outputs do not follow from its config",
    ),
)
