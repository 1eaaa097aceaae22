"""What is exported and proven: a trained module with where it came from, and what of it a certificate speaks of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.certify.certificate import Certificate
from zoo.certify.certify import Subject, certify
from zoo.certify.locate import said
from zoo.certify.proof import Answer, Proof
from zoo.data.dataset import Dataset
from zoo.exporting.declared import declared_graph
from zoo.exporting.products import products, twin_of
from zoo.graph import Graph
from zoo.plugins import resolve
from zoo.progress import Progress
from zoo.spec import ModelSpec, Recipe, TensorSpec, replaced, to_plain
from zoo.views.subject import Subject as Seen

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from zoo.training.task import Task


@dataclass(frozen=True)
class Trained:
    """What is exported: a module with where it came from.

    Args:
        id: `architecture.tag` it is exported under.
        spec: whose network and export these are.
        module: with its weights, on the CPU.
        dataset: with the test split it is certified on.
        recipe: that trained it; `None` for given weights.
        metrics: on the test split.
        run: folder and weights' hash of its run; `None` for given weights.
        history: lines of its run's `metrics.jsonl`.
        judge: answers → metrics.
        task: that it was trained for.
        machine: for the record.
        created: time, UTC.
        gap: what is missing of `history`, as a clause.
    """

    id: str
    spec: ModelSpec
    module: nn.Module
    dataset: Dataset
    recipe: Recipe | None
    metrics: Mapping[str, float]
    run: Mapping[str, Any] | None
    history: Sequence[Mapping[str, Any]]
    judge: Any
    task: Task
    machine: Mapping[str, Any]
    created: str
    gap: str | None = None

    @property
    def seen(self) -> Seen:
        """It, to be looked at."""
        return Seen(self.id, self.spec, self.module, self.dataset, self.history, recipe=self.recipe, gap=self.gap)

    @property
    def recipe_sha256(self) -> str:
        """Of the recipe, as the manifest has it."""
        recipe = to_plain(self.recipe) if self.recipe else None
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def graph(self, variant: str) -> Graph:
        """What `variant` of the spec's exports makes of the module."""
        module, data = self.module.cpu().float().eval(), self.dataset
        return declared_graph(self.spec, variant, module, classes=data.classes, picture=data.picture, examples=data.splits["test"])

    def prove(self, answer: Answer) -> Sequence[Proof]:
        """What the plugin proves of its model, whose file answers by `answer`."""
        assert self.spec.prove is not None
        spec = replaced(self.spec, recipe=self.recipe)  # `--set` may have changed what was minimised
        found: Sequence[Proof] = resolve(self.spec.prove, owner=self.spec.id)(spec, self.module, self.dataset, answer)
        return found


def certified(
    trained: Trained, subject: Subject, graph: Graph, *, providers: Sequence[str], created: str, progress: Progress
) -> tuple[Certificate, bytes]:
    """Certificate and golden vectors; where it does not pass, its last problem says where the file goes wrong first.

    Args:
        trained: what was exported.
        subject: what is certified of it.
        graph: the declared one, whose modules `zoo.certify.locate` looks at.
        providers: onnxruntime's, short names.
        created: time, UTC.
        progress: who is told.
    """
    certificate, golden = certify(subject, providers=providers, created=created, machine=dict(trained.machine), progress=progress)
    if not certificate.passed:
        with products(subject.precision):
            located = said(replace(subject, graph=graph), certificate)
        certificate = replaced(certificate, problems=(*certificate.problems, located))
    return certificate, golden


def subject_of(
    trained: Trained,
    variant: str,
    *,
    artifact_id: str,
    graph: Graph,
    path: Path,
    outputs: tuple[TensorSpec, ...],
    precision: str,
) -> Subject:
    """What is certified of a variant.

    Args:
        trained: what is exported, its weights rounded as `precision` asks.
        variant: of the spec's exports.
        artifact_id: of the artifact.
        graph: of the variant.
        path: of the file.
        outputs: as they came out.
        precision: of large weights.
    """
    spec, dataset = trained.spec, trained.dataset
    declared, test = spec.export(variant), dataset.splits["test"]
    # The golden cases lie beside the model. The sentences of a corpus may not be given away with it, so none becomes one.
    texts = {tensor.name for tensor in declared.inputs if tensor.dtype == "string"}

    def judge(answers: Mapping[str, np.ndarray]) -> dict[str, float]:
        """The task's metrics, where the graph has all that the model answers; a part of it has none of its own."""
        whole = _names(spec.inputs) <= _names(declared.inputs) and _names(spec.outputs) <= _names(declared.outputs)
        return dict(trained.judge(answers, test)) if whole else {}

    proven = spec.prove and variant == next(iter(spec.exports)) and precision == "fp32"
    return Subject(
        id=artifact_id,
        graph=twin_of(graph, precision),
        path=path,
        inputs=declared.inputs,
        outputs=outputs,
        examples={**{name: array for name, array in test.items() if name not in texts}, **graph.examples},
        judge=judge,
        audited={**test, **graph.examples, **graph.audited},
        precision=precision,
        dataset_sha256=dataset.sha256,
        recipe_sha256=trained.recipe_sha256,
        prove=trained.prove if proven else None,
    )


def _names(tensors: Sequence[TensorSpec]) -> set[str]:
    return {tensor.name for tensor in tensors}
