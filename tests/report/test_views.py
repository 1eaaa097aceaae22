"""The arrays behind the figures are what the module and the data say."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from zoo.errors import IntegrityError, UnknownName
from zoo.training.train import make_task
from zoo.views.edges import convolved
from zoo.views.gather import VIEWS, gather
from zoo.views.subject import Subject

MODELS = ("logreg.best", "mlp.rmsprop-2x512", "cnn.fast", "cnn.keras-3x3", "camera.hand", "camera.trained")


def answers(subject: Subject) -> np.ndarray:
    """float32 [examples, classes]: the module's probabilities, computed in one go."""
    with torch.inference_mode():
        return subject.module(torch.from_numpy(subject.examples.copy())).softmax(1).numpy()


@pytest.mark.parametrize("model", MODELS)
def test_confusion_sums_to_the_split_and_its_diagonal_is_the_accuracy(model, subject_of):
    subject = subject_of(model)
    found = gather(subject, ["confusion"]).plots["confusion"]
    labels = subject.test["label"]
    assert found.counts.dtype == np.int64
    assert found.counts.sum() == len(labels)
    assert found.counts.sum(1).tolist() == [int((labels == label).sum()) for label in range(len(subject.dataset.classes))]
    task = make_task(subject.spec, None, subject.dataset)
    accuracy = task.evaluate(subject.module, task.resident(subject.test, torch.device("cpu")))["accuracy"]
    assert np.trace(found.counts) / len(labels) == pytest.approx(accuracy)
    expected = np.zeros_like(found.counts)
    for label, answer in zip(labels, answers(subject).argmax(1), strict=True):
        expected[label, answer] += 1
    assert (found.counts == expected).all()
    errors = expected - np.diag(np.diag(expected))
    if found.often:
        assert found.often[0][2] == errors.max()
        assert all(errors[label, answer] == times for label, answer, times in found.often)


def test_mistakes_are_wrong_and_the_first(subject_of):
    subject = subject_of("mlp.rmsprop-2x512")
    found = gather(subject, ["mistakes"]).plots["mistakes"]
    probabilities, labels = answers(subject), subject.test["label"]
    wrong = [place for place in range(len(labels)) if probabilities[place].argmax() != labels[place]]
    assert found.wrong == len(wrong) > 15
    assert found.indices.tolist() == wrong[:15]
    for number, place in enumerate(wrong[:15]):
        assert found.labels[number] == labels[place]
        assert found.likely[number, 0] == probabilities[place].argmax() != labels[place]
        assert labels[place] in found.likely[number]
        assert (found.pictures[number] == subject.test["image"][place]).all()
        np.testing.assert_allclose(found.probabilities[number], probabilities[place][found.likely[number]], atol=1e-6)
    assert found.facts()["first"][0]["label"] == str(labels[wrong[0]])


def test_a_model_without_mistakes_has_no_picture_of_them(subject_of):
    gathered = gather(subject_of("camera.hand"))
    assert gathered.left_out["mistakes"] == "there are none: all 600 test examples are right"
    assert "mistakes" not in gathered.plots


def test_samples_are_the_first_different_ones_of_each_class(subject_of):
    digits = gather(subject_of("logreg.best"), ["samples"]).plots["samples"]
    images, labels = subject_of("logreg.best").test["image"], subject_of("logreg.best").test["label"]
    for digit, pictures in enumerate(digits.pictures):
        assert (pictures == images[labels == digit][: len(pictures)]).all()
    assert digits.counts.sum() == len(labels)
    camera = gather(subject_of("camera.hand"), ["samples"]).plots["samples"]
    assert [len(pictures) for pictures in camera.pictures] == [2, 2, 2, 2]  # a picture and its negative, never twice
    assert (camera.low, camera.high) == (-1, 1)


def test_weights_of_a_softmax_regression_are_a_picture_for_each_class(subject_of):
    subject = subject_of("logreg.best")
    found = gather(subject, ["weights"]).plots["weights"]
    assert found.names == tuple("0123456789")
    np.testing.assert_array_equal(found.pictures.reshape(10, 784), subject.module.linear.weight.detach().numpy())


def test_of_a_wide_layer_the_units_with_the_largest_norm(subject_of):
    subject = subject_of("mlp.rmsprop-2x512")
    found = gather(subject, ["weights"]).plots["weights"]
    matrix = subject.module.hidden[0].weight.detach().double().numpy()
    norms = np.sqrt((matrix**2).sum(1))
    assert found.names == tuple(f"unit {unit}" for unit in np.argsort(-norms)[:32])
    assert found.pictures.shape == (32, 28, 28)
    assert "32 of 512 units" in found.shows
    assert "32 of 512 units" in found.lesson


