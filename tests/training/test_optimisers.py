"""Optimisers against their formulas, step by step in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from zoo.spec import SGD, Adadelta, AdamW, Constant, LinearDecay, OneCycle, RMSprop
from zoo.training.optimisers import learning_rate, make_optimiser

STEPS = 25


def trajectory(declared):
    """Weights after each step on a small quadratic, and the gradients they were given."""
    module = nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1.0, -2.0, 0.5], [0.1, 3.0, -1.0]]))
    optimiser = make_optimiser(declared, module)
    weights, gradients = [module.weight.detach().double().numpy().copy()], []
    for step in range(STEPS):
        optimiser.zero_grad()
        (module.weight.square().sum() * (1 + step % 3) / 2).backward()
        gradients.append(module.weight.grad.double().numpy().copy())
        optimiser.step()
        weights.append(module.weight.detach().double().numpy().copy())
    return weights, gradients


def test_rmsprop_adds_epsilon_inside_the_root():
    weights, gradients = trajectory(RMSprop(lr=0.01, rho=0.9, eps=1e-2))
    weight, square = weights[0], np.zeros((2, 3))
    for gradient, found in zip(gradients, weights[1:], strict=True):
        square = 0.9 * square + 0.1 * gradient**2
        weight = weight - 0.01 * gradient / np.sqrt(square + 1e-2)
        np.testing.assert_allclose(found, weight, rtol=1e-5)


def test_adadelta_is_keras_adadelta():
    weights, gradients = trajectory(Adadelta(lr=1.0, rho=0.95, eps=1e-8))
    weight, square, delta = weights[0], np.zeros((2, 3)), np.zeros((2, 3))
    for gradient, found in zip(gradients, weights[1:], strict=True):
        square = 0.95 * square + 0.05 * gradient**2
        update = gradient * np.sqrt(delta + 1e-8) / np.sqrt(square + 1e-8)
        delta = 0.95 * delta + 0.05 * update**2
        weight = weight - update
        np.testing.assert_allclose(found, weight, rtol=1e-4)


def test_sgd_is_gradient_descent():
    weights, gradients = trajectory(SGD(lr=0.1))
    for before, gradient, after in zip(weights, gradients, weights[1:], strict=False):
        np.testing.assert_allclose(after, before - 0.1 * gradient, rtol=1e-5, atol=1e-7)


def test_adamw_decays_matrices_only():
    module = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    optimiser = make_optimiser(AdamW(lr=0.1, weight_decay=0.5), module)
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    before = [parameter.detach().clone() for parameter in module.parameters()]
    optimiser.step()
    for parameter, old in zip(module.parameters(), before, strict=True):
        torch.testing.assert_close(parameter.detach(), old * (1 - 0.1 * 0.5) if old.dim() > 1 else old)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Constant(), {0: 1, 50: 1, 99: 1}),
        (OneCycle(warmup=0.2), {0: 0, 10: 0.5, 20: 1, 60: 0.5, 99: 0.0125}),
        (OneCycle(warmup=0.5, start=0.1, end=0.2), {0: 0.1, 50: 1, 75: 0.6}),
        (LinearDecay(), {0: 1, 50: 0.5, 99: 0.01}),
        (LinearDecay(end=0.5), {0: 1, 50: 0.75}),
    ],
)
def test_schedules(schedule, expected):
    assert {step: learning_rate(schedule, 1.0, step, 100) for step in expected} == pytest.approx(expected)
