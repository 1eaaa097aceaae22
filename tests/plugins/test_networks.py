"""Sizes and parts of the published networks."""

from __future__ import annotations

import pytest
import torch

from zoo.spec import to_plain
from zoo.training.build import build_module
from zoo_cnn import Config
from zoo_cnn.model import CNN

PARAMETERS = {
    "logreg.best": 7_850,
    "mlp.rmsprop-2x512": 669_706,
    "mlp.rmsprop-2x512-dropout": 669_706,
    "mlp.sgd-512": 407_050,
    "camera.hand": 116,
    "cnn.fast": 58_986,
    "cnn.keras-3x3": 1_199_882,
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_number_of_parameters_is_the_published_one(name, zoo_registry):
    spec = zoo_registry.model(name)
    module = build_module(spec, to_plain(spec.config))
    assert sum(parameter.numel() for parameter in module.parameters()) == PARAMETERS[name]


def test_keras_layers_start_glorot_uniform_with_zero_biases(zoo_registry):
    torch.manual_seed(0)
    module = build_module(zoo_registry.model("cnn.keras-3x3"), to_plain(zoo_registry.model("cnn.keras-3x3").config))
    for name, parameter in module.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any()
            continue
        fan_out, fan_in = parameter.shape[:2]
        area = parameter[0, 0].numel()
        limit = (6 / ((fan_in + fan_out) * area)) ** 0.5
        assert float(parameter.detach().abs().max()) <= limit
        assert float(parameter.detach().std()) == pytest.approx(limit / 3**0.5, rel=0.1)


def test_logreg_starts_at_zero(zoo_registry):
    module = build_module(zoo_registry.model("logreg.gd"), to_plain(zoo_registry.model("logreg.gd").config))
    assert not any(parameter.any() for parameter in module.parameters())


def test_the_margin_is_cut_and_pixels_are_standardised(zoo_registry):
    spec = zoo_registry.model("cnn.fast")
    module = CNN(spec.config).eval()
    image = torch.randint(0, 256, (3, 28, 28), dtype=torch.uint8)
    framed = image.clone()
    framed[:, :2], framed[:, -2:], framed[:, :, :2], framed[:, :, -2:] = 255, 255, 255, 255
    assert torch.equal(module(image), module(framed))
    framed[:, 2, 2] = 255 - framed[:, 2, 2]
    assert not torch.equal(module(image), module(framed))
    pixels = (image[:, 2:26, 2:26].float() / 255 - 0.1307) / 0.3081
    maps = module.features(pixels.unsqueeze(1))  # [3, 64, rows, columns]
    torch.testing.assert_close(module.output(maps.flatten(1)), module(image))


def test_dropout_is_where_it_is_declared(zoo_registry):
    def rates(name):
        spec = zoo_registry.model(name)
        module = build_module(spec, to_plain(spec.config))
        return [layer.p for layer in module.modules() if isinstance(layer, torch.nn.Dropout)]

    assert rates("mlp.rmsprop-2x512-dropout") == [0.2, 0.2]
    assert rates("mlp.rmsprop-2x512") == []
    assert rates("cnn.keras-3x3") == [0.25, 0.5]
    assert isinstance(zoo_registry.model("cnn.fast").config, Config)
