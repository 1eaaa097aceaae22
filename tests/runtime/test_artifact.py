"""Finding an artifact, and refusing every one that is not what it claims to be."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto

import zoo.runtime
from tests.artifacts import digit_graph, embed, facts, write_artifact, write_certificate, write_manifest
from zoo.errors import IntegrityError, UnknownName
from zoo.runtime.artifact import check, find, list_artifacts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_artifact(tmp_path / "exported")


# --- Finding --------------------------------------------------------------------------------------------------------------


def test_earlier_folder_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    write_artifact(second, "cnn.fast")
    write_artifact(second, "mlp.keras")
    assert find("cnn.fast", [first, second]) == second / "cnn.fast"
    write_artifact(first, "cnn.fast")
    assert find("cnn.fast", [first, second]) == first / "cnn.fast"
    assert list_artifacts([first, second]) == {"cnn.fast": first / "cnn.fast", "mlp.keras": second / "mlp.keras"}


def test_a_path_is_taken_as_it_is(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(str(folder), []) == folder
    assert find(str(folder / "model.onnx"), []) == folder / "model.onnx"
    monkeypatch.chdir(folder.parent)
    assert find("cnn.fast", [tmp_path / "none"]) == Path("cnn.fast")


def test_unknown_id_names_folders_and_near_matches(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName) as caught:
        find("cnn.fats", [folder.parent, tmp_path / "cache"])
    message = str(caught.value)
    assert f"in {folder.parent} or {tmp_path / 'cache'} called 'cnn.fats'" in message
    assert message.endswith("did you mean cnn.fast?")
    with pytest.raises(UnknownName, match=r"called 'mlp\.keras'; there is cnn\.fast\. Try: zoo export mlp\.keras"):
        find("mlp.keras", [folder.parent])


@pytest.mark.parametrize("name", ["some/where", "model.onnx", "../cnn.fast", "./x"])
def test_missing_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownName, match="no file or folder"):
        find(name, [tmp_path])


def test_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"holds no model\.onnx"):
        find(str(tmp_path), [])


def test_unfinished_export_is_not_listed(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / ".cnn.fast.1234.part")
    assert list(list_artifacts([folder.parent])) == ["cnn.fast"]


@pytest.mark.parametrize("name", ["zoo.json", "model.onnx"])
def test_a_damaged_one_is_listed(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder.parent / "notes").mkdir()
    assert list(list_artifacts([folder.parent])) == ["cnn.fast"]
    with pytest.raises(IntegrityError, match=f"lacks {name}"):
        zoo.runtime.open(find("cnn.fast", [folder.parent]))


def test_an_id_means_the_model_of_that_id(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "mlp.keras")
    with pytest.raises(IntegrityError, match=r"mlp\.keras holds the model cnn\.fast, not mlp\.keras"):
        find("mlp.keras", [folder.parent])
    assert find(str(folder.parent / "mlp.keras"), [folder.parent]) == folder.parent / "mlp.keras"


# --- Checking -------------------------------------------------------------------------------------------------------------


def test_a_good_one_passes(folder: Path) -> None:
    artifact = check(folder)
    assert artifact.manifest.id == "cnn.fast"
    assert artifact.model == (folder / "model.onnx").read_bytes()


@pytest.mark.parametrize("name", ["zoo.json", "certificate.json", "golden.npz", "model.onnx"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(IntegrityError, match=f"lacks {name}"):
        zoo.runtime.open(folder)


@pytest.mark.parametrize("name", ["certificate.json", "golden.npz", "model.onnx"])
@pytest.mark.parametrize("where", [0, 0.5, -1])
def test_flipped_bit_is_named(folder: Path, name: str, where: float) -> None:
    content = bytearray((folder / name).read_bytes())
    content[int(where * len(content)) if where > 0 else where] ^= 4
    (folder / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"{name} was changed or damaged: its SHA-256 is \w{{12}}…, zoo.json says \w{{12}}…"):
        zoo.runtime.open(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [("metrics", {"accuracy": 1.0}), ("id", "cnn.best"), ("licence", "mine"), ("classes", list("9876543210"))],
)
def test_changed_manifest_is_found_although_hashes_match(folder: Path, field: str, value: object) -> None:
    write_manifest(folder, facts(), **{field: value})
    with pytest.raises(IntegrityError, match=f"was changed: its {field} is not what model.onnx says"):
        zoo.runtime.open(folder)


@pytest.mark.parametrize("content", [json.dumps({"model_sha256": "a" * 64}), "{}", "[]", "{", "", "[" * 10**5])
def test_certificate_of_another_model(folder: Path, content: str) -> None:
    (folder / "certificate.json").write_text(content)
    write_manifest(folder, facts())
    with pytest.raises(IntegrityError, match=r"certificate\.json is n"):
        zoo.runtime.open(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", '{"contract": 2}', '{"contract": true}', "\xff\x00", "[" * 10**5])
def test_malformed_manifest(folder: Path, content: str) -> None:
    (folder / "zoo.json").write_text(content, encoding="latin-1")
    with pytest.raises(IntegrityError):
        zoo.runtime.open(folder)


def test_manifest_of_another_contract_says_so(folder: Path) -> None:
    write_manifest(folder, facts(), contract=2)
    with pytest.raises(IntegrityError, match="has contract 2; this zoo reads contract 1"):
        zoo.runtime.open(folder)


# --- Links and other files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "checked"),
    [("zoo.json", True), ("certificate.json", True), ("model.onnx", True), ("zoo.json", False), ("model.onnx", False)],
)
def test_link_that_leads_out(folder: Path, tmp_path: Path, name: str, checked: bool) -> None:
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    with pytest.raises(IntegrityError, match="is a link that leads out"):
        zoo.runtime.open(folder, check=checked)


def test_links_that_stay_inside_are_fine(folder: Path, tmp_path: Path) -> None:
    (folder / "model.onnx").rename(folder / "real.onnx")
    (folder / "model.onnx").symlink_to("real.onnx")
    (tmp_path / "link").symlink_to(folder)
    assert zoo.runtime.open(tmp_path / "link").certified


def test_link_to_itself(folder: Path) -> None:
    (folder / "golden.npz").unlink()
    (folder / "golden.npz").symlink_to("golden.npz")
    with pytest.raises(IntegrityError):
        zoo.runtime.open(folder)


@pytest.mark.parametrize("name", ["zoo.json", "model.onnx"])
def test_pipe_would_never_end(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(IntegrityError, match="no plain file"):
        zoo.runtime.open(folder)


def external(location: str) -> onnx.ModelProto:
    """The digit graph with its weights in another file."""
    model = digit_graph()
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "weights")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(784 * 40))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return model


@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin", "/etc/passwd", ""])
@pytest.mark.parametrize("how", ["artifact", "unchecked", "bare"])
def test_external_data_is_never_read(tmp_path: Path, location: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_artifact(tmp_path / "exported", graph=external(location))
    for beside in (folder, folder.parent):
        (beside / "weights.bin").write_bytes(bytes(784 * 40))
    monkeypatch.chdir(folder)  # onnxruntime might look in the working folder
    if how == "bare":
        (folder / "zoo.json").unlink()
    with pytest.raises(IntegrityError, match="keeps data in another file"):
        zoo.runtime.open(folder / "model.onnx" if how == "bare" else folder, check=how == "artifact")


@pytest.mark.parametrize("wire", [b"\x0a\x88\x00", b"\x8a\x00\x08", b"\x8a\x80\x00\x88\x80\x80\x00"])
def test_external_data_in_needlessly_long_varints(tmp_path: Path, wire: bytes) -> None:
    """protobuf's parser takes them, so a scan for the shortest form alone could be evaded."""
    model = embed(external("weights.bin"), facts())
    tensor = onnx.StringStringEntryProto(key="location", value="weights.bin").SerializeToString()
    longer = tensor.replace(b"\x0a\x08", wire, 1)
    entry = onnx.StringStringEntryProto()
    entry.ParseFromString(longer)
    assert entry.key == "location"
    (tmp_path / "x.onnx").write_bytes(model.replace(b"\x0a\x08location", wire + b"location"))
    with pytest.raises(IntegrityError, match="keeps data in another file"):
        zoo.runtime.open(tmp_path / "x.onnx")


def test_external_data_behind_a_harmless_location(tmp_path: Path) -> None:
    model = external("weights.bin")
    model.producer_name = "location, location"
    with pytest.raises(IntegrityError, match="keeps data in another file"):
        zoo.runtime.open(write_artifact(tmp_path, graph=model))


def test_the_word_location_alone_is_harmless(tmp_path: Path) -> None:
    said = facts()
    said["summary"] = 'The location of "location"s: location'
    assert zoo.runtime.open(write_artifact(tmp_path, said=said)).certified


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"problems": ["probabilities lie too far off", "the oracle disagrees"]}, "lie too far off; the oracle disagrees"),
        ({"problems": None}, "it does not say"),
        ({"problems": "none"}, "it does not say"),
        ({"problems": {}}, "it does not say"),
    ],
)
def test_a_certificate_that_did_not_pass(folder: Path, said: dict, why: str) -> None:
    write_certificate(folder, **said)
    write_manifest(folder, facts())
    with pytest.raises(IntegrityError, match=rf"certificate\.json certifies nothing: .*{why}.*Try: zoo export cnn\.fast"):
        zoo.runtime.open(folder)
    assert not zoo.runtime.open(folder, check=False).certified
