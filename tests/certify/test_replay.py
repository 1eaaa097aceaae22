"""`zoo verify`: what a replay finds, without torch."""

from __future__ import annotations

import hashlib
import io
import json
import shutil

import numpy as np
import pytest

from zoo import api
from zoo.certify.replay import replay
from zoo.errors import IntegrityError


@pytest.fixture(scope="session")
def original(trained_camera, tmp_path_factory):
    (artifact,) = api.export(run=trained_camera.path, output=tmp_path_factory.mktemp("exported"))
    return artifact.path


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / original.name)


def rehash(folder):
    """A forger who keeps the manifest's hashes right."""
    manifest = json.loads((folder / "zoo.json").read_text())
    for name, field in (("certificate.json", "certificate_sha256"), ("golden.npz", "golden_sha256")):
        manifest[field] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "zoo.json").write_text(json.dumps(manifest))


def edit_golden(folder, change):
    with np.load(folder / "golden.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    change(arrays)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    (folder / "golden.npz").write_bytes(stream.getvalue())
    rehash(folder)


def test_an_untouched_artifact_passes(folder):
    found = replay(folder)
    assert found.passed
    assert found.levels == ("none", "basic", "extended", "all")
    assert found.cases == 7
    assert 0 < found.errors["probabilities"] <= found.bounds["probabilities"]


@pytest.mark.parametrize("name", ["model.onnx", "certificate.json", "golden.npz"])
def test_a_flipped_bit_is_found(name, folder):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 4
    (folder / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=name):
        replay(folder)


def test_other_golden_answers_fail(folder):
    def shift(arrays):
        arrays["batch-7:out:probabilities"] = arrays["batch-7:out:probabilities"] + 1e-3

    edit_golden(folder, shift)
    found = replay(folder)
    assert not found.passed
    assert "probabilities lies 0.001 from the golden answer" in found.problems[0]


def test_another_golden_label_fails_unless_it_is_a_tie(folder):
    def relabel(arrays):
        arrays["batch-7:out:label"] = np.roll(arrays["batch-7:out:label"], 1)

    edit_golden(folder, relabel)
    assert any("without a tie" in problem for problem in replay(folder).problems)

    def tie(arrays):
        arrays["batch-7:margin:label:probabilities"][:] = 0

    edit_golden(folder, tie)
    found = replay(folder)
    assert found.passed
    assert found.changed


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04"])
def test_a_golden_file_that_is_none(content, folder):
    (folder / "golden.npz").write_bytes(content)
    rehash(folder)
    with pytest.raises(IntegrityError, match=r"golden\.npz does not hold"):
        replay(folder)


def test_a_certificate_of_a_failure_is_no_certificate(folder):
    certificate = json.loads((folder / "certificate.json").read_text())
    (folder / "certificate.json").write_text(json.dumps({**certificate, "problems": ["it was wrong"]}))
    rehash(folder)
    with pytest.raises(IntegrityError, match="it was wrong"):
        replay(folder)
    (folder / "certificate.json").write_text(json.dumps({**certificate, "surprise": 1}))
    rehash(folder)
    with pytest.raises(IntegrityError, match="surprise"):
        replay(folder)
