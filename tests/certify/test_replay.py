"""`zoo verify`: what a replay finds, without torch."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from zoo.certify import replay as replaying
from zoo.certify.form import GOLDEN_LIMIT
from zoo.certify.replay import replay
from zoo.errors import IntegrityError, UsageError


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
        arrays["batch-7:out:probabilities"] = arrays["batch-7:out:probabilities"] - 1e-3

    edit_golden(folder, shift)
    found = replay(folder)
    assert not found.passed
    assert "probabilities lies 0.001 from the golden answer" in found.problems[0]


def test_golden_labels_must_follow_from_golden_scores(folder):
    def relabel(arrays):
        arrays["batch-7:out:label"] = np.roll(arrays["batch-7:out:label"], 1)
        arrays["batch-7:margin:label:probabilities"][:] = 0  # a margin is not believed

    edit_golden(folder, relabel)
    with pytest.raises(IntegrityError, match="contradict each other: label is not what probabilities say"):
        replay(folder)


class Answers:
    """A model that answers as `change` has it."""

    def __init__(self, model, change):
        self.model, self.change = model, change

    def answer(self, inputs, *, seconds):
        answers = self.model.answer(inputs, seconds=seconds)
        self.change(answers)
        return answers


def answering(monkeypatch, change):
    real = replaying.open_model
    monkeypatch.setattr(replaying, "open_model", lambda *arguments, **options: Answers(real(*arguments, **options), change))


def test_a_label_that_its_own_probabilities_do_not_say_fails(folder, monkeypatch):
    def relabel(answers):
        answers["label"] = np.full_like(answers["label"], "solid")

    answering(monkeypatch, relabel)
    problems = replay(folder).problems
    assert any("without a tie" in problem for problem in problems)
    assert any("label is not what probabilities of the same run say" in problem for problem in problems)


def test_the_gap_is_that_to_the_label_which_was_named(folder, monkeypatch):
    """Two classes tie; to name a third is no rounding, though the margin between the first two is 0."""
    classes = json.loads((folder / "zoo.json").read_text())["classes"]

    def tie(arrays):
        for key in arrays:
            if key.endswith(":out:probabilities"):
                arrays[key][:] = [0.4, 0.4, 0.2, 0.0]
            elif key.endswith(":out:label"):
                arrays[key] = np.full(len(arrays[key]), classes[0])
            elif ":margin:" in key:
                arrays[key][:] = 0

    edit_golden(folder, tie)
    for named, explained in ((1, True), (2, False)):
        scores = np.array([0.4, 0.4, 0.2, 0.0], np.float32)
        scores[named] += 1e-7

        def answer(answers, named=named, scores=scores):
            answers["label"] = np.full(len(answers["label"]), classes[named])
            answers["probabilities"] = np.tile(scores, (len(answers["label"]), 1))

        with monkeypatch.context() as patch:
            answering(patch, answer)
            assert all(tie.explained is explained for tie in replay(folder).changed)


def test_verify_needs_neither_torch_nor_onnx(folder):
    script = (
        "import sys, pathlib; from zoo.certify.replay import replay; assert replay(pathlib.Path(sys.argv[1])).passed;"
        "print({'torch', 'onnx', 'onnx_ir', 'onnxscript'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == ("set()\n", "")


def edit_certificate(folder, change):
    certificate = json.loads((folder / "certificate.json").read_text())
    change(certificate)
    (folder / "certificate.json").write_text(json.dumps(certificate))
    rehash(folder)


FORGERIES = {
    "no levels": (lambda c: c.update(levels=[]), "covers the levels none"),
    "an unknown level": (lambda c: c.update(levels=["none", "basic", "extended", "more"]), "covers the levels none, basic"),
    "a level less": (lambda c: c["levels"].pop(), "covers the levels"),
    "no cases": (lambda c: c.update(cases=[]), "at least one case"),
    "a case less": (lambda c: c["cases"].pop(), "cases that its certificate names"),
    "a case more": (lambda c: c["cases"].append({"name": "extra", "shapes": {"pixels": [1, 2, 2]}}), "differ in extra"),
    "a case twice": (lambda c: c["cases"].append(c["cases"][0]), "a name of its own"),
    "another shape": (lambda c: c["cases"][0].update(shapes={"pixels": [9, 2, 2]}), "inputs of the shapes"),
    "a wide bound": (lambda c: c["bounds"]["probabilities"].update(bound=1e9), "bound of probabilities is 1e"),
    "no bounds": (lambda c: c.update(bounds={}), "bounds nothing"),
    "another bound": (lambda c: c["bounds"].update(x=c["bounds"]["probabilities"]), "bounds probabilities, x"),
    "a small maximum": (
        lambda c: c["bounds"]["probabilities"].update(golden_max=0, bound=4 * c["bounds"]["probabilities"]["torch_error"]),
        "beyond the largest|beyond its bound",
    ),
    "another id": (lambda c: c.update(id="cnn.fast"), "it is of cnn.fast"),
    "another contract": (lambda c: c.update(contract=2), "contract 2"),
    "no CPU": (lambda c: c.update(providers=[]), "leaves out the CPU"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_certificate_must_have_its_form(name, folder):
    change, said = FORGERIES[name]
    edit_certificate(folder, change)
    with pytest.raises(IntegrityError, match=said):
        replay(folder)


VECTORS = {
    "an input of another type": lambda a: a.update({"batch-7:in:pixels": a["batch-7:in:pixels"].astype(np.float64)}),
    "an input more": lambda a: a.update({"batch-7:in:image": a["batch-7:in:pixels"]}),
    "no input": lambda a: a.pop("batch-7:in:pixels"),
    "an output less": lambda a: a.pop("batch-7:out:probabilities"),
    "no source": lambda a: a.pop("batch-7:margin:label:probabilities"),
    "another source": lambda a: a.update({"batch-7:margin:label:label": a.pop("batch-7:margin:label:probabilities")}),
    "a NaN": lambda a: a["batch-7:out:probabilities"].__setitem__((0, 0), np.nan),
    "text for numbers": lambda a: a.update({"batch-7:out:probabilities": a["batch-7:out:label"]}),
    "no such kind": lambda a: a.update({"batch-7:what": np.zeros(1)}),
    "no kind": lambda a: a.update({"surprise": np.zeros(1)}),
}


@pytest.mark.parametrize("name", VECTORS)
def test_golden_vectors_must_have_their_form(name, folder):
    edit_golden(folder, VECTORS[name])
    with pytest.raises(IntegrityError, match=r"golden\.npz"):
        replay(folder)


def header(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def archive(content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("batch-1:in:pixels.npy", content)
    return stream.getvalue()


def damaged_stream():
    """A deflated entry whose bytes are no deflate stream."""
    content = bytearray(archive(bytes(range(256)) * 8))
    start = content.index(b"pixels.npy") + len("pixels.npy")
    content[start : start + 8] = b"\xff" * 8
    return bytes(content)


def encrypted():
    content = bytearray(archive(b"x"))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


HOSTILE = {
    "a bomb": (archive(bytes(GOLDEN_LIMIT + 1)), "would unpack to"),
    "a huge shape": (
        archive(header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (2**50,)}".replace(b"2**50", b"9" * 15))),
        "hold",
    ),
    "a header of no syntax": (archive(header(b"{'descr': ((((")), "hold"),
    "a header of no end": (archive(header(b"(" * 60000)), "hold"),
    "a broken stream": (damaged_stream(), "hold"),
    "encrypted": (encrypted(), "hold"),
    "a pickle": (archive(header(b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}") + b"cos\nsystem\n"), "hold"),
    "a bare array": (header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}") + bytes(8), "hold"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_golden_file_is_refused(name, folder):
    content, said = HOSTILE[name]
    (folder / "golden.npz").write_bytes(content)
    rehash(folder)
    with pytest.raises(IntegrityError, match=said):
        replay(folder)


def test_a_bare_file_has_no_certificate(folder, tmp_path):
    assert replay(folder / "model.onnx").passed
    shutil.copy(folder / "model.onnx", tmp_path / "bare.onnx")
    with pytest.raises(UsageError, match="bare file without a certificate"):
        replay(tmp_path / "bare.onnx")


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
