"""What the checks of one model share: its data, modules, one short run and one artifact, each made when first asked for."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from zoo import api
from zoo.api import SILENT
from zoo.data.dataset import Dataset, length, texts
from zoo.data.load import load_dataset
from zoo.errors import DataError, PluginError
from zoo.exporting.given import configured
from zoo.graph import Graph
from zoo.paths import HOME, home
from zoo.plugins import resolve
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.sample import sample_input
from zoo.spec import ModelSpec, TensorSpec, to_plain
from zoo.testing.check import Skipped
from zoo.testing.data import BATCH, SIZES, cut
from zoo.training.build import build_module, fitted_config, make_task, with_config
from zoo.training.task import Task

if TYPE_CHECKING:
    from torch import nn

    from zoo.exporting.export import Artifact
    from zoo.training.run import Run

T = TypeVar("T")
STEPS = 2
"""Of the run that is exported: what is proven of a file does not depend on how much it has learned."""


class Subject:
    """A model that is checked.

    Args:
        declared: its spec, as the plugin declares it.
        registry: where its data set and its parent are.
    """

    def __init__(self, declared: ModelSpec, registry: Registry) -> None:
        self.declared, self.full = declared, registry
        self._made: dict[str, Any] = {}
        self.strays: set[str] = set()
        """Files that training or export left where they do not belong."""

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, made once. Where it failed, who asks first hears how; the others have nothing to look at.

        Raises:
            Skipped: it has failed already.
        """
        if name not in self._made:
            try:
                self._made[name] = make()
            except Exception as error:
                self._made[name] = error if isinstance(error, Skipped) else Skipped(f"there is no {name}: {_first_line(error)}")
                raise
        found = self._made[name]
        if isinstance(found, Skipped):
            raise found
        made: T = found
        return made

    def forget(self, name: str) -> None:
        """Let it be made anew by who asks next."""
        self._made.pop(name, None)

    def clear(self) -> None:
        """Let go of everything that was made: whoever checks many models cannot hold them all."""
        self._made.clear()
        for name in ("spec", "dataset", "registry"):
            self.__dict__.pop(name, None)

    @cached_property
    def folder(self) -> Path:
        """A folder of its own, gone with it."""
        path = Path(tempfile.mkdtemp(prefix="zoo-check-"))
        weakref.finalize(self, shutil.rmtree, path, ignore_errors=True)
        return path

    @cached_property
    def registry(self) -> Registry:
        """With few examples in the model's data set."""
        return cut(self.full, self.declared, SIZES)

    @property
    def reads_text(self) -> bool:
        """Whether a person gives it text; its module then takes numbers of another shape."""
        return reads_text(self.declared)

    @property
    def loaded(self) -> Dataset:
        """Few examples of the data set.

        Raises:
            Skipped: it cannot be had.
        """

        def load() -> Dataset:
            try:
                return load_dataset(self.registry.dataset(self.declared.dataset), own=None, name=None, progress=SILENT)
            except DataError as error:
                raise Skipped(f"the data cannot be had: {error}") from None

        return self.once("data", load)

    @cached_property
    def spec(self) -> ModelSpec:
        """With the config that fits the data."""
        if self.declared.recipe is None:
            return configured(self.declared, {})[0]
        return with_config(self.declared, fitted_config(self.declared, self.declared.config, self.loaded))[0]

    @cached_property
    def dataset(self) -> Dataset:
        """Few examples; of a model whose config makes its data, those."""
        splits = configured(self.declared, {})[1] if self.declared.recipe is None else None
        if splits is None:
            return self.loaded
        return Dataset(id=self.loaded.id, splits=splits, classes=self.loaded.classes, origin=self.loaded.origin)

    @property
    def task(self) -> Task:
        """Of the model, on few examples."""
        return make_task(self.spec, self.declared.recipe, self.dataset)

    def module(self, seed: int = 0) -> nn.Module:
        """A new untrained one that knows its data, in training mode; torch's own random numbers go on as they were."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            spec = self.spec
            module = build_module(spec, to_plain(spec.config))
        self.task.prepare(module)
        return module.train()

    def batch(self, task: Task, device: str = "cpu") -> Any:
        """The first examples of the training split."""
        train = self.dataset.splits["train"]
        size = min(BATCH, length(train))
        resident = task.resident({name: array[:size] for name, array in train.items()}, torch.device(device))
        everything = torch.arange(size)
        chosen = task.order(resident, size, 0, 0)[0:size] if task.drawn else everything
        return task.batch(resident, chosen, chosen)

    def graph(self, module: nn.Module, variant: str) -> Graph:
        """What an export makes of a module, in evaluation mode."""
        from zoo.exporting.declared import declared_graph

        data = self.dataset
        return declared_graph(
            self.spec, variant, module.eval(), classes=data.classes, picture=data.picture, examples=data.splits["test"]
        )

    @property
    def run(self) -> Run | None:
        """A finished run of a few steps; `None` where nothing is learned.

        Raises:
            Skipped: the data cannot be had.
        """
        if self.declared.recipe is None:
            return None
        _ = self.loaded
        return self.once("run", lambda: self.train(STEPS))

    @property
    def artifact(self) -> Artifact:
        """Of the default export, certified.

        Raises:
            Skipped: the data cannot be had, or there is no run.
        """
        return self.once("artifact", self._export)

    def _export(self) -> Artifact:
        _ = self.loaded
        run = self.run
        with self.elsewhere():
            (found,) = api.export(
                None if run else self.declared.id,
                run=run.path if run else None,
                variants=[next(iter(self.declared.exports))],
                output=self.folder / "exported",
                registry=self.registry,
            )
        return found

    @property
    def runs(self) -> Path:
        """Where its runs are, all in one folder: a parent is trained once."""
        return self.folder / "runs"

    def train(
        self,
        steps: int,
        recipe: Mapping[str, Any] = {},
        *,
        checkpoint_every: int | None = None,
        progress: Progress = SILENT,
        registry: Registry | None = None,
    ) -> Run:
        """A run on few examples, on the CPU."""
        assert self.declared.recipe is not None
        held_out = {"validation": BATCH} if self.declared.recipe.validation else {}
        with self.elsewhere():
            return api.train(
                self.declared.id,
                recipe={"steps": steps, **held_out, **recipe},
                device="cpu",
                output=self.runs,
                checkpoint_every=checkpoint_every,
                progress=progress,
                registry=registry or self.registry,
            )

    @contextlib.contextmanager
    def elsewhere(self) -> Iterator[None]:
        """In an empty folder, with an empty home; what lies there afterwards is in `strays`."""
        import onnxruntime  # noqa: F401 - at its import it makes files in the home folder, which are no plugin's doing

        before, cache = Path.cwd(), home().absolute()
        places = {name: Path(tempfile.mkdtemp(dir=self.folder)) for name in ("the current folder", "the home folder")}
        current, own = places.values()
        # matplotlib's cache of fonts is no plugin's doing.
        changed = {"HOME": str(own), HOME: str(cache), "MPLCONFIGDIR": str(self.folder / "matplotlib")}
        kept = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        os.chdir(current)
        try:
            yield
        finally:
            os.chdir(before)
            for name, value in kept.items():
                if value is None:
                    os.environ.pop(name)
                else:
                    os.environ[name] = value
            for name, path in places.items():
                self.strays |= {f"{file.relative_to(path)} in {name}" for file in path.rglob("*") if file.is_file()}


def reads_text(spec: ModelSpec) -> bool:
    """Whether a person gives a model text."""
    return any(tensor.dtype == "string" for tensor in spec.inputs)


def graph_place(spec: ModelSpec) -> str:
    """Where a plugin shapes what its default file answers: its export, or where that is zoo's own, its network."""
    target = spec.export(next(iter(spec.exports))).target
    return spec.build if target.startswith("zoo.") else target


