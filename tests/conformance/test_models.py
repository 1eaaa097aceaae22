"""One suite over every registered model. Skips depend on a property of the spec, never on a name."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from zoo import api
from zoo.certify.texts import hostile
from zoo.data.dataset import Dataset
from zoo.data.load import load_dataset
from zoo.errors import DataError
from zoo.exporting.given import configured
from zoo.exporting.trace import STANDARD
from zoo.paths import artifact_folders
from zoo.plugins import resolve
from zoo.progress import Progress
from zoo.registry import registry
from zoo.runtime.artifact import find
from zoo.sample import sample_input
from zoo.spec import DatasetSpec, ModelSpec, to_plain
from zoo.training.build import build_module, fitted_config, make_task, with_config
from zoo.training.checkpoint import hash_tensors
from zoo.training.task import SolvedTask, SteppingTask, Task

SPECS = [owned.spec for owned in registry().models.values()]
learned = [spec for spec in SPECS if spec.recipe is not None]
ids = [spec.id for spec in SPECS]


LARGE = 5_000_000
"""Weights from which on a certificate takes half a minute."""


def whole_way() -> Iterator[Any]:
    """Every model; among the slow tests those that are large, those whose layers and exports another before them has too, and those
    that write text: one that has learned nothing never ends a sentence, and its certificate takes minutes."""
    seen = set()
    for spec in SPECS:
        module = build_module(spec, to_plain(spec.config))
        layers = (repr(module), *spec.exports.values())
        large = sum(weight.numel() for weight in module.parameters()) > LARGE
        slow = large or layers in seen or reads_text(spec)
        yield pytest.param(spec, id=spec.id, marks=[pytest.mark.slow] if slow else [])
        seen.add(layers)


def reads_text(spec: ModelSpec) -> bool:
    """Whether a person gives it text; its module then takes numbers of another shape."""
    return any(tensor.dtype == "string" for tensor in spec.inputs)


def first_of(dataset: DatasetSpec) -> Dataset:
    """A data set, or a skip where it cannot be had."""
    try:
        return load_dataset(dataset, own=None, name=None, progress=Progress())
    except DataError as error:
        pytest.skip(f"no {dataset.id}: {error}")


def built(spec: ModelSpec, dataset: Dataset) -> tuple[nn.Module, Task]:
    """An untrained module that fits its data, and its task."""
    spec, _ = with_config(spec, fitted_config(spec, spec.config, dataset))
    module = build_module(spec, to_plain(spec.config))
    task = make_task(spec, spec.recipe, dataset)
    task.prepare(module)
    return module, task


def first_batch(task: Task, dataset: Dataset, device: str) -> Any:
    """64 examples of the training split."""
    resident = task.resident({name: array[:64] for name, array in dataset.splits["train"].items()}, torch.device(device))
    if task.drawn:
        return task.batch(resident, chosen := task.order(resident, 64, 0, 0)[0:64], chosen)
    everything = torch.arange(64)
    return task.batch(resident, everything, everything)


def cut(spec: ModelSpec, steps: int) -> dict[str, int]:
    """A recipe's changes for a training on a few hundred examples."""
    assert spec.recipe is not None
    return {"steps": steps, **({"validation": 64} if spec.recipe.validation else {})}


WHOLE_WAY = list(whole_way())


@pytest.fixture(scope="session", params=WHOLE_WAY)
def artifact(request, tmp_path_factory, small_data_session):
    """The artifact of a model that was trained for two steps, or not at all: its certificate must pass all the same."""
    spec = request.param
    folder = tmp_path_factory.mktemp("conformance")
    with small_data_session():
        run = api.train(spec.id, recipe=cut(spec, 2), output=folder / "runs") if spec.recipe else None
        whole = [next(iter(spec.exports))]  # its parts are proven by the tests of their plugin
        (found,) = api.export(None if run else spec.id, run=run.path if run else None, variants=whole, output=folder / "exported")
    return spec, found, run


@pytest.mark.parametrize("spec", SPECS, ids=ids)
def test_the_spec_is_consistent(spec, zoo_registry):
    assert spec.summary
    assert spec.source
    assert issubclass(resolve(spec.task), Task)
    assert callable(resolve(spec.build))
    assert all(callable(resolve(spec.export(variant).target)) for variant in spec.exports)
    if spec.configure is not None:
        found, splits = configured(spec, {})
        assert (found.id, found.inputs, found.outputs, found.exports) == (spec.id, spec.inputs, spec.outputs, spec.exports)
        assert splits is None or spec.recipe is None
        assert configured(found, {})[0] == found
        assert splits is None or {"train", "test"} <= splits.keys()
    assert zoo_registry.dataset(spec.dataset)
    assert len({tensor.name for tensor in (*spec.inputs, *spec.outputs)}) == len(spec.inputs) + len(spec.outputs)
    assert msgspec.convert(to_plain(spec.config), type(spec.config)) == spec.config
    assert msgspec.json.decode(msgspec.json.encode(spec.recipe), type=type(spec.recipe)) == spec.recipe