def test_inputs_bear_the_names_that_the_spec_gives_them(subject_of):
    (layer,) = gather(subject_of("boolean.and"), ["parameters"]).plots["parameters"].layers
    assert layer.inputs == ("a", "b")
    first, *_, last = gather(subject_of("camera.hand"), ["parameters"]).plots["parameters"].layers
    assert first.inputs == ("p00", "p01", "p10", "p11")
    assert last.outputs == ("solid", "vertical", "diagonal", "horizontal")


@pytest.mark.parametrize("model", ["cnn.fast", "mlp.rmsprop-2x512", "camera.trained"])
def test_a_lesson_is_true_on_a_light_and_on_a_dark_page(model, subject_of):
    plots = gather(subject_of(model)).plots
    assert "the more any other cell stands out from the page" in plots["confusion"].lesson
    assert not [name for name, plot in plots.items() if re.search("darker|lighter|paler", plot.lesson)]


def test_every_number_of_the_camera_can_be_read_back_from_its_text(subject_of):
    subject = subject_of("camera.trained")
    found = gather(subject, ["parameters"]).plots["parameters"]
    assert found.count == 116
    blocks = {block.split(":")[0]: block.splitlines()[2:] for block in found.text().split("\n\n")}
    assert list(blocks) == ["first", "second", "third", "last"]
    for name, lines in blocks.items():
        layer = getattr(subject.module, name)
        table = np.column_stack([layer.weight.detach().numpy(), layer.bias.detach().numpy()])
        columns = table.shape[1]
        read = [[float(word.replace("−", "-")) for word in line.split()[-columns:]] for line in lines]
        np.testing.assert_allclose(read, table, atol=5.1e-4)
    assert [line.split()[0] for line in blocks["last"]] == ["solid", "vertical", "diagonal", "horizontal"]


@pytest.mark.parametrize("model", ["cnn.fast", "cnn.keras-3x3"])
def test_feature_maps_are_what_the_module_computes(model, subject_of):
    subject = subject_of(model)
    found = gather(subject, ["maps"]).plots["maps"]
    module, image = subject.module, torch.from_numpy(subject.examples[:1].copy())
    margin = module.margin
    pixels = image[:, margin : 28 - margin, margin : 28 - margin].float() / 255
    values = ((pixels - module.mean) / module.deviation).unsqueeze(1)
    expected = []
    with torch.inference_mode():
        for place, layer in enumerate(module.features):
            before, values = values, layer(values)
            if place == 0:
                expected.append(values)
            if isinstance(layer, nn.MaxPool2d):
                expected += [before, values]
                assert torch.equal(values, nn.functional.max_pool2d(before, 2))
    assert len(found.stages) == len(expected) == 3
    for stage, tensor in zip(found.stages, expected, strict=True):
        assert stage.channels == tensor.shape[1]
        np.testing.assert_allclose(stage.maps, tensor[0, :8].numpy(), atol=1e-6)
    assert found.stages[1].title.startswith("before pooling")
    assert found.stages[2].title.startswith("after pooling")


