"""What is proven of single models: the theorems hold for any weights, and a wrong answer is found."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import zoo_autoencoder.proof
import zoo_boolean.proof
import zoo_camera.proof
import zoo_logreg.proof
from zoo import api
from zoo.certify.proof import floored, raised
from zoo.errors import ParityError
from zoo.report.certificate import PICTURE
from zoo.spec import CrossEntropy, replaced, to_plain
from zoo.training.build import build_module

CLASSES = tuple("0123456789")


def pictures(mnist, count=2000):
    train = {name: array[:count] for name, array in mnist.splits["train"].items()}
    return replace(mnist, splits={**mnist.splits, "train": train})


def figures(claim):
    return [float(found) for found in re.findall(r"-?\d+\.\d{6,}", claim)]


@pytest.fixture(scope="module")
def solved(zoo_registry, mnist):
    """The spec, the data, and weights of many steps of L-BFGS on them."""
    spec, data = zoo_registry.model("logreg.best"), pictures(mnist)
    module = build_module(spec, to_plain(spec.config)).double()
    image = torch.from_numpy(np.array(data.splits["train"]["image"])).double()
    label = torch.from_numpy(np.array(data.splits["train"]["label"])).long()
    solver = torch.optim.LBFGS(module.parameters(), max_iter=400, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def objective():
        solver.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(image), label) + 1e-4 * module.linear.weight.square().sum()
        loss.backward()
        return loss

    solver.step(objective)
    return spec, data, module.float(), float(objective().detach())


def test_the_dual_bound_meets_the_optimum(solved):
    spec, data, module, _ = solved
    (proof,) = zoo_logreg.proof.prove(spec, module, data, None)
    loss, bound = figures(proof.claim)
    assert proof.holds
    assert 0 <= loss - bound < 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_the_dual_bound_lies_below_the_optimum_for_any_weights(solved, seed):
    spec, data, module, least = solved
    torch.manual_seed(seed)
    other = build_module(spec, to_plain(spec.config))
    with torch.no_grad():
        for weight, best in zip(other.parameters(), module.parameters(), strict=True):
            weight.copy_(best + 0.1 * torch.rand(()) * torch.randn_like(weight))
    (proof,) = zoo_logreg.proof.prove(spec, other, data, None)
    loss, bound = figures(proof.claim)
    assert proof.holds
    assert bound <= least <= loss


def test_no_linear_code_beats_principal_components(zoo_registry, mnist):
    spec, data = zoo_registry.model("autoencoder.linear"), pictures(mnist)
    module = build_module(spec, to_plain(spec.config))
    (untrained,) = zoo_autoencoder.proof.prove(spec, module, data, None)
    pixels = data.splits["train"]["image"].reshape(2000, -1) / 255
    mean = pixels.mean(0)
    _, _, rows = np.linalg.svd(pixels - mean, full_matrices=False)
    first = torch.from_numpy(rows[:32])
    with torch.no_grad():
        module.encoder[0].weight.copy_(first)
        module.encoder[0].bias.zero_()
        module.decoder[0].weight.copy_(first.T)
        module.decoder[0].bias.copy_(torch.from_numpy(mean - rows[:32].T @ (rows[:32] @ mean)))
    (projected,) = zoo_autoencoder.proof.prove(spec, module, data, None)
    assert untrained.holds
    assert projected.holds
    error, least = figures(projected.claim)
    assert error == pytest.approx(least, abs=2e-6)
    assert "0.00% above" in projected.claim
    assert "is 0.0°" in projected.claim
    assert figures(untrained.claim)[0] > error


def test_a_network_that_is_not_affine_has_no_such_proof(zoo_registry, mnist):
    spec = zoo_registry.model("autoencoder.linear")
    spec = replaced(spec, config=replaced(spec.config, code_activation="relu"))
    assert not zoo_autoencoder.proof.prove(spec, build_module(spec, to_plain(spec.config)), mnist, None)


def test_all_pictures_of_a_camera(zoo_registry):
    spec = zoo_registry.model("camera.hand")
    module = build_module(spec, to_plain(spec.config)).eval()
    data = api_data(zoo_registry, "camera")

    def answer(inputs, shift=0):
        with torch.inference_mode():
            shares = module(torch.from_numpy(inputs["pixels"])).softmax(1).numpy()
        return {"probabilities": shares, "label": np.array(data.classes)[(shares.argmax(1) + shift) % 4]}

    assert [proof.holds for proof in zoo_camera.proof.prove(spec, module, data, answer)] == [True, True]
    wrong, named = zoo_camera.proof.prove(spec, module, data, lambda inputs: answer(inputs, 1))
    assert not wrong.holds
    assert "0 are named rightly" in named.claim


def api_data(registry, name):
    from zoo.data.load import load_dataset
    from zoo.progress import Progress

    return load_dataset(registry.dataset(name), own=None, name=None, progress=Progress())


def test_a_proof_is_in_the_certificate_and_on_its_page(tmp_path):
    (artifact,) = api.export("boolean.xor", output=tmp_path)
    said = json.loads((artifact.path / "certificate.json").read_text())
    (proof,) = said["proofs"]
    assert proof["claim"] == "Of all 4 rows of the truth table none is answered wrongly."
    page = (artifact.path / "certificate.md").read_text()
    assert proof["claim"] in page
    assert f"]({PICTURE})" in page
    assert (artifact.path / PICTURE).read_bytes().startswith(b"\x89PNG")
    assert "(certificate.md)" in (artifact.path / "README.md").read_text()


def test_what_does_not_hold_is_no_artifact(tmp_path, monkeypatch):
    table = zoo_boolean.proof.prove

    def negated(spec, module, dataset, answer):
        return table(spec, module, dataset, lambda inputs: {"output": ~answer(inputs)["output"]})

    monkeypatch.setattr(zoo_boolean.proof, "prove", negated)
    with pytest.raises(ParityError, match="4 are answered wrongly"):
        api.export("boolean.xor", output=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("loss", [CrossEntropy(), CrossEntropy(l2=1e-3, l1=1e-4), CrossEntropy(l2=1e-3, label_smoothing=0.1)])
def test_of_another_loss_nothing_is_said(solved, loss):
    spec, data, module, _ = solved
    assert not zoo_logreg.proof.prove(replaced(spec, recipe=replaced(spec.recipe, loss=loss)), module, data, None)


def test_the_loss_is_that_of_the_run(tmp_path):
    """`--set` changes what is minimised, and the claim speaks of that."""
    run = api.train("logreg.best", recipe={"steps": 3, "loss.l2": 0.01}, output=tmp_path)
    (artifact,) = api.export(run=run.path, output=tmp_path / "exported")
    (proof,) = artifact.certificate.proofs
    loss, bound = figures(proof.claim)
    assert loss == pytest.approx(run.state.metrics["objective"], abs=1e-5)
    assert bound < loss


def test_a_code_that_holds_everything_has_no_proof(zoo_registry, mnist):
    spec = zoo_registry.model("autoencoder.linear")
    spec = replaced(spec, config=replaced(spec.config, code=784))
    assert not zoo_autoencoder.proof.prove(spec, build_module(spec, to_plain(spec.config)), pictures(mnist, 500), None)


@given(st.floats(1e-12, 1e6))
def test_bounds_are_rounded_to_their_safe_side(value):
    assert float(floored(value, 9)) <= value <= float(raised(value))
    assert float(raised(value)) <= 1.11 * value