@pytest.mark.parametrize("spec", SPECS, ids=ids)
def test_one_seed_builds_the_same_weights(spec):
    hashes = []
    for seed in (1, 1):
        torch.manual_seed(seed)
        hashes.append(hash_tensors(build_module(spec, to_plain(spec.config)).state_dict()))
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("spec", learned, ids=[spec.id for spec in learned])
def test_gradients_are_finite_and_reach_every_parameter(spec, zoo_registry, mnist):
    torch.manual_seed(0)
    dataset = first_of(zoo_registry.dataset(spec.dataset))
    module, task = built(spec, dataset)
    batch = first_batch(task, dataset, "cpu")
    left = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    assert left
    for _ in range(2):  # a last layer that starts at zero hands no gradient on before it has made a step
        if isinstance(task, SteppingTask):
            before = {name: parameter.detach().clone() for name, parameter in module.named_parameters()}
            loss, _ = task.step(module, batch, 0.1)
            assert loss.isfinite()
            assert all(parameter.isfinite().all() for parameter in module.parameters())
            left -= {name for name, parameter in module.named_parameters() if not torch.equal(parameter, before[name])}
            continue
        module.zero_grad()
        loss, _ = task.loss(module, batch)
        loss.backward()
        for name, parameter in module.named_parameters():
            if not parameter.requires_grad:
                continue
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            if parameter.grad.abs().sum() > 0:
                left.discard(name)
            parameter.data -= 0.01 * parameter.grad
    assert not left


@pytest.mark.parametrize("spec", [param for param in WHOLE_WAY if param.values[0] in learned])
def test_one_batch_is_learned(spec, zoo_registry, tmp_path, small_data, monkeypatch):
    """A few steps on 64 examples bring the loss down."""
    monkeypatch.setattr(
        "zoo.training.train.hold_out",
        lambda dataset, recipe: (
            {name: array[:64] for name, array in dataset.splits["train"].items()},
            ("same", {name: array[:64] for name, array in dataset.splits["train"].items()}),
        ),
    )
    run = api.train(spec.id, recipe={"steps": 30}, output=tmp_path)
    if issubclass(resolve(spec.task), SolvedTask):
        assert run.state.metrics["objective"] < 0.1
    else:
        epochs = run.epochs()
        assert min(epoch["train_loss"] for epoch in epochs[1:]) < epochs[0]["train_loss"]


@pytest.mark.parametrize("spec", SPECS, ids=ids)
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.gpu
def test_nothing_stays_on_the_cpu(spec, zoo_registry):
    if spec.recipe is None or reads_text(spec):
        pytest.skip("a step on CUDA is what tells")
    module = build_module(spec, to_plain(spec.config)).to("cuda")
    raw = [torch.from_numpy(sample_input(tensor, {"batch": 3})).cuda() for tensor in spec.inputs]
    made = module(*raw)
    assert (made[0] if isinstance(made, tuple) else made).device.type == "cuda"


@pytest.mark.parametrize("spec", learned, ids=[spec.id for spec in learned])
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.gpu
def test_a_step_is_made_on_cuda(spec, zoo_registry):
    dataset = first_of(zoo_registry.dataset(spec.dataset))
    module, task = built(spec, dataset)
    batch = first_batch(task, dataset, "cuda")
    if isinstance(task, SteppingTask):
        assert task.step(module.to("cuda").train(), batch, 0.1)[0].device.type == "cuda"
        return
    loss, _ = task.loss(module.to("cuda").train(), batch)
    assert loss.device.type == "cuda"
    loss.backward()
    assert all(parameter.grad.device.type == "cuda" for parameter in module.parameters() if parameter.requires_grad)


@pytest.mark.parametrize("spec", SPECS, ids=ids)
def test_nothing_is_made_on_the_wrong_device(spec, zoo_registry, mnist):
    """A whole step on the `meta` device, augmentation and dropout included: it fails where a tensor is made on the CPU."""
    if reads_text(spec):
        pytest.skip("sentences have lengths, and a tensor without content has none to cut by")
    dataset = load_dataset(zoo_registry.dataset(spec.dataset), own=None, name=None, progress=Progress())
    splits = (configured(spec, {})[1] if spec.configure is not None else None) or dataset.splits
    few = {name: array[:5] for name, array in splits["train"].items()}
    module = build_module(spec, to_plain(spec.config)).to("meta").train()
    task = make_task(spec, spec.recipe, dataset)
    loss, metrics = task.loss(module, task.resident(few, torch.device("meta")))
    assert {loss.device.type, *(value.device.type for value in metrics.values())} == {"meta"}
    if spec.recipe is not None:
        loss.backward()
        assert all(parameter.grad.device.type == "meta" for parameter in module.parameters() if parameter.requires_grad)


def test_the_certificate_passes(artifact):
    _, found, _ = artifact
    certificate = found.certificate
    assert certificate.passed
    assert not certificate.oracle.skipped
    assert certificate.oracle.agrees
    assert certificate.audit.torch_metrics == pytest.approx(certificate.audit.onnxruntime_metrics, abs=1e-5)
    for bound in certificate.bounds.values():
        assert bound.onnxruntime_error <= bound.bound < 1e-4


