"""int8-static: PyTorch and onnxruntime have the same bytes, at every level, in every kernel."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from zoo import api
from zoo.data.dataset import Dataset
from zoo.errors import DataError, ExportError
from zoo.exporting.precision import rounded
from zoo.exporting.qdq import inexact, store_bytes, without_bytes
from zoo.exporting.source import load_graph
from zoo.exporting.static import BYTE, LARGEST, MIDDLE, Bytes, bytes_of, calibrate, in_bytes, largest_sums
from zoo.exporting.trace import quiet_export
from zoo.progress import Progress
from zoo.runtime.session import LEVELS


def test_two_products_fit_into_the_16_bits_of_processors_without_vnni():
    assert 2 * BYTE * LARGEST < 2**15


@given(st.integers(1, 20), st.integers(1, 3000), st.integers(0, 2**31), st.booleans())
@settings(max_examples=30)
def test_every_sum_is_exact_in_float32(rows, numbers, seed, negative):
    generator = torch.Generator().manual_seed(seed)
    layer = nn.Linear(numbers, rows)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(rows, numbers, generator=generator).exp() * 10.0 ** torch.linspace(-6, 3, rows).view(-1, 1))
        layer.bias.copy_(torch.randn(rows, generator=generator) * 100)
    x = torch.randn(50, numbers, generator=generator) * 3
    x = x if negative else x.relu()
    assert calibrate(layer, lambda: layer(x)) == 1
    (taken,) = layer._forward_pre_hooks.values()
    assert isinstance(taken, Bytes)
    assert taken.zero == (MIDDLE if float(x.min()) < 0 else 0)
    assert np.frexp(taken.scale)[0] == 0.5  # a power of two
    extreme = torch.randint(0, 2, (7, numbers), generator=generator) * 1e9 * (torch.randn(7, numbers, generator=generator).sign())
    both = torch.cat([x, extreme])
    with torch.inference_mode():
        single = layer(both)
        assert torch.equal(single.double(), layer.double()(both.double()))
        shuffled = torch.randperm(numbers, generator=generator)
        bytes_in = taken.rounded(both)[:, shuffled]
        backward = nn.functional.linear(bytes_in, layer.weight.float()[:, shuffled], layer.bias.float())
    assert torch.equal(single, backward)  # whatever the order


def test_what_no_sum_exceeds():
    steps = torch.tensor([[3.0, -2.0, 5.0]])
    assert largest_sums(steps, torch.tensor([[10.0]]), 0).item() == 8 * BYTE + 10
    assert largest_sums(steps, torch.tensor([[-10.0]]), MIDDLE).item() == 10 * MIDDLE + 10


def test_weights_that_would_exceed_it_get_a_coarser_scale():
    generator = torch.Generator().manual_seed(0)
    short, long = nn.Linear(100, 1, bias=False), nn.Linear(9000, 1, bias=False)
    with torch.no_grad():
        long.weight.copy_(torch.rand(1, 9000, generator=generator))
        short.weight.copy_(long.weight[:, :100])
    found = {}
    for layer in (short, long):
        wanted, x = layer.weight.detach().clone(), torch.rand(9, layer.in_features)
        calibrate(layer, lambda layer=layer, x=x: layer(x))
        found[layer] = float((layer.weight.detach() - wanted).abs().max())
    assert found[short] < 2**-6 <= found[long] < 2**-4


@given(st.floats(1e-6, 1e6), st.booleans(), st.integers(0, 2**31))
@settings(max_examples=50)
def test_bytes_lie_near(size, negative, seed):
    x = torch.rand(500, generator=torch.Generator().manual_seed(seed)) * size
    x = x - size / 2 if negative else x
    taken = bytes_of(x)
    # rare large numbers may be cut, but only where that costs less than a grid that holds them all: half its step is at most this
    assert float((taken.rounded(x) - x).square().mean().sqrt()) <= float(x.abs().max()) / (BYTE - taken.zero)
    assert torch.equal(taken.rounded(taken.rounded(x)), taken.rounded(x))


def test_nothing_but_zeros():
    layer = nn.Linear(40, 30)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    calibrate(layer, lambda: layer(torch.zeros(3, 40)))
    assert (layer(torch.randn(5, 40)) == 0).all()


class Net(nn.Module):
    """Convolutions, pooling before a normalisation, layers with and without a bias, a negative input."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()),
            *(nn.Conv2d(8, 16, 3, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(16), activation),
        )
        self.dense = nn.Sequential(nn.Linear(16 * 6 * 6, 40), nn.ReLU(), nn.Linear(40, 10, bias=False))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """float32 [batch, 1, 14, 14] → [batch, 10]."""
        return self.dense(self.features(image).flatten(1))


def a_network(activation: nn.Module) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    module, image = Net(activation), torch.randn(64, 1, 14, 14)
    module(image * 2 + 1)  # statistics that are not 0 and 1
    module = rounded(module.eval(), "int8-static")
    assert not any(isinstance(part, nn.BatchNorm2d) for part in module.modules())
    assert calibrate(module, lambda: module(image)) == 4
    return module, image


def traced(module: nn.Module, image: torch.Tensor) -> ir.Model:
    with quiet_export():
        shapes = ({0: torch.export.Dim("batch")},)
        return torch.onnx.export(module, (image[:2],), dynamo=True, dynamic_shapes=shapes, opset_version=20, verbose=False).model