def fits(shape: Sequence[int], wanted: Sequence[int | str]) -> bool:
    """Whether a shape has the axes wanted; one with a name may have any size."""
    return len(shape) == len(wanted) and all(
        isinstance(axis, str) or axis == size for axis, size in zip(wanted, shape, strict=True)
    )


def has_task(spec: ModelSpec, kind: type) -> bool:
    """Whether a model's task is of a kind; one that cannot be found is of none."""
    try:
        found = resolve(spec.task)
    except PluginError:
        return False
    return isinstance(found, type) and issubclass(found, kind)


def made_up(inputs: tuple[TensorSpec, ...], batch: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Inputs of a graph: noise, and of text short lines; every dynamic axis but the first has size 3."""
    found = {}
    for tensor in inputs:
        if tensor.dtype == "string":
            found[tensor.name] = texts(["a b", "c", ""][place % 3] for place in range(batch))
            continue
        sizes = {axis: 3 for axis in tensor.shape if isinstance(axis, str)}
        found[tensor.name] = sample_input(tensor, sizes | {str(tensor.shape[0]): batch}, seed)
    return found


def answers(graph: Graph, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a graph's PyTorch part makes of its inputs, by name, with what its fronts gave."""
    given, values = graph.read(inputs)
    with torch.inference_mode():
        made = graph.module(*(torch.from_numpy(array) for array in given))
    parts = made if isinstance(made, tuple | list) else (made,)
    return values | {name: part.numpy() for name, part in zip(graph.outputs, parts, strict=True)}


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