def test_the_metrics_of_the_run_are_those_of_the_graph(artifact):
    _, found, run = artifact
    if run is not None:
        theirs = found.certificate.audit.onnxruntime_metrics
        assert {name: run.state.metrics[name] for name in theirs} == pytest.approx(theirs, abs=1e-5)


def test_the_file_is_whole_standard_and_tells_what_it_is(artifact):
    spec, found, _ = artifact
    model = onnx.load(found.path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert {node.domain for node in model.graph.node} <= STANDARD
    assert not model.functions
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["zoo.id"] == found.id
    said = msgspec.json.decode(metadata["zoo"])
    assert said["classes"] == list(found.manifest["classes"])
    assert said["dataset"]["sha256"] == found.manifest["dataset"]["sha256"]
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")  # megabytes of weights have any three letters somewhere
    text = model.SerializeToString()
    for path in ("site-packages", ".py", sys.prefix, str(Path.cwd()), str(found.path.parent)):
        assert path.encode() not in text, f"the file names {path}"


def test_it_answers_alone_at_every_batch_size(artifact, tmp_path):
    spec, found, _ = artifact
    alone = tmp_path / "model.onnx"
    shutil.copy(found.path / "model.onnx", alone)
    session = onnxruntime.InferenceSession(alone, providers=["CPUExecutionProvider"])
    (tensor,) = spec.inputs
    many = hostile(200) if reads_text(spec) else sample_input(tensor, {"batch": 10_000}, seed=1)
    names = [output.name for output in spec.outputs]
    whole = dict(zip(names, session.run(names, {tensor.name: many}), strict=True))
    assert {len(values) for values in whole.values()} == {len(many)}
    if "probabilities" in names:
        np.testing.assert_allclose(whole["probabilities"].sum(1), 1, atol=1e-5)
    for batch in (1, 2, 7, 64):
        answers = dict(zip(names, session.run(names, {tensor.name: many[:batch]}), strict=True))
        # An answer does not depend on its batch mates.
        for output in spec.outputs:
            ours, theirs = answers[output.name], whole[output.name][:batch]
            if output.dtype == "float32":
                np.testing.assert_allclose(ours, theirs, atol=2e-6 * max(1.0, np.abs(theirs).max()))
            elif output.dtype == "uint8":  # rounded: a tie may fall either way
                assert np.abs(ours.astype(int) - theirs).max() <= 1
            elif output.dtype == "bool":
                assert (ours == theirs).all()
            elif reads_text(spec):
                assert (ours == theirs).mean() > 0.95  # a tie may fall either way
        if "label" not in names:
            continue
        sure = np.sort(whole["probabilities"][:batch], 1)
        sure = sure[:, -1] - sure[:, -2] > 1e-5
        assert (answers["label"][sure] == whole["label"][:batch][sure]).all()


def test_it_is_found_verified_and_opened(artifact):
    spec, found, _ = artifact
    assert find(found.id, artifact_folders(found.path.parent)) == found.path
    replay = api.verify(found.path)
    assert replay.passed
    assert replay.cases == len(found.certificate.cases)
    model = api.open(found.path)
    assert model.certified
    assert [tensor.name for tensor in model.outputs] == [tensor.name for tensor in spec.outputs]


def test_the_module_comes_back(artifact):
    spec, found, run = artifact
    module = api.load(spec.id, run=run.path if run else None)
    assert not module.training
    if reads_text(spec):
        pytest.skip("the module takes ids, and the graph text")
    (tensor,) = spec.inputs
    raw = sample_input(tensor, {"batch": 5})
    if [output.dtype for output in spec.outputs] == ["bool"]:
        with torch.inference_mode():
            expected = module(torch.from_numpy(raw)).numpy()
        assert (api.open(found.path).answer({tensor.name: raw})[spec.outputs[0].name] == expected).all()
        return
    if hasattr(module, "encode"):
        with torch.inference_mode():
            code = module.encode(torch.from_numpy(raw)).numpy()
        (name,) = found.certificate.bounds
        allowed = 2 * found.certificate.bounds[name].bound
        np.testing.assert_allclose(api.open(found.path).answer({tensor.name: raw})[name], code, rtol=0, atol=allowed)
        return
    if "probabilities" not in {output.name for output in spec.outputs}:
        pytest.skip("the module's own output is none of the graph's")
    with torch.inference_mode():
        expected = module(torch.from_numpy(raw)).softmax(1).numpy()
    allowed = 2 * found.certificate.bounds["probabilities"].bound  # each lies within one of the golden answer
    np.testing.assert_allclose(api.open(found.path).answer({tensor.name: raw})["probabilities"], expected, rtol=0, atol=allowed)


def test_the_card_says_what_a_person_needs(artifact):
    spec, found, _ = artifact
    card = (found.path / "README.md").read_text()
    for needed in (found.id, spec.source, "InferenceSession", "Certificate", found.manifest["licence"]):
        assert needed in card
    for line in card.splitlines():
        assert not line.startswith("![") or (found.path / line.split("(")[-1].rstrip(")")).is_file()
