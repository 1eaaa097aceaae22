"""The file alone, asked by onnxruntime: every size, every neighbour, and what it should refuse."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo import api
from zoo.api import SILENT
from zoo.certify.texts import hostile
from zoo.data.load import load_dataset
from zoo.errors import ZooError
from zoo.spec import ModelSpec, TensorSpec
from zoo.testing.check import Declared, Failed
from zoo.testing.exporting import EXPORTS
from zoo.testing.subject import fits, graph_place, made_up

if TYPE_CHECKING:
    from zoo.runtime.model import Model
    from zoo.testing.subject import Subject

MANY, TEXTS = 10_000, 200
"""Examples of the largest batch; of text, whose search is slow."""
LIMIT = 32 << 20
"""Bytes that the inputs and outputs of that batch may have together; what a network computes between them is a multiple."""
BATCHES = (1, 2, 7, 64)
SAME = 0.95
"""Share of the texts that must be the same alone and in company: a tie may fall either way."""


def every_size(subject: Subject) -> str:
    """A graph answers one example, some, and ten thousand, or as many as 32 MiB hold."""
    model = _model(subject)
    inputs = _many(subject)
    batches = _batches(inputs)
    for batch in batches:
        found = _asked(subject, model, {name: array[:batch] for name, array in inputs.items()})
        for tensor in subject.spec.outputs:
            made = found[tensor.name]
            wanted = [batch if axis == subject.spec.inputs[0].shape[0] else axis for axis in tensor.shape]
            if not fits(made.shape, wanted):
                raise Failed(
                    f"{tensor.name} of {batch} examples should have the shape {wanted}, and has {list(made.shape)}",
                    where=graph_place(subject.spec),
                )
        if "probabilities" in found and np.abs(found["probabilities"].sum(1) - 1).max() > 1e-5:
            raise Failed(f"each row of probabilities should sum to 1; of {batch} one does not", where=graph_place(subject.spec))
    *some, many = (f"{batch:,}" for batch in batches)
    return f"asked of {', '.join(some)} and {many} examples"


def batch_mates(subject: Subject) -> None:
    """An example gets the same answer alone and in any company."""
    model, inputs = _model(subject), _many(subject)
    whole = _asked(subject, model, inputs)
    *smaller, size = _batches(inputs)
    for batch in smaller:
        found = _asked(subject, model, {name: array[:batch] for name, array in inputs.items()})
        for tensor in subject.spec.outputs:
            sure = np.ones(batch, bool)
            if tensor.name == "label" and "probabilities" in whole:
                ordered = np.sort(whole["probabilities"][:batch], 1)
                sure = ordered[:, -1] - ordered[:, -2] > 1e-5
            if not _same(tensor, found[tensor.name][sure], whole[tensor.name][:batch][sure]):
                raise Failed(
                    f"{tensor.name} of an example should not depend on the others in its batch, and in a batch of {batch} it is "
                    f"another than in one of {size:,}: no mean or sum may go over the first axis",
                    where=graph_place(subject.spec),
                )


def _same(tensor: TensorSpec, ours: np.ndarray, theirs: np.ndarray) -> bool:
    if tensor.dtype == "float32":
        return np.allclose(ours, theirs, rtol=1e-7, atol=2e-6 * max(1.0, float(np.abs(theirs).max(initial=0))), equal_nan=True)
    if tensor.dtype == "uint8":  # rounded: a tie may fall either way
        return int(np.abs(ours.astype(int) - theirs).max(initial=0)) <= 1
    if tensor.dtype == "string" and tensor.name != "label":
        return float((ours == theirs).mean()) > SAME
    return bool((ours == theirs).all())


def bad_input(subject: Subject) -> None:
    """What is no input is refused in one sentence; NaN is not answered as if it were a number; nothing gets no answer."""
    model, spec = _model(subject), subject.spec
    target = graph_place(spec)
    good = made_up(spec.inputs, 3)
    for tensor in spec.inputs:
        array, name = good[tensor.name], tensor.name
        wrong = {"another dtype": np.zeros(array.shape, np.int64 if tensor.dtype == "string" else np.float64)}
        wrong["one axis more"] = array[..., None]
        fixed = [at for at, axis in enumerate(tensor.shape) if isinstance(axis, int)]
        if fixed:
            wrong["a longer axis"] = np.repeat(array, 2, fixed[0])
        for what, given in wrong.items():
            _expect_refusal(f"{name} of {what}", partial(model.answer, {**good, name: given}), target)
        _expect_refusal(f"a call without {name}", partial(model.answer, {key: good[key] for key in good if key != name}), target)
        if tensor.dtype == "float32":
            _expect_not_hidden(model, spec, {**good, name: np.full_like(array, np.nan)}, name)
    nothing = {name: array[:0] for name, array in good.items()}
    for name, made in _asked(subject, model, nothing).items():
        if len(made):
            raise Failed(f"{name} of an empty batch should be empty, and has {len(made)} rows", where=graph_place(spec))
    data = subject.full.dataset(spec.dataset)
    if data.own is not None:
        empty, garbage = subject.folder / "empty", subject.folder / "garbage.tsv"
        empty.mkdir(exist_ok=True)
        garbage.write_bytes(bytes(range(256)))
        for path in (empty, garbage, subject.folder / "absent"):
            read = partial(load_dataset, data, own=path, name="own", progress=SILENT)
            _expect_refusal(f"--data {path.name}, which holds no data,", read, data.own)


def _expect_refusal(what: str, call: Callable[[], Any], where: str) -> None:
    try:
        call()
    except ZooError as error:
        if "\n" in str(error):
            raise Failed(f"{what} should be refused in one sentence, and is in several lines: {error!s:.80}", where=where) from None
        return
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise Failed(f"{what} should be refused by a ZooError in one sentence, and ends in {said:.100}", where=where) from error
    raise Failed(f"{what} should be refused, and is answered", where=where)


def _expect_not_hidden(model: Model, spec: ModelSpec, inputs: dict[str, np.ndarray], name: str) -> None:
    """NaN is refused, or shows in a float output."""
    floats = [tensor.name for tensor in spec.outputs if tensor.dtype == "float32"]
    try:
        found = model.answer(inputs)
    except ZooError:
        return
    if floats and all(np.isfinite(found[output]).all() for output in floats):
        raise Failed(
            f"{name} of NaN alone should show in the answer or be refused, and {floats[0]} looks sound", where=graph_place(spec)
        )


def own_place(subject: Subject) -> None:
    """Training and export write where they were told to, and nowhere else."""
    _ = subject.run, subject.artifact
    if subject.strays:
        raise Failed(
            f"training and export should write into their own folders only, and left {', '.join(sorted(subject.strays)[:3])}",
            where=subject.spec.build,
        )


def _model(subject: Subject) -> Model:
    return subject.once("opened model", lambda: api.open(subject.artifact.path))


def _many(subject: Subject) -> dict[str, np.ndarray]:
    if subject.reads_text:
        return {tensor.name: hostile(TEXTS) for tensor in subject.spec.inputs}
    one = made_up(subject.spec.inputs, 1, seed=1)
    each = sum(array.nbytes for array in (*one.values(), *_answer(subject, _model(subject), one).values()))
    return made_up(subject.spec.inputs, min(MANY, max(2, LIMIT // each)), seed=1)


def _batches(inputs: dict[str, np.ndarray]) -> list[int]:
    """The sizes that are asked, up to all examples."""
    size = len(next(iter(inputs.values())))
    return [*(batch for batch in BATCHES if batch < size), size]


def _asked(subject: Subject, model: Model, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The answers, made once for each batch size."""
    return subject.once(f"answer to {len(next(iter(inputs.values())))}", partial(_answer, subject, model, inputs))


def _answer(subject: Subject, model: Model, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    try:
        return model.answer(inputs)
    except ZooError as error:
        said = f"a batch of {len(next(iter(inputs.values()))):,} examples should be answered: {error}"
        raise Failed(said, where=graph_place(subject.spec)) from error


CHECKS = (
    Declared("every-size", "A server that puts requests together fails on a batch of another size.", every_size, needs=EXPORTS),
    Declared("batch-mates", "A person's answer depends on who else asks at the same moment.", batch_mates, needs=EXPORTS),
    Declared("bad-input", "A wrong call ends in a traceback, or gets an answer that looks right.", bad_input, needs=EXPORTS),
    Declared("own-place", "Files that nobody asked for appear in a person's folders.", own_place, needs=EXPORTS),
)
