"""int8-dynamic: what the graph multiplies in whole numbers is what the twin in PyTorch rounds, however a layer is used."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
import torch
from torch import nn
from torch.nn import functional

from zoo.errors import ExportError
from zoo.exporting.precision import rounded
from zoo.exporting.products import IntegerProducts
from zoo.exporting.store import store
from zoo.exporting.trace import quiet_export


class ByHand(nn.Module):
    """`x @ W.T` beside a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.weight = nn.Linear(64, 64), nn.Parameter(torch.randn(40, 64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """float32 [batch, 5, 64] → [batch, 5, 40]."""
        return self.first(x) @ self.weight.T


class Functional(nn.Module):
    """A layer's weight used as a function."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """float32 [batch, 5, 64] → [batch, 64]."""
        return functional.linear(x[:, 0], self.layer.weight)


class Attention(nn.Module):
    """Attention, then a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.attention, self.layer = nn.MultiheadAttention(64, 4, batch_first=True), nn.Linear(64, 64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """float32 [batch, 5, 64] → [batch, 5, 64]."""
        return self.layer(self.attention(x, x, x, need_weights=False)[0])


class Shared(nn.Module):
    """One layer for a sequence and for its first place; so large that the exporter leaves it to the graph to transpose it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 5000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """float32 [batch, 5, 64] → [batch, 5000]."""
        return self.layer(x).sum(1) + self.layer(x[:, 0])


class Scaled(nn.Module):
    """A weight that is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(64, 40)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """float32 [batch, 5, 64] → [batch, 40]."""
        return functional.linear(x[:, 0], self.inner.weight * 3)


def stored(module: nn.Module) -> tuple[nn.Module, ir.Model]:
    torch.manual_seed(0)
    module = rounded(module.eval(), "int8-dynamic")
    with quiet_export():
        shapes = ({0: torch.export.Dim("batch")},)
        program = torch.onnx.export(module, (torch.randn(2, 5, 64),), dynamo=True, dynamic_shapes=shapes, verbose=False)
    store(program.model, "int8-dynamic")
    return module, program.model


@pytest.mark.parametrize(("network", "products"), [(ByHand, 1), (Functional, 1), (Attention, 1), (Shared, 2)])
def test_the_graph_answers_as_its_twin(network, products):
    module, model = stored(network())
    operators = [node.op_type for node in model.graph]
    assert operators.count("MatMulInteger") == products
    if network is Shared:
        assert "MatMul" not in operators
        assert "Gemm" not in operators
    x = torch.randn(6, 5, 64)
    with torch.inference_mode():
        plain = module(x).numpy()
        with IntegerProducts():
            twin = module(x).numpy()
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    size = np.abs(twin).max()
    assert np.abs(found - twin).max() < 2e-6 * size < 2e-4 * size < np.abs(plain - twin).max()


def test_a_weight_that_is_computed_is_named_at_once():
    with pytest.raises(
        ExportError, match=r"The network itself cannot be multiplied in whole numbers: .*--precision int8 can store"
    ):
        stored(Scaled())
