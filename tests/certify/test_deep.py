"""`zoo verify --deep`: PyTorch is asked again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.certify.test_replay import edit_golden, rehash
from zoo import api
from zoo.errors import UsageError


def deep(folder, run):
    return api.verify(folder, deep=True, runs=run.path.parents[1])


def test_the_whole_split_is_answered_again(folder, trained_camera):
    found = deep(folder, trained_camera)
    assert found.passed
    assert found.examples == 1000
    assert found.errors["probabilities"] > 0


def test_given_weights_need_no_run(tmp_path):
    (artifact,) = api.export("boolean.dnf", config={"expr": "a ^ b ^ c"}, name="parity", output=tmp_path)
    found = api.verify(artifact.path, deep=True, runs=tmp_path / "none")
    assert found.passed
    assert found.examples == 8


def test_golden_answers_that_are_not_pytorchs(folder, trained_camera):
    """A forger who stays within the bound, and keeps every hash right."""

    def nudge(arrays):
        scores = arrays["noise:out:probabilities"]
        scores[0] += 1e-7 * np.where(scores[0] == scores[0].max(), -1, 1)

    edit_golden(folder, nudge)
    assert api.verify(folder).passed
    found = deep(folder, trained_camera)
    assert found.problems == ("in the case noise golden.npz answers another probabilities than PyTorch does now",)


def test_a_run_with_other_weights_is_not_taken(folder, tmp_path):
    api.train("camera.trained-stable", recipe={"steps": 20, "seed": 1}, output=tmp_path / "runs")
    with pytest.raises(UsageError, match="PyTorch has no weights for it"):
        api.verify(folder, deep=True, runs=tmp_path / "runs")


def edit_certificate(folder, change):
    """A forger who keeps the hashes right."""
    said = json.loads((folder / "certificate.json").read_text())
    change(said)
    (folder / "certificate.json").write_text(json.dumps(said))
    rehash(folder)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda said: said["proofs"][0].update(claim="It beats all others."), "claims something else"),
        (lambda said: said["audit"]["onnxruntime_metrics"].update(accuracy=0.5), "gives accuracy as 0.5"),
        (lambda said: said["audit"].update(examples=10**6), "is of 1,000,000 examples"),
        (lambda said: said["bounds"]["probabilities"].update(torch_error=1.0, bound=4.0), "allows an error of 4"),
    ],
)
def test_a_certificate_that_makes_things_up(change, found, folder, trained_camera):
    edit_certificate(folder, change)
    assert api.verify(folder).passed
    assert any(found in problem for problem in deep(folder, trained_camera).problems)
