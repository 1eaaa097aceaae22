"""The verbs of the command line as functions, for notebooks and scripts.

Only `train`, `resume`, `load`, `plot` and `export` import torch; `open`, `verify`, `predict` and `bench` run on onnxruntime alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.artifacts import artifact_path
from zoo.errors import UnknownName, UsageError
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.registry import registry as default_registry
from zoo.spec import ModelSpec

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from zoo.benchmark.report import BenchReport
    from zoo.certify.replay import Replay
    from zoo.exporting.export import Artifact
    from zoo.exporting.plot import Plotted
    from zoo.runtime.manifest import Manifest
    from zoo.runtime.model import Model
    from zoo.training.run import Run

RUNS = Path("runs")
EXPORTED = Path("exported")
SILENT = Progress()


def list_models(*patterns: str) -> list[ModelSpec]:
    """The models that `patterns` name (ids, architectures, wildcards); all of them where none is given.

    Raises:
        UnknownName: a pattern matches nothing.
    """
    return default_registry().matching(patterns)


def train(
    model: str,
    *,
    recipe: Mapping[str, Any] | None = None,
    device: str = "auto",
    precision: str | None = None,
    compiled: bool = False,
    captured: bool = False,
    deterministic: bool = False,
    output: str | Path = RUNS,
    data: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    name: str | None = None,
    checkpoint_every: int | None = None,
    init_from: str | Path | None = None,
    progress: Progress = SILENT,
    registry: Registry | None = None,
) -> Run:
    """Train a model by its recipe in a new run.

    Args:
        model: id, or architecture, which means its default.
        recipe: fields to change: `{"lr": 0.01, "epochs": 3, "seed": 1}`; those of the network as `config.…`.
        device: `"auto"`, `"cpu"`, `"cuda"`, `"cuda:N"`, `"mps"`.
        precision: `"fp32"`, `"bf16"` or `"auto"`; `None` is the recipe's.
        compiled: step through `torch.compile`.
        captured: capture the passes of a step as CUDA graphs.
        deterministic: an operation without a deterministic form is an error.
        output: folder of runs; the run is `output/<id>/<n>`.
        data: folder of your own data, or file of your own sentence pairs.
        columns: of such a file: `{"source": "0", "target": "1"}`, numbers from 0 or names in its first line.
        name: tag of the model that is trained on them.
        checkpoint_every: steps between checkpoints; `None` lets time decide.
        init_from: the finished run whose weights it begins with: a folder, `id/n`, or an id.
        progress: who is told; silent by default.
        registry: of another set of plugins.

    Raises:
        ZooError: see `zoo.errors`; a `KeyboardInterrupt` leaves a run that `resume` continues.
    """
    from zoo.training.options import Options
    from zoo.training.train import train as train_spec

    registry = registry or default_registry()
    options = Options(
        device=device,
        precision=precision,
        compiled=compiled,
        captured=captured,
        deterministic=deterministic,
        changes=dict(recipe or {}),
        output=Path(output),
        data=Path(data) if data is not None else None,
        columns=dict(columns or {}),
        name=name,
        checkpoint_every=checkpoint_every,
        init_from=str(init_from) if init_from is not None else None,
    )
    return train_spec(registry.model(model), options, registry, progress)


def resume(run: str | Path, *, runs: str | Path = RUNS, progress: Progress = SILENT, registry: Registry | None = None) -> Run:
    """Continue an interrupted, failed or killed run: a folder, `id/n`, or an id, which means its newest run.

    Raises:
        UnknownName: there is no such run.
        UsageError: it is finished, or is running now.
    """
    from zoo.training.run import find_run
    from zoo.training.train import resume as resume_run

    return resume_run(find_run(run, Path(runs)), registry or default_registry(), progress)


def load(model: str, *, run: str | Path | None = None, runs: str | Path = RUNS, registry: Registry | None = None) -> nn.Module:
    """The trained module of a model's newest finished run, in evaluation mode on the CPU: raw input → what the task needs (logits).

    Args:
        model: id or architecture; also the id of a model trained on your own data.
        run: a certain run of it.
        runs: folder of runs.
        registry: of another set of plugins.

    Raises:
        UnknownName: no such model or run.
        UsageError: it was never trained.
        IntegrityError: its weights are damaged.
    """
    from zoo.exporting.source import load_module

    return load_module(_trained_id(model, registry or default_registry()), run, Path(runs), registry or default_registry())


def load_exported(manifest: Manifest, runs: Sequence[Path] = (RUNS,), registry: Registry | None = None) -> nn.Module:
    """The PyTorch original of an artifact: raw inputs → the graph's float outputs.

    Args:
        manifest: of the artifact; its run must still be there, with the same weights.
        runs: folders of runs that are looked in.
        registry: of another set of plugins.

    Raises:
        UsageError: the run is gone, or has other weights.
    """
    from zoo.exporting.source import load_graph

    return load_graph(manifest, runs, registry or default_registry()).module


def plot(
    target: str | Path,
    *,
    runs: str | Path = RUNS,
    output: str | Path | None = None,
    only: Sequence[str] = (),
    theme: str = "light",
    format: str = "png",  # noqa: A002
    progress: Progress = SILENT,
    registry: Registry | None = None,
) -> Plotted:
    """Draw what there is to see of a run or a model: curves, mistakes, weights, filters, feature maps, each where it applies.

    Args:
        target: a run's folder, `id/n`, an id or architecture (its newest finished run, else its newest), or a model with given
            weights.
        runs: folder of runs.
        output: folder of the pictures; by default `plots` in the run, or `plots/<id>` for given weights.
        only: names of views (`zoo.views.gather.VIEWS`); none given, all that apply.
        theme: `"light"` or `"dark"`.
        format: `"png"`, `"svg"` or `"pdf"`.
        progress: who is told.
        registry: of another set of plugins.

    Raises:
        UnknownName: there is no such run, model or view.
        UsageError: there is nothing to draw, or a view named in `only` does not apply.
    """
    from zoo.exporting.plot import plot as plot_target

    return plot_target(
        str(target),
        runs=Path(runs),
        output=Path(output) if output is not None else None,
        only=only,
        theme=theme,
        form=format,
        progress=progress,
        registry=registry or default_registry(),
    )


def export(
    model: str | None = None,
    *,
    run: str | Path | None = None,
    runs: str | Path = RUNS,
    output: str | Path = EXPORTED,
    variants: Sequence[str] = (),
    opset: int | None = None,
    providers: Sequence[str] = ("cpu",),
    precision: str = "fp32",
    keep_slower: bool = False,
    config: Mapping[str, Any] | None = None,
    name: str | None = None,
    progress: Progress = SILENT,
    registry: Registry | None = None,
) -> list[Artifact]:
    """Make certified artifacts of trained models.

    Args:
        model: id or architecture, of its newest finished run; `None` means every finished model whose artifact is not of its newest
            run.
        run: a certain run instead.
        runs: folder of runs.
        output: folder of artifacts; each is written to `output/<id>`.
        variants: of the model's exports; none given, all.
        opset: of the graphs; the default is 20.
        providers: of onnxruntime that are certified beside the CPU.
        precision: `"fp16"` and `"int8"` store large weights so, as `output/<id>.<precision>`, arithmetic stays float32's;
            `"int8-dynamic"` multiplies matrices in whole numbers, too, and `"int8-static"` computes linear layers and
            convolutions in them, by scales that are taken from training examples.
        keep_slower: keep a file in one of the last two though it is slower than in float32.
        config: fields to change of a model with given weights: `{"expr": "a & b"}`.
        name: tag under which such a model is exported.
        progress: who is told.
        registry: of another set of plugins.

    Raises:
        UnknownName: there is no such model, run, variant or precision.
        ExportError: weights stored in fewer bits cost more of the task's metric than it allows, or the file is slower than in
            float32 against its precision's promise.
        ParityError: a graph does not answer as its PyTorch original does; nothing is written of it.
    """
    from zoo.exporting.export import export as export_trained
    from zoo.exporting.precision import check_precision
    from zoo.exporting.source import outdated, source_of
    from zoo.exporting.trace import DEFAULT_OPSET, check_opset

    registry = registry or default_registry()
    check_opset(opset or DEFAULT_OPSET)
    check_precision(precision)
    wanted: list[tuple[str | None, str | Path | None]]
    if model is None and run is None and not config and name is None:
        if precision != "fp32":
            raise UsageError(f"Storing weights in {precision} is for one model at a time; name it.", hint="zoo list")
        wanted = [(None, found) for found in outdated(Path(runs), Path(output))]
    else:
        wanted = [(_trained_id(model, registry) if model else None, run)]
    artifacts: list[Artifact] = []
    for trained_id, found in wanted:
        trained = source_of(trained_id, found, Path(runs), registry, progress, changes=config, name=name)
        artifacts += export_trained(
            trained,
            Path(output),
            variants=variants,
            opset=opset or DEFAULT_OPSET,
            providers=providers,
            precision=precision,
            keep_slower=keep_slower,
            progress=progress,
        )
    return artifacts


def open(  # noqa: A001
    model: str | Path,
    *,
    artifacts: str | Path | None = None,
    providers: Sequence[str] = ("cpu",),
    threads: int | None = None,
) -> Model:
    """Open an artifact with onnxruntime: an object with `.predict("digit.png")`, `.run(image=…)`, `.describe()`.

    Args:
        model: id, architecture, artifact folder or `.onnx` file.
        artifacts: folder of artifacts that is looked in first.
        providers: onnxruntime's, short names; the first is used or it is an error.
        threads: for one operator; `None` lets onnxruntime decide.

    Raises:
        UnknownName: there is no such artifact.
        IntegrityError: a file is not what its manifest says.
        DeviceError: the provider is not there.
    """
    from zoo.runtime.model import open as open_path

    path = Path(model) if isinstance(model, Path) else artifact_path(model, artifacts)
    return open_path(path, providers=providers, threads=threads)


def verify(
    model: str | Path,
    *,
    artifacts: str | Path | None = None,
    provider: str = "cpu",
    deep: bool = False,
    runs: str | Path = RUNS,
    progress: Progress = SILENT,
    registry: Registry | None = None,
) -> Replay:
    """Replay an artifact's certificate with onnxruntime alone; `.passed` says how it went.

    Args:
        model: id, architecture or folder.
        artifacts: folder of artifacts that is looked in first.
        provider: of onnxruntime, a short name.
        deep: where that passed, let PyTorch answer again, too: golden vectors, bounds and the whole test split are computed anew.
        runs: folder of runs, where PyTorch finds the artifact's weights.
        progress: who is told.
        registry: of another set of plugins.

    Raises:
        UnknownName: there is no such artifact.
        IntegrityError: a file is not what its manifest says, or the certificate is none.
        UsageError, DataError: of `deep`, the run or the data that the artifact came from are not there.
    """
    from zoo.certify.replay import replay

    path = Path(model) if isinstance(model, Path) else artifact_path(model, artifacts)
    found = replay(path, provider=provider)
    if not deep or not found.passed:
        return found
    from zoo.exporting.deep import certify_again

    folder = path.parent if path.is_file() else path
    # Beside the artifacts' folder is where `zoo run` puts its runs.
    places = (Path(runs), folder.parent.parent / "runs")
    return certify_again(folder, places, provider=provider, registry=registry or default_registry(), progress=progress)


def predict(model: str | Path, *, artifacts: str | Path | None = None, **arrays: np.ndarray) -> dict[str, np.ndarray]:
    """The answers of an artifact to raw arrays: `zoo.predict("cnn", image=digits)`.

    For many calls `open` the model once and use its `run`.
    """
    return open(model, artifacts=artifacts).answer(arrays)


def bench(
    model: str | Path,
    *,
    artifacts: str | Path | None = None,
    batches: Sequence[int] = (1, 8, 64, 512),
    threads: Sequence[int | None] = (1, None),
    levels: Sequence[str] = ("all",),
    provider: str = "cpu",
    against: Sequence[str] = (),
    runs: str | Path = RUNS,
    seconds: float = 0.4,
    explain: bool = False,
    progress: Progress = SILENT,
) -> BenchReport:
    """Latency with intervals, load time, time of the first call and memory of an artifact, under every condition.

    Args:
        model: id, architecture or artifact folder.
        artifacts: folder of artifacts that is looked in first.
        batches: examples in a call.
        threads: for one operator; `None` lets onnxruntime decide.
        levels: of graph optimisation.
        provider: of onnxruntime; it is used, or it is an error.
        against: `"bare"`, onnxruntime without zoo; `"eager"`, `"compile"`: PyTorch, and only these import torch. All are timed in
            turn with ours on the same inputs.
        runs: folder of runs, where PyTorch finds the artifact's weights.
        seconds: of measuring, for each condition and contestant.
        explain: whether to say why a call takes that long, too.
        progress: who is told.
    """
    from zoo.benchmark.bench import bench as bench_path
    from zoo.exporting.peers import peers_of

    path = Path(model) if isinstance(model, Path) else artifact_path(model, artifacts)
    return bench_path(
        path,
        batches=tuple(batches),
        threads=tuple(threads),
        levels=tuple(levels),
        providers=(provider,),
        # Beside the artifacts' folder is where `zoo run` puts its runs.
        against=peers_of(against, path, provider, (Path(runs), path.parent.parent / "runs")),
        seconds=seconds,
        explain=explain,
        progress=progress,
    )


def _trained_id(model: str, registry: Registry) -> str:
    """The id that `model` means: a registered one, or the name of a model trained on own data."""
    try:
        return registry.model(model).id
    except UnknownName:
        if "." in model and any(owned.spec.architecture == model.split(".", maxsplit=1)[0] for owned in registry.models.values()):
            return model
        raise