class InPlace(nn.Module):
    """A convolution whose result the next layer overwrites, and two poolings in a row."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Flatten())
        self.output = nn.Linear(108, 10)

    def forward(self, image):
        return self.output(self.steps(image[:, None].float() / 255))


def test_a_layer_that_works_in_place_spoils_no_map(subject_of):
    torch.manual_seed(0)
    module = InPlace().eval()
    subject = replace(subject_of("cnn.fast"), module=module)
    found = gather(subject, ["maps"]).plots["maps"]
    with torch.inference_mode():
        convolution = module.steps[0](torch.from_numpy(subject.examples[:1].copy())[:, None].float() / 255)
    np.testing.assert_allclose(found.stages[0].maps, convolution[0].numpy(), atol=1e-6)
    assert (found.stages[0].maps < 0).any()
    assert [stage.title.split(",")[0] for stage in found.stages[1:]] == ["before pooling", "after pooling"] * 2
    assert (found.stages[1].maps >= 0).all()
    assert not module._forward_hooks
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_filters_are_the_first_kernels(subject_of):
    subject = subject_of("cnn.fast")
    first, second = gather(subject, ["filters"]).plots["filters"].banks
    np.testing.assert_array_equal(first.kernels, subject.module.features[0].weight.detach().numpy())
    np.testing.assert_array_equal(second.kernels, subject.module.features[3].weight[:8, :32].detach().numpy())
    assert (second.filters, second.channels) == (64, 32)
    assert "8 of them" in second.title


def test_the_edge_filter_is_a_convolution(subject_of):
    found = gather(subject_of("cnn.keras-3x3"), ["edges"]).plots["edges"]
    picture = found.picture.astype(float) / 255
    assert len(found.kernels) == 2
    for name, kernel in found.kernels.items():
        expected = np.array([[(picture[y : y + 3, x : x + 3] * kernel).sum() for x in range(26)] for y in range(26)])
        np.testing.assert_allclose(found.answers[name], expected, atol=1e-12)
    step = np.zeros((5, 6))
    step[:, 3:] = 1
    assert (convolved(step, found.kernels["vertical edges"]) == [[0, 4, 4, 0]] * 3).all()
    assert (convolved(step, found.kernels["horizontal edges"]) == 0).all()


APPLY = {
    "logreg.best": {"samples", "confusion", "mistakes", "weights"},
    "mlp.sgd-512": {"samples", "confusion", "mistakes", "weights"},
    "cnn.fast": {"samples", "confusion", "mistakes", "filters", "maps", "edges"},
    "camera.hand": {"samples", "confusion", "weights", "parameters"},
    "camera.trained": {"samples", "confusion", "mistakes", "weights", "parameters"},
}


@pytest.mark.parametrize("model", APPLY)
def test_a_view_applies_by_what_there_is(model, subject_of):
    gathered = gather(subject_of(model))
    assert set(gathered.plots) == APPLY[model]
    assert set(gathered.left_out) == VIEWS.keys() - APPLY[model]
    assert all(gathered.left_out.values())


def test_without_pictures_labels_or_a_module_there_is_less_to_see(subject_of):
    subject = subject_of("cnn.fast")
    blind = replace(subject, dataset=replace(subject.dataset, picture=None))
    assert "confusion" in gather(blind).plots
    assert {"samples", "mistakes", "edges"} <= gather(blind).left_out.keys()
    unlabelled = replace(subject, dataset=replace(subject.dataset, splits={"test": {"image": subject.test["image"]}}))
    assert set(gather(unlabelled).plots) == {"filters", "maps", "edges"}
    assert gather(unlabelled).plots["maps"].label == ""
    nothing = replace(subject, module=None, dataset=None, missing="the run is failed")
    reasons = gather(nothing).left_out
    of_kind = {name for name, why in reasons.items() if why.startswith("it is no ")}  # another task's views
    assert not of_kind & APPLY["cnn.fast"]
    assert {reasons[name] for name in reasons.keys() - of_kind} == {"the run is failed", "nothing was stepped: it has no history"}
    with pytest.raises(UnknownName, match="did you mean mistakes"):
        gather(subject, ["mistaks"])


def history(steps: int, epoch: int) -> list[dict]:
    """Lines as a run writes them: an epoch every `epoch` steps."""
    lines = []
    for step in range(1, steps + 1):
        number = (step - 1) // epoch + 1
        lines.append({"kind": "step", "step": step, "epoch": number, "examples": 8, "loss": 1 / step, "accuracy": 1 - 1 / step})
        if step % epoch == 0:
            figures = {"train_loss": 0.5 / number, "train_accuracy": 0.5, "test_loss": 0.4, "test_accuracy": 0.75}
            lines.append({"kind": "epoch", "step": step, "epoch": number, **figures, "seconds": 1.0})
    return lines


def test_curves_hold_the_steps_and_the_epochs(subject_of):
    subject = replace(subject_of("cnn.fast"), lines=history(30, 10))
    found = gather(subject, ["curves"]).plots["curves"]
    assert found.metrics == ["loss", "accuracy"]
    assert found.steps.tolist() == list(range(1, 31))
    np.testing.assert_allclose(found.by_step["loss"], 1 / np.arange(1, 31))
    assert found.ends.tolist() == [10, 20, 30]
    assert list(found.by_epoch) == ["train", "test"]
    assert found.by_epoch["train"]["loss"].tolist() == [0.5, 0.25, 0.5 / 3]
    assert "30 steps and 3 epochs" in found.shows
    assert found.facts()["test_accuracy"] == 0.75


def test_what_is_no_metric_is_no_curve(subject_of):
    lines = [{**line, **({"lr": 0.1} if line["kind"] == "step" else {})} for line in history(4, 2)]
    found = gather(replace(subject_of("cnn.fast"), lines=lines), ["curves"]).plots["curves"]
    assert set(found.by_step) == {"loss", "accuracy"}


def test_one_step_is_no_curve(subject_of):
    gathered = gather(replace(subject_of("cnn.fast"), lines=history(1, 10)), ["curves"])
    assert gathered.left_out == {"curves": "its history is one step long"}


@pytest.mark.parametrize("line", [{"step": 1}, {"kind": "step"}, {"kind": "step", "step": 2, "loss": "much"}, [1], "text"])
def test_a_history_that_no_run_writes(line, subject_of):
    with pytest.raises(IntegrityError, match="The history of cnn"):
        gather(replace(subject_of("cnn.fast"), lines=[*history(3, 10), line]), ["curves"])
