"""The autoencoders: sizes, losses, what goes in and what comes out, and what the linear one finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.commands import Zoo
from zoo import api
from zoo.errors import UsageError
from zoo.spec import BinaryCrossEntropy, CrossEntropy, EvidenceLowerBound, Noise, SquaredError, replaced, to_plain
from zoo.training.build import build_module, make_task
from zoo.training.reconstruction import divergence, noisy_pictures

PARAMETERS = {
    "dense-32": 50_992,
    "linear-decoder": 50_992,
    "dense-32-bce": 50_992,
    "denoising": 28_353,
    "overcomplete": 1_607_440,
    "linear": 50_992,
    "vae": 833_848,
    "best": 2_697_008,
}


def spec_of(zoo_registry, tag):
    return zoo_registry.model(f"autoencoder.{tag}")


def built(spec):
    torch.manual_seed(0)
    return build_module(spec, to_plain(spec.config))


def task_of(spec, mnist, **changes):
    return make_task(spec, replaced(spec.recipe, **changes), mnist)


def batch_of(mnist, count=20):
    return {"image": torch.from_numpy(np.array(mnist.splits["train"]["image"][:count]))}


@pytest.mark.parametrize("tag", PARAMETERS)
def test_the_number_of_parameters(tag, zoo_registry):
    assert sum(parameter.numel() for parameter in built(spec_of(zoo_registry, tag)).parameters()) == PARAMETERS[tag]


@pytest.mark.parametrize("tag", PARAMETERS)
def test_encoder_and_decoder_are_the_autoencoder(tag, zoo_registry, mnist):
    module = built(spec_of(zoo_registry, tag)).eval()
    image = batch_of(mnist)["image"]
    with torch.inference_mode():
        pixels, _, code, *_ = module(image)
        torch.testing.assert_close(module.encode(image), code)
        torch.testing.assert_close(module.decode(code), pixels)
        torch.testing.assert_close(module.encoder(image.flatten(1) / 255)[:, : code.shape[1]], code)
    assert pixels.shape == image.shape
    assert code.shape == (len(image), spec_of(zoo_registry, tag).config.numbers)


@pytest.mark.parametrize("tag", ["dense-32", "linear-decoder"])
def test_the_dense_ones_are_two_linear_layers(tag, zoo_registry):
    module = built(spec_of(zoo_registry, tag))
    for part in (module.encoder, module.decoder):
        assert sum(isinstance(layer, torch.nn.Linear) for layer in part.modules()) == 1


@pytest.mark.parametrize(("child", "part"), [("mlp.frozen-encoder", "encoder"), ("mlp.on-reconstructions", "reconstruction")])
def test_perceptrons_adopt_them(child, part, zoo_registry, tmp_path, small_data):
    """A parent is trained for two steps, and its layers are those of the child afterwards."""
    parent = api.train(zoo_registry.model(child).parent.id, recipe={"steps": 2}, output=tmp_path)
    run = api.train(child, recipe={"steps": 2}, init_from=parent.path, output=tmp_path)
    theirs = api.load(zoo_registry.model(child).parent.id, run=parent.path)
    ours = [layer for layer in getattr(api.load(child, run=run.path), part).modules() if isinstance(layer, torch.nn.Linear)]
    layers = [layer for home in (theirs.encoder, theirs.decoder) for layer in home if isinstance(layer, torch.nn.Linear)]
    for one, other in zip(ours, layers, strict=False):
        assert torch.equal(one.weight, other.weight)
        assert torch.equal(one.bias, other.bias)
    assert len(ours) == (1 if part == "encoder" else 2)


@pytest.mark.parametrize(
    ("tag", "loss", "said"),
    [
        ("dense-32", CrossEntropy(), "its loss is squared-error, binary-cross-entropy or elbo, not cross-entropy"),
        ("linear-decoder", BinaryCrossEntropy(), "no sigmoid at its end"),
        ("linear-decoder", EvidenceLowerBound(), "no sigmoid at its end"),
        ("dense-32", EvidenceLowerBound(), "has no spread"),
    ],
)
def test_a_loss_of_the_wrong_kind_is_refused(tag, loss, said, zoo_registry, mnist):
    spec = spec_of(zoo_registry, tag)
    with pytest.raises(UsageError, match=said):
        task_of(spec, mnist, loss=loss).check_module(built(spec))


def test_the_divergence_is_that_of_torch():
    mean, log_variance = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    ours = torch.distributions.Normal(mean, (log_variance / 2).exp())
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    torch.testing.assert_close(divergence(mean, log_variance), torch.distributions.kl_divergence(ours, prior).sum(1))


def test_the_bound_is_a_sum_over_pixels_and_weighs_the_divergence(zoo_registry, mnist):
    spec = spec_of(zoo_registry, "vae")
    module, batch = built(spec).eval(), batch_of(mnist)
    pixels, _, _, mean, log_variance = module(batch["image"])
    target = batch["image"] / 255
    lost = -(target * pixels.log() + (1 - target) * (1 - pixels).log()).sum((1, 2)).mean()
    for beta in (1.0, 4.0):
        loss, _ = task_of(spec, mnist, loss=EvidenceLowerBound(beta=beta)).loss(module, batch)
        torch.testing.assert_close(loss, lost + beta * divergence(mean, log_variance).mean())


def test_sparsity_is_a_penalty_on_the_code_and_no_part_of_the_evaluation(zoo_registry, mnist):
    spec = spec_of(zoo_registry, "overcomplete")
    module, batch = built(spec).eval(), batch_of(mnist)
    penalty = module.encode(batch["image"]).abs().mean()
    (plain, _), (sparse, _) = (
        task_of(spec, mnist, loss=SquaredError(sparsity=weight)).loss(module, batch) for weight in (0.0, 0.5)
    )
    torch.testing.assert_close(sparse, plain + 0.5 * penalty)
    figures = task_of(spec, mnist).evaluate(module, batch)
    assert figures["loss"] == pytest.approx(figures["mse"]) == pytest.approx(plain.item())


def test_noise_goes_in_and_is_not_to_come_out(zoo_registry, mnist):
    spec = spec_of(zoo_registry, "denoising")
    seen = {}

    class Spy(torch.nn.Module):
        def forward(self, image):
            seen["given"] = image
            return image / 255, image / 255, image.flatten(1)

    batch = batch_of(mnist)
    task = make_task(spec, replaced(spec.recipe, loss=SquaredError()), mnist)
    loss, _ = task.loss(Spy().train(), batch)
    noise = (seen["given"] - batch["image"]) / 255
    assert float(noise.std()) > 0.2
    torch.testing.assert_close(loss, noise.square().mean())  # against the clean picture
    task.loss(Spy().eval(), batch)
    assert torch.equal(seen["given"], batch["image"])


def test_the_same_noise_each_time(zoo_registry, mnist):
    spec = spec_of(zoo_registry, "denoising")
    module, batch = built(spec), batch_of(mnist)
    first, second = (task_of(spec, mnist).evaluate(module, batch) for _ in range(2))
    assert first == second
    assert first["denoised_mse"] != first["mse"]
    seen = noisy_pictures(batch["image"], (Noise(deviation=0.5),), torch.Generator().manual_seed(0))
    assert seen.dtype == torch.uint8
    assert not torch.equal(seen, batch["image"])


def test_evaluation_and_judgement_agree(zoo_registry, mnist):
    """Of a linear decoder what is cut off makes a difference: the picture is nearer than the numbers."""
    spec = spec_of(zoo_registry, "linear")
    module, task = built(spec).eval(), task_of(spec, mnist)
    split = {name: array[:1500] for name, array in mnist.splits["test"].items()}
    figures = task.evaluate(module, task.resident(split, torch.device("cpu")))
    with torch.inference_mode():
        pixels = module(torch.from_numpy(np.array(split["image"])))[0].double().numpy()
    assert figures["mse"] == pytest.approx(np.square(pixels - split["image"] / 255).mean(), rel=1e-5)
    answer = np.clip(np.rint(pixels * 255), 0, 255).astype(np.uint8)
    judged = task.judge({"reconstruction": answer}, split)
    assert figures["mse_uint8"] == pytest.approx(judged["mse_uint8"], rel=1e-5)
    assert figures["mse_uint8"] < figures["mse"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory, small_data_session):
    """Whole, encoder and decoder, after 20 steps."""
    folder = tmp_path_factory.mktemp("autoencoder")
    with small_data_session():
        run = api.train("autoencoder.dense-32", recipe={"steps": 20}, output=folder / "runs")
        return api.export(run=run.path, output=folder / "exported")


def test_encoder_and_decoder_are_the_exported_autoencoder(exported, mnist):
    whole, encoder, decoder = (api.open(artifact.path) for artifact in exported)
    assert [model.id.removeprefix("autoencoder.dense-32") for model in (whole, encoder, decoder)] == ["", ".encoder", ".decoder"]
    images = np.array(mnist.splits["test"]["image"][:200])
    answers = whole.run(image=images)
    code = encoder.run(image=images)["code"]
    np.testing.assert_allclose(code, answers["code"], rtol=0, atol=2 * exported[0].certificate.bounds["code"].bound)
    again = decoder.run(code=code)["image"]
    assert again.dtype == np.uint8
    off = again.astype(int) - answers["reconstruction"]
    assert np.abs(off).max() <= 1
    assert (off != 0).mean() < 1e-3  # ties


def test_each_part_is_certified_and_replayed(exported):
    hidden = [set(artifact.certificate.hidden) for artifact in exported]
    assert hidden == [{"pixels"}, set(), {"pixels"}]
    assert [set(artifact.certificate.bounds) for artifact in exported] == [{"code"}, {"code"}, set()]
    assert [bool(artifact.certificate.audit.torch_metrics) for artifact in exported] == [True, False, False]
    for artifact in exported:
        assert api.verify(artifact.path).passed
        assert artifact.certificate.audit.examples == 1000
        assert all(tie.explained for tie in artifact.certificate.audit.changed)


def test_the_decoder_is_certified_on_codes(exported):
    *_, decoder = exported
    with np.load(decoder.path / "golden.npz") as golden:
        real, noise, low, high = (golden[f"{case}:in:code"] for case in ("batch-64", "noise", "low", "high"))
    codes = api.open(exported[1].path).run
    assert real.shape == (64, 32)
    assert real.std() > 0
    assert callable(codes)
    assert low.min() == low.max() <= real.min()
    assert high.min() == high.max() >= real.max()
    assert ((noise >= low.min()) & (noise <= high.max())).all()


def test_predict_writes_what_comes_out(exported, mnist, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    images = np.array(mnist.splits["test"]["image"][:3])
    Image.fromarray(images[0]).save("digit.png")
    np.save("three.npy", images)
    folder = str(exported[0].path.parent)

    command = Zoo(monkeypatch, capfd)

    def ask(*arguments):
        return command("predict", *arguments, "--artifacts", folder)

    said = ask("autoencoder", "digit.png")
    assert "code of 32" in said.out
    assert "reconstruction.png: reconstruction (1)" in said.err
    with Image.open("reconstruction.png") as sheet:
        assert sheet.size == (148, 148)
    plain = json.loads(ask("autoencoder", "three.npy", "--json").out)
    expected = api.open(exported[0].path).run(image=images)
    for number, one in enumerate(plain["answers"]):
        assert np.array_equal(one["reconstruction"], expected["reconstruction"][number])
        np.testing.assert_array_equal(np.float32(one["code"]), expected["code"][number])
        off = (expected["reconstruction"][number].astype(float) - images[number]) / 255
        assert one["error"] == pytest.approx(np.square(off).mean())
    ask("autoencoder.dense-32.encoder", "three.npy", "--output", "codes.npy")
    np.testing.assert_allclose(np.load("codes.npy"), expected["code"], atol=1e-4)
    ask("autoencoder.dense-32.decoder", "codes.npy", "--output", "made.npy")
    assert np.load("made.npy").shape == images.shape
    assert ask("autoencoder.dense-32.decoder", "codes.npy", "-q").out == "image.png\n"
    for arguments, code, what in (
        (("decoder", "digit.png"), 1, "is a picture; the model takes 32 numbers each"),
        (("decoder", "three.npy"), 1, "it should be [32] or [n, 32]"),
        (("encoder", "three.npy", "--output", "x.png"), 2, "makes a .npy file"),
        (("decoder", "codes.npy", "--prepared", "x.png"), 2, "leave out --prepared"),
    ):
        part, *others = arguments
        found = ask(f"autoencoder.dense-32.{part}", *others)
        assert found.code == code
        assert what in found.err
    assert not Path("x.png").exists()


@pytest.mark.slow
def test_the_linear_one_finds_the_principal_components(mnist, tmp_path):
    """Baldi & Hornik 1989: the error is that of PCA, and the decoder's columns span its subspace."""
    from sklearn.decomposition import PCA

    pictures, test = (mnist.splits[name]["image"].reshape(-1, 784) / 255.0 for name in ("train", "test"))
    pca = PCA(32, svd_solver="covariance_eigh").fit(pictures)
    theirs = float(np.square(test - pca.inverse_transform(pca.transform(test))).mean())
    assert theirs == pytest.approx(0.01683, abs=5e-6)
    run = api.train("autoencoder.linear", output=tmp_path)
    assert run.state.metrics["mse"] == pytest.approx(theirs, rel=0.02)
    module = api.load("autoencoder.linear", run=run.path)
    (weight,) = (layer.weight for layer in module.decoder if isinstance(layer, torch.nn.Linear))  # [784, 32]
    directions = np.linalg.svd(weight.detach().double().numpy(), full_matrices=False)[0]  # [784, 32]
    cosines = np.linalg.svd(directions.T @ pca.components_.T, compute_uv=False)
    angle = np.degrees(np.arccos(np.clip(cosines.min(), 0, 1)))
    print(f"mse {run.state.metrics['mse']:.6f}, PCA {theirs:.6f}, largest principal angle {angle:.2f}°")
    assert angle < 1
