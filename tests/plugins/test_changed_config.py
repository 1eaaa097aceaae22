"""A network that `--set config.…` changed is exported with the outputs that it has."""

from __future__ import annotations

import json

import pytest
import torch

from zoo import api
from zoo.errors import PluginError
from zoo.registry import Owned, Registry
from zoo.spec import replaced
from zoo.training.build import spec_of, with_config


@pytest.fixture
def run(tmp_path, small_data):
    return api.train("autoencoder.dense-32", recipe={"config.code": 16, "steps": 2}, output=tmp_path / "runs")


def test_an_autoencoder_with_another_code_is_exported_whole_and_in_parts(run, tmp_path, small_data):
    artifacts = api.export(run=run.path, output=tmp_path / "exported")
    shapes = {
        artifact.manifest["variant"]: [tensor["shape"] for key in ("inputs", "outputs") for tensor in artifact.manifest[key]]
        for artifact in artifacts
    }
    picture, code = ("batch", 28, 28), ("batch", 16)
    assert shapes == {"autoencoder": [picture, picture, code], "encoder": [picture, code], "decoder": [code, picture]}
    whole = json.loads((artifacts[0].path / "zoo.json").read_text())
    assert whole["summary"].endswith("; changed: code 16")
    assert api.verify(artifacts[0].path).passed
    # What `zoo bench --against` times: the module by its manifest and its run.
    module = api.load_exported(api.open(artifacts[0].path).manifest, runs=(tmp_path / "runs",))
    assert [tuple(tensor.shape) for tensor in module(torch.zeros(3, 28, 28, dtype=torch.uint8))] == [(3, 28, 28), (3, 16)]


def test_a_run_of_the_network_as_it_is_declared_has_the_spec_as_it_is_declared(tmp_path, zoo_registry, small_data):
    run = api.train("autoencoder.dense-32", recipe={"steps": 1}, output=tmp_path)
    assert spec_of(run, zoo_registry) == zoo_registry.model("autoencoder.dense-32")


def test_convolutions_have_the_code_that_their_pooling_leaves(zoo_registry):
    spec = zoo_registry.model("autoencoder.denoising")
    found, splits = with_config(spec, replaced(spec.config, filters=(8, 4)))
    assert splits is None
    assert found.outputs[1].shape == found.export("decoder").inputs[0].shape == ("batch", 7 * 7 * 4)


def test_a_plugin_that_gives_another_model_is_named(zoo_registry, tmp_path, small_data):
    spec = replaced(zoo_registry.model("autoencoder.dense-32"), configure="builtins:repr")
    owned = {**zoo_registry.models, spec.id: Owned(spec, zoo_registry.models[spec.id].owner)}
    with pytest.raises(PluginError, match=r"builtins:repr of autoencoder\.dense-32 should return its spec and its splits"):
        api.train(spec.id, recipe={"steps": 1}, output=tmp_path, registry=Registry(owned, zoo_registry.datasets))
    assert not list(tmp_path.iterdir())