@pytest.fixture(scope="module")
def whole():
    """A network whose file is made of whole numbers: module, images, file."""
    module, image = a_network(nn.ReLU())
    model = traced(module, image)
    assert inexact(model) is None
    assert store_bytes(model) == 8 * 9 + 16 * 8 * 9 + 576 * 40 + 400
    return module, image, ir.to_proto(model)


def test_the_file_is_bit_for_bit_the_network_at_every_level(whole, tmp_path):
    module, image, proto = whole
    onnx.checker.check_model(proto, full_check=True)
    assert {node.domain for node in proto.graph.node} == {""}
    assert not any(node.op_type == "Relu" for node in proto.graph.node)  # a byte is not below 0
    with torch.inference_mode():
        single, double = module(image).numpy(), module.double()(image.double()).numpy()
        module.float()
    assert np.array_equal(single, double)
    for level in LEVELS.values():
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {session.get_inputs()[0].name: image.numpy()})
        assert np.array_equal(found, double)
    made = Counter(node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node)
    assert (made["QLinearConv"], made["Conv"], made["Gemm"], made["MatMul"]) == (2, 0, 0, 0)


def test_the_reference_evaluator_agrees(whole):
    module, image, proto = whole
    session = onnx.reference.ReferenceEvaluator(proto)
    (found,) = session.run(None, {proto.graph.input[0].name: image[:3].numpy()})
    with torch.inference_mode():
        assert np.array_equal(found, module(image[:3]).numpy())


def test_without_bytes_it_is_the_network_in_float32():
    module, image = a_network(nn.ReLU())
    plain = without_bytes(traced(module, image))
    assert not any(node.op_type.endswith("Linear") for node in plain.graph)
    for part in module.modules():
        part._forward_pre_hooks.clear()
    session = onnxruntime.InferenceSession(ir.to_proto(plain).SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: image.numpy()})
    with torch.inference_mode():
        assert np.abs(found - module(image).numpy()).max() < 1e-5


def test_a_curve_between_layers_is_not_exact():
    assert inexact(traced(*a_network(nn.Tanh()))) == "Tanh"


@pytest.fixture(scope="module")
def convolutional(tmp_path_factory, small_data_session):
    """A run of the small convolutional network and its export, on few digits."""
    folder = tmp_path_factory.mktemp("static")
    with small_data_session(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.exporting.speed.SECONDS", 0.02)
        run = api.train("cnn.fast", recipe={"steps": 30}, output=folder / "runs")
        (artifact,) = api.export(run=run.path, output=folder / "made", precision="int8-static", keep_slower=True)
    return run, artifact


def test_the_certificate_is_as_strict_as_float32s(convolutional):
    _, artifact = convolutional
    certificate = artifact.certificate
    assert artifact.id == "cnn.fast.int8-static"
    assert certificate.bounds["probabilities"].bound < 5e-6
    assert not certificate.changed
    assert not certificate.audit.changed
    assert certificate.stored.numbers == 800 + 18432 + 36864 + 2560
    assert certificate.stored.size < 0.5 * certificate.stored.size_before
    assert api.verify(artifact.path).passed


def test_its_graph_takes_the_same_scales_from_the_training_data(convolutional, small_data, zoo_registry):
    run, artifact = convolutional
    image = np.random.default_rng(0).integers(0, 256, (50, 28, 28), dtype=np.uint8)
    graph = load_graph(api.open(artifact.path).manifest, [run.path.parents[1]], zoo_registry)
    with torch.inference_mode():
        ours = graph.module(torch.from_numpy(image)).numpy()
    assert np.abs(ours - api.open(artifact.path).run(image=image)["probabilities"]).max() < 2e-6


def test_without_these_data_there_is_no_graph(convolutional, mnist, zoo_registry):
    run, artifact = convolutional  # was trained on few digits; now there are all
    with pytest.raises(DataError, match=r"The data of .* have changed"):
        load_graph(api.open(artifact.path).manifest, [run.path.parents[1]], zoo_registry)


def test_what_it_is_not_for(zoo_registry):
    text = Dataset("mine", {"train": {"source": np.array(["a"], object)}}, (), "")
    with pytest.raises(ExportError, match=r"seq2seq\.gru takes text, .* --precision int8 or int8-dynamic is for texts"):
        in_bytes(nn.Linear(2, 2), zoo_registry.model("seq2seq.gru"), None, text, Progress())
    with pytest.raises(ExportError, match="mine has no training examples, from which int8-static takes its scales"):
        in_bytes(nn.Linear(2, 2), zoo_registry.model("cnn.fast"), None, Dataset("mine", {"train": {}}, (), ""), Progress())
    words = nn.Embedding(4, 3)
    assert calibrate(words, lambda: words(torch.zeros(2, dtype=torch.int64))) == 0


def test_exact_pixels_behind_a_curve_are_refused(small_data, tmp_path):
    run = api.train("autoencoder.vae", recipe={"steps": 1}, output=tmp_path / "runs")
    words = "cannot be exact: its reconstruction is rounded to whole numbers, and what .* gives is rounded to bytes on the way"
    with pytest.raises(ExportError, match=words):
        api.export(run=run.path, output=tmp_path, precision="int8-static", variants=["autoencoder"])
