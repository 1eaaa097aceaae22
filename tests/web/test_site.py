"""What the page is put together from, and how it is written."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from tests.artifacts import digit_graph, embed, facts, write_artifact
from tests.web.conftest import EXPORTED
from zoo.errors import DataError, IntegrityError, UsageError
from zoo.progress import Progress
from zoo.web import engine as engine_module
from zoo.web.card import html
from zoo.web.engine import LOCK, engine
from zoo.web.site import site, write


@pytest.fixture(scope="module")
def files(onnxruntime_web, home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(home))
        return site([EXPORTED / "cnn.fast", EXPORTED / "boolean.xor"], Progress())


def test_the_index_tells_of_every_file(files):
    index = json.loads(files["models.json"])
    told = index["shell"] | {entry["path"]: entry for entry in index["runtime"]["files"]}
    for model in index["models"]:
        told |= {model["path"] + name: entry for name, entry in model["files"].items()}
    assert set(files) == {"models.json", *told}
    for path, entry in told.items():
        assert (entry["bytes"], entry["sha256"]) == (len(files[path]), hashlib.sha256(files[path]).hexdigest())


def test_a_model_comes_with_its_card_and_its_certificate(files):
    model = json.loads(files["models.json"])["models"][0]
    assert (model["id"], model["certified"]) == ("cnn.fast", True)
    assert model["manifest"] == json.loads((EXPORTED / "cnn.fast" / "zoo.json").read_bytes())
    assert model["certificate"]["model_sha256"] == model["manifest"]["model_sha256"] == model["files"]["model.onnx"]["sha256"]
    digest = model["files"]["confusion.png"]["sha256"]
    assert f'<img src="models/cnn.fast/confusion.png?sha256={digest}"'.encode() in files["models/cnn.fast/card.html"]
    assert "models/cnn.fast/confusion.png" in files
    assert "models/cnn.fast/golden.npz" not in files


def test_no_address_leads_away_from_the_page(files):
    for name in json.loads(files["models.json"])["shell"]:
        content = files[name].decode()
        assert "://" not in content.replace("http://www.w3.org/2000/svg", ""), name
        assert 'src="/' not in content, name
        assert 'href="/' not in content, name


def test_a_bare_file_is_shown_and_not_called_certified(onnxruntime_web, tmp_path):
    path = tmp_path / "own.onnx"
    path.write_bytes(embed(digit_graph(), facts("own.digits")))
    files = site([path], Progress())
    (model,) = json.loads(files["models.json"])["models"]
    assert (model["id"], model["certified"], model["certificate"]) == ("own.digits", False, None)
    assert model["manifest"]["model_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_damaged_artifact_is_refused(onnxruntime_web, tmp_path):
    folder = write_artifact(tmp_path)
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:-1] + b"x")
    with pytest.raises(IntegrityError, match="changed or damaged"):
        site([folder], Progress())


def test_two_of_one_name_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"^Two artifacts are called cnn\.fast; the page shows one of a name\.$"):
        site([write_artifact(tmp_path / "one"), write_artifact(tmp_path / "two")], Progress())


def test_it_is_written_and_replaced(files, tmp_path):
    for _ in range(2):
        write(files, tmp_path / "page")
        assert {path.relative_to(tmp_path / "page").as_posix() for path in (tmp_path / "page").rglob("*") if path.is_file()} == set(
            files
        )
    (tmp_path / "empty").mkdir()
    write(files, tmp_path / "empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "page"]


def test_a_folder_with_other_things_is_not_replaced(files, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="holds something other than a page"):
        write(files, tmp_path)
    with pytest.raises(UsageError, match="holds something other than a page"):
        write(files, tmp_path / "thesis.tex")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_cards_are_text():
    said = html(
        "---\ntags: [x]\n---\n# A\n<script>alert(1)</script> [run](javascript:alert(1)) [b](other.md) [c](https://a.example)\n",
        "m/",
        [],
    )
    assert "<script" not in said
    assert "<h3>A</h3>" in said
    assert 'href="javascript' not in said
    assert "<span>b</span>" in said
    assert '<a href="https://a.example" rel="noreferrer">c</a>' in said
    assert "tags" not in said


def test_tables_keep_to_the_content_policy():
    said = html("| a | b |\n|---|--:|\n| 1 | 2 |\n", "m/", {})
    assert "style" not in said
    assert '<td align="right">2</td>' in said


def test_cards_show_their_own_pictures_alone():
    said = html("![one](a.png) ![two](https://a.example/b.png) ![three](../../c.png)", "models/m/", {"a.png": b""})
    assert said.count("<img") == 1
    assert f'<img src="models/m/a.png?sha256={hashlib.sha256(b"").hexdigest()}" alt="one" loading="lazy" />' in said
    assert "two" in said
    assert "three" in said


def test_without_a_network_it_says_what_was_tried(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    monkeypatch.delenv("ZOO_MIRROR", raising=False)
    with pytest.raises(DataError) as caught:
        engine(Progress())
    name = "onnxruntime-web-" + json.loads(LOCK.read_bytes())["version"]
    said = str(caught.value)
    assert said.startswith(
        f"The page needs {name.replace('web-', 'web ')}, but lacks ort-wasm-simd-threaded.wasm and 1 more; tried ZOO_MIRROR"
    )
    assert "ZOO_OFFLINE is set" in said
    assert said.endswith(f"Try: ZOO_MIRROR=FOLDER zoo demo where FOLDER/{name}/ort-wasm-simd-threaded.wasm is a copy")
    assert list(tmp_path.rglob("*")) == []


def test_files_beside_the_page_and_in_a_mirror_are_taken_when_they_are_right(onnxruntime_web, tmp_path, monkeypatch):
    version, parts = engine(Progress())
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    mirror = tmp_path / "mirror" / f"onnxruntime-web-{version}"
    mirror.mkdir(parents=True)
    for name, content in parts.items():
        (mirror / name).write_bytes(content)
    monkeypatch.setenv("ZOO_MIRROR", str(tmp_path / "mirror"))
    assert engine(Progress()) == (version, parts)
    shutil.rmtree(tmp_path / "home")
    monkeypatch.delenv("ZOO_MIRROR")
    shutil.copytree(mirror, tmp_path / "page" / "onnxruntime-web")
    monkeypatch.setattr(engine_module, "HERE", tmp_path / "page")
    assert engine(Progress()) == (version, parts)
    next((tmp_path / "page").rglob("*.wasm")).write_bytes(b"other")
    with pytest.raises(DataError):
        engine(Progress())
