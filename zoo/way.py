"""Several verbs in a row: the whole way of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.api import SILENT, bench, export, train, verify
from zoo.errors import ParityError, UsageError
from zoo.machine import require_one_process
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.registry import registry as default_registry
from zoo.report.tables import figure
from zoo.spec import to_plain

if TYPE_CHECKING:
    from zoo.benchmark.report import BenchReport
    from zoo.certify.replay import Replay
    from zoo.exporting.export import Artifact
    from zoo.training.run import Run


@dataclass(frozen=True)
class Outcome:
    """What `run` did.

    Args:
        run: of the training; `None` where there was nothing to learn.
        artifact: certified.
        replay: of its certificate, by onnxruntime alone.
        bench: of the artifact.
    """

    run: Run | None
    artifact: Artifact
    replay: Replay
    bench: BenchReport

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "id": self.artifact.id,
            "run": str(self.run.path) if self.run else None,
            "training_seconds": self.run.state.seconds if self.run else 0.0,
            "metrics": self.artifact.manifest["metrics"],
            "artifact": str(self.artifact.path),
            "verified": self.replay.passed,
            "certificate": to_plain(self.artifact.certificate),
            "bench": to_plain(self.bench),
        }

    def lines(self) -> list[tuple[str, str]]:
        """As a summary: label and text."""
        certificate = self.artifact.certificate
        ratio = ", ".join(f"{name} {bound.ratio:.2f}×" for name, bound in certificate.bounds.items())
        errors = f"error {ratio} of PyTorch's own; " if ratio else ""
        figures = ", ".join(
            f"{name.replace('_', ' ')} {figure(value)}" for name, value in self.artifact.manifest["metrics"].items()
        )
        speeds = ", ".join(f"{row.batch}: {row.latency.p50_ms:.3g} ms" for row in self.bench.rows)
        state = self.run.state if self.run else None
        changed = len(certificate.audit.changed)
        return [
            ("data", f"{self.artifact.manifest['dataset']['id']} from {self.artifact.manifest['dataset']['origin']}"),
            ("trained", f"{state.seconds:,.1f} s on {state.device} in {state.precision}" if state else "nothing to learn"),
            ("test", figures),
            ("certified", f"{errors}{changed} of {certificate.audit.examples:,} decisions changed"),
            ("verified", f"{self.replay.cases} cases × {len(self.replay.levels)} levels replayed"),
            ("size", f"{(self.artifact.path / 'model.onnx').stat().st_size:,} bytes"),
            ("p50", f"by batch: {speeds}"),
            ("artifact", str(self.artifact.path)),
        ]


def run(
    model: str,
    *,
    output: str | Path = ".",
    opset: int | None = None,
    recipe: Mapping[str, Any] | None = None,
    device: str = "auto",
    precision: str | None = None,
    compiled: bool = False,
    deterministic: bool = False,
    data: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    name: str | None = None,
    progress: Progress = SILENT,
    registry: Registry | None = None,
) -> Outcome:
    """Data, training, export, verification and benchmark in one go.

    Args:
        model: id or architecture.
        output: folder that takes `runs/` and `exported/`.
        opset: of the graph; the default is 20.
        recipe: fields to change; this and all others as in `train`. Of a model with given weights, fields of its network.
        device: see `train`.
        precision: see `train`.
        compiled: see `train`.
        deterministic: see `train`.
        data: see `train`.
        columns: see `train`.
        name: see `train`.
        progress: who is told.
        registry: of another set of plugins.

    Raises:
        UsageError: it is one of several processes, which can share a training only.
        ZooError: what its parts raise.
    """
    from zoo.exporting.trace import DEFAULT_OPSET, check_opset

    registry = registry or default_registry()
    spec = registry.model(model)
    require_one_process("run", f"torchrun --nproc-per-node {{size}} -m zoo train {spec.id}, then zoo export {spec.id}")
    check_opset(opset or DEFAULT_OPSET)
    runs, exported = Path(output) / "runs", Path(output) / "exported"
    trained = None
    if spec.recipe is not None:
        trained = train(
            spec.id,
            recipe=recipe,
            device=device,
            precision=precision,
            compiled=compiled,
            deterministic=deterministic,
            output=runs,
            data=data,
            columns=columns,
            name=name,
            progress=progress,
            registry=registry,
        )
    elif data or columns or precision or compiled or deterministic or device != "auto":
        raise UsageError(f"{spec.id} has nothing to learn: it takes no option of a training.", hint=f"zoo run {spec.id}")
    path = trained.path if trained else None
    (artifact, *_) = export(
        None if path else spec.id,
        run=path,
        runs=runs,
        output=exported,
        opset=opset,
        config=None if path else recipe,
        name=None if path else name,
        progress=progress,
        registry=registry,
    )
    progress.note(f"{artifact.id}: replaying the certificate, then measuring")
    replay = verify(artifact.path)
    if not replay.passed:
        raise ParityError(f"{artifact.id} does not answer as certified: {'; '.join(replay.problems)}.")
    # One number of threads and short: a glance at the end of the way; `zoo bench` measures.
    measured = bench(artifact.path, threads=(None,), seconds=0.1, progress=progress)
    return Outcome(trained, artifact, replay, measured)
