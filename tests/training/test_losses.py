"""Losses of classifiers, against numbers computed another way."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from zoo import api
from zoo.errors import NonFiniteError, PluginError, UnknownName, UsageError
from zoo.recipes import CrossEntropy, SigmoidCrossEntropy, SquaredError
from zoo.registry import registry
from zoo.spec import replaced
from zoo.testing import check_model
from zoo.training.classification import Classification, error, penalty
from zoo.training.overrides import override

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.0, 3.0]])
LABEL = torch.tensor([0, 1])


def test_the_naive_loss_is_the_same_until_a_probability_rounds_to_zero():
    naive, stable = (error(CrossEntropy(naive=naive), LOGITS, LABEL) for naive in (True, False))
    assert naive.item() == pytest.approx(stable.item(), abs=1e-6)
    for distance, lost in ((80.0, False), (95.0, True), (110.0, True)):
        logits = torch.tensor([[distance, 0.0]])
        found = error(CrossEntropy(naive=True), logits, torch.tensor([0])).item()
        assert math.isnan(found) == lost, distance
        assert math.isfinite(error(CrossEntropy(), logits, torch.tensor([0])).item())


def test_sigmoid_cross_entropies_are_summed_over_examples_and_classes():
    by_hand = 0.0
    for row, right in zip(LOGITS.tolist(), LABEL.tolist(), strict=True):
        for index, logit in enumerate(row):
            share = 1 / (1 + math.exp(-logit))
            by_hand -= math.log(share if index == right else 1 - share)
    assert error(SigmoidCrossEntropy(), LOGITS, LABEL).item() == pytest.approx(by_hand, rel=1e-6)


def test_penalties_and_their_gradients():
    layer = nn.Linear(3, 2)
    both = penalty(CrossEntropy(l1=0.5, l2=0.25, penalise_biases=True), layer)
    weight, bias = torch.autograd.grad(both, [layer.weight, layer.bias])
    torch.testing.assert_close(weight, 0.5 * layer.weight.sign() + 0.5 * layer.weight)
    torch.testing.assert_close(bias, 0.5 * layer.bias.sign() + 0.5 * layer.bias)
    assert penalty(CrossEntropy(l2=1.0), layer).item() == pytest.approx(layer.weight.square().sum().item())
    layer.weight.requires_grad_(False)
    assert penalty(CrossEntropy(l1=1.0, penalise_biases=True), layer).item() == pytest.approx(layer.bias.abs().sum().item())


def test_label_smoothing_is_torchs():
    ours = error(CrossEntropy(label_smoothing=0.1), LOGITS, LABEL)
    torch.testing.assert_close(ours, functional.cross_entropy(LOGITS, LABEL, label_smoothing=0.1))


def brier(logits, label):
    """A loss that is none of zoo's."""
    return (logits.softmax(1) - functional.one_hot(label, logits.shape[1])).square().sum(1).mean()


def darkness(pixels, target):
    """One of pictures."""
    return (pixels - target).abs().mean()


OWN = {"camera.trained": f"{__name__}:brier", "autoencoder.linear": f"{__name__}:darkness"}


@pytest.mark.parametrize("model", OWN)
def test_a_loss_of_a_plugins_own(model, tmp_path, small_data):
    run = api.train(model, recipe={"loss": OWN[model], "steps": 30, "batch_size": 200}, output=tmp_path)
    losses = [line["train_loss"] for line in run.epochs()]
    assert losses[-1] < losses[0] < 1
    assert run.recipe.loss == OWN[model]  # as recipe.toml holds it


def test_a_loss_that_is_none_is_told_of(tmp_path):
    spec = registry().model("mlp.sgd-512")
    with pytest.raises(ValueError, match=r"'module:function', not 'cros-entropy'; did you mean CrossEntropy\(\)\?"):
        replaced(spec.recipe, loss="cros-entropy")
    with pytest.raises(UnknownName, match="did you mean cross-entropy"):
        override(spec.recipe, {"loss": "cros-entropy"})
    with pytest.raises(PluginError, match="'zoo_mlp:los' of mlp"):
        api.train("mlp.sgd-512", recipe={"loss": "zoo_mlp:los"}, output=tmp_path)
    assert not list(tmp_path.iterdir())
    lost = replaced(spec, recipe=replaced(spec.recipe, loss=f"{__name__}:brierr"))
    (result,) = check_model(lost, only=["resolvable"]).results
    assert (result.state, result.where) == ("failed", "spec.recipe.loss")
    assert "brierr" in result.message


def test_a_loss_of_another_kind_is_refused():
    spec = registry().model("mlp.sgd-512")
    task = Classification(spec, replaced(spec.recipe, loss=SquaredError()), None)
    with pytest.raises(UsageError, match="cross-entropy or sigmoid-cross-entropy, not squared-error"):
        _ = task.options


def test_the_collapse_of_the_naive_loss_is_caught_and_explained(tmp_path, small_data):
    with pytest.raises(NonFiniteError, match=r"0·log\(0\) is NaN.*naive=false.*last good checkpoint"):
        # A rate at which the logits run apart within a few steps.
        api.train("logreg.sgd", recipe={"naive": True, "lr": 300.0, "steps": 200, "validation": 0}, output=tmp_path)
