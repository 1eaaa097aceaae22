"""Dropout of our own against its definition and against torch's."""

from __future__ import annotations

import pytest
import torch

from zoo.layers import Dropout

SHAPES = [(128, 512), (16, 8, 12, 12), (3,), (7, 5)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("p", [0.2, 0.25, 0.5, 0.9])
def test_a_share_is_dropped_and_the_rest_divided(p, dtype):
    torch.manual_seed(0)
    values = torch.ones(1000, 300, dtype=dtype)
    found = Dropout(p)(values)
    assert found.dtype == dtype
    kept = found != 0
    share = float(kept.double().mean())
    assert share == pytest.approx(1 - p, abs=5 * (p * (1 - p) / values.numel()) ** 0.5)  # five standard deviations
    scaled = torch.tensor(1 / (1 - p), dtype=torch.float64)
    assert found[kept].double().unique().tolist() == pytest.approx([float(scaled)], rel=max(1e-4, torch.finfo(dtype).eps))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_gradient_goes_where_the_value_went(shape, dtype):
    torch.manual_seed(1)
    values = torch.randn(shape).to(dtype)
    if len(shape) == 4:
        values = values.to(memory_format=torch.channels_last)
    values.requires_grad_()
    found = Dropout(0.25)(values)
    assert found.stride() == values.stride()
    gradient = torch.randn(shape).to(dtype)
    found.backward(gradient)
    mask = (found / values).detach()
    torch.testing.assert_close(values.grad, mask * gradient, rtol=2e-2 if dtype == torch.bfloat16 else 1e-5, atol=0)


def test_values_are_dropped_independently_of_each_other():
    """The numbers of one draw of 64 bits: no pair of places is kept together more often than chance has it."""
    torch.manual_seed(2)
    for p in (0.2, 0.25):
        kept = (Dropout(p)(torch.ones(40_000, 16)) != 0).double()  # [draws, places]
        correlation = torch.corrcoef(kept.T)
        off = correlation - torch.eye(16)
        assert float(off.abs().max()) < 5 / 40_000**0.5


def test_a_seed_fixes_it_and_evaluation_leaves_values_alone():
    dropout, values = Dropout(0.3), torch.randn(50)
    torch.manual_seed(3)
    first = dropout(values)
    torch.manual_seed(3)
    assert torch.equal(dropout(values), first)
    assert not torch.equal(dropout(values), first)
    assert dropout.eval()(values) is values


@pytest.mark.parametrize("p", [-0.1, 1.0, 2.0])
def test_a_share_that_is_none_is_refused(p):
    with pytest.raises(ValueError, match="a share of the values"):
        Dropout(p)
