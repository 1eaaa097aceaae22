"""Runs that begin with the weights of another."""

from __future__ import annotations

import pytest
import torch

from zoo import api
from zoo.errors import IntegrityError, UsageError
from zoo.registry import Owned, Registry, registry
from zoo.spec import Parent, replaced
from zoo.training.run import Run


def adopt(module: torch.nn.Module, parent: torch.nn.Module) -> None:
    module.load_state_dict(parent.state_dict())


@pytest.fixture
def family() -> Registry:
    """The camera, trained for 20 steps, as the parent of another."""
    known = registry()
    owned = known.models["camera.trained"]
    parent = replaced(owned.spec, recipe=replaced(owned.spec.recipe, epochs=None, steps=20))
    child = replaced(parent, tag="child", parent=Parent(id=parent.id, adopt=f"{__name__}:adopt"))
    models = {**known.models, parent.id: Owned(parent, owned.owner), child.id: Owned(child, owned.owner)}
    return Registry(models, known.datasets, known.commands, known.plugins)


def test_a_run_begins_with_the_weights_it_is_given(tmp_path):
    parent = api.train("camera.trained", recipe={"steps": 20}, output=tmp_path)
    still = {"steps": 1, "lr": 1e-30}  # a step that changes nothing
    child = api.train("camera.trained", recipe=still, init_from=parent.path, output=tmp_path)
    assert child.state.parent is not None
    assert child.state.parent.weights == parent.state.weights
    theirs = api.load("camera.trained", run=parent.path).state_dict()
    for name, weight in api.load("camera.trained", run=child.path).state_dict().items():
        torch.testing.assert_close(weight, theirs[name], rtol=0, atol=1e-12)
    other = api.train("camera.trained", recipe=still, output=tmp_path)
    assert other.state.weights != child.state.weights


def test_a_parent_is_trained_once_for_each_seed_and_then_taken(tmp_path, family):
    for seed, runs in ((0, 1), (0, 1), (1, 2)):
        child = api.train("camera.child", recipe={"seed": seed, "steps": 2}, output=tmp_path, registry=family)
        assert len(list((tmp_path / "camera.trained").iterdir())) == runs
        assert child.state.parent.path == str(tmp_path / "camera.trained" / str(runs))


def test_a_parent_of_other_files_or_data_or_ancestors_is_trained_anew(tmp_path, family):
    """As it lies there after its plugin or its data have changed, or after `--init-from`."""

    def begun() -> str:
        child = api.train("camera.child", recipe={"steps": 2}, output=tmp_path, registry=family)
        return child.state.parent.path.rpartition("/")[2]

    first = api.train("camera.trained", output=tmp_path, registry=family)
    first.update(source="another")
    assert begun() == "2"
    second = Run.open(tmp_path / "camera.trained" / "2")
    second.update(data=replaced(second.state.data, sha256="another"))
    assert begun() == "3"
    api.train("camera.trained", init_from=second.path, output=tmp_path, registry=family)
    assert begun() == "3"


def test_a_parent_that_is_gone_or_changed_or_of_another_kind_is_refused(tmp_path, family):
    parent = api.train("camera.trained", output=tmp_path, registry=family)
    with pytest.raises(UsageError, match=r"camera.child begins with the weights of camera.trained; the run .* is of logreg.gd"):
        api.train(
            "camera.child",
            init_from=api.train("logreg.gd", recipe={"steps": 1}, output=tmp_path / "other").path,
            output=tmp_path,
            registry=family,
        )
    (parent.path / "weights.safetensors").write_bytes(b"")
    with pytest.raises(IntegrityError):
        api.train("camera.child", output=tmp_path, registry=family)


def test_weights_of_another_shape_are_refused(tmp_path, small_data):
    run = api.train("mlp.sgd-512", recipe={"steps": 1, "config.layers.0.units": 8}, output=tmp_path)
    with pytest.raises(UsageError, match=r"do not fit this network: .*shape"):
        api.train("mlp.sgd-512", recipe={"steps": 1}, init_from=run.path, output=tmp_path)
