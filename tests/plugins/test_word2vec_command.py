"""`zoo vectors`: a run's vectors as files, and every mistake a person can make."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.commands import Zoo
from zoo.registry import registry
from zoo.training.checkpoint import save_tensors
from zoo.training.record import RunData, RunState
from zoo.training.run import Run, now

WORDS = ["the", "of", "straße", "日本語", "1790"]
TENSORS = {
    "vectors": torch.randn(5, 4, generator=torch.Generator().manual_seed(0)),
    "contexts": torch.randn(5, 4, generator=torch.Generator().manual_seed(1)),
    "spelled": torch.frombuffer(bytearray("\n".join(WORDS).encode()), dtype=torch.uint8),
    "counts": torch.tensor([9, 7, 5, 5, 5]),
}
FACTS = {"python": "3", "packages": {}, "device": {"name": "a processor"}}


def finished(
    root: Path, name: str = "word2vec.skipgram", base: str = "word2vec.skipgram", created: str = "", scale: float = 1.0
) -> Run:
    """A finished run of `base` on disk; `scale` tells its vectors from another's."""
    state = RunState(
        id=name,
        base=base,
        owner="onnx-zoo",
        status="running",
        created=created or now(),
        config={},
        classes=(),
        picture=None,
        data=RunData(id="text.sotu", sha256="", origin="", licence=""),
        device="cpu",
        precision="fp32",
    )
    run = Run.create(root, state, registry().model(base).recipe, FACTS)
    digest = save_tensors(run.weights, {**TENSORS, "vectors": scale * TENSORS["vectors"]}, {"id": name})
    run.update(status="finished", weights=digest)
    return run


@pytest.fixture
def zoo_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Zoo:
    """The command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Zoo(monkeypatch, capfd)


@pytest.fixture
def run(zoo_: Zoo) -> Run:
    return finished(Path("runs"))


def loaded(path, *, binary=False):
    return pytest.importorskip("gensim.models").KeyedVectors.load_word2vec_format(str(path), binary=binary)


@pytest.mark.parametrize("name", ["runs/word2vec.skipgram/1", "word2vec.skipgram/1", "word2vec.skipgram", "word2vec", None])
def test_a_run_by_any_of_its_names(name, zoo_, run):
    result = zoo_("vectors", *([name] if name else []), "--output", "v.txt")
    assert result.code == 0, result.err
    size = Path("v.txt").stat().st_size
    assert result.out == f"v.txt: 5 words of word2vec.skipgram/1, 4 numbers each, {size:,} bytes\n"
    keyed = loaded("v.txt")
    assert keyed.index_to_key == WORDS
    np.testing.assert_array_equal(keyed.vectors, TENSORS["vectors"].numpy())


def test_binary_and_json(zoo_, run):
    told = json.loads(zoo_("vectors", "--format", "binary", "--output", "v.bin", "--json").out)
    assert told == {
        "run": str(run.path),
        "id": "word2vec.skipgram",
        "format": "binary",
        "words": 5,
        "numbers": 4,
        "files": [{"path": "v.bin", "bytes": Path("v.bin").stat().st_size}],
    }
    np.testing.assert_array_equal(loaded("v.bin", binary=True).vectors, TENSORS["vectors"].numpy())


def test_the_projector_gets_a_folder(zoo_, run):
    result = zoo_("vectors", "--format", "projector", "--output", "tables", "-q")
    assert sorted(result.out.split()) == ["tables/metadata.tsv", "tables/vectors.tsv"]
    assert result.err == ""
    assert Path("tables/metadata.tsv").read_text(encoding="utf-8").splitlines()[:3] == ["word\tcount", "the\t9", "of\t7"]
    np.testing.assert_array_equal(np.loadtxt("tables/vectors.tsv", np.float32, delimiter="\t"), TENSORS["vectors"].numpy())


def test_the_newest_finished_run_is_taken(zoo_):
    finished(Path("runs"), created="2026-01-02T00:00:00Z")
    finished(Path("runs"), created="2026-01-03T00:00:00Z", scale=2)
    finished(Path("runs"), "word2vec.own", "word2vec.cbow", created="2026-01-04T00:00:00Z", scale=3)
    finished(Path("runs")).update(status="failed")
    assert "words of word2vec.own/1," in zoo_("vectors", "--output", "v").out
    assert "words of word2vec.skipgram/2," in zoo_("vectors", "word2vec.skipgram", "--output", "w").out
    np.testing.assert_array_equal(loaded("v").vectors, 3 * TENSORS["vectors"].numpy())


def test_a_pipe_gets_nothing_but_the_vectors(zoo_, run):
    pipe = subprocess.run(
        [sys.executable, "-m", "zoo", "vectors", "--output", "/dev/stdout", "-q"], capture_output=True, check=True, timeout=60
    )
    zoo_("vectors", "--output", "v")
    assert pipe.stdout == Path("v").read_bytes()


def test_torch_is_not_imported(zoo_, run):
    script = (
        "import sys\nfrom zoo.cli.main import cli\n"
        "for given in (['--help'], ['vectors', '--output', 'v']):\n    cli.main(given, standalone_mode=False)\n"
        "assert not {'torch', 'onnx', 'onnxruntime'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, capture_output=True)
    assert Path("v").exists()


def test_no_run(zoo_):
    result = zoo_("vectors", "--output", "v")
    assert (result.code, result.err) == (
        2,
        "error: There is no finished run of word2vec under runs. Try: zoo train word2vec\n",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["word2vec.skipgrm"], "There is no run under runs 'word2vec.skipgrm'; did you mean word2vec.skipgram"),
        (["camera.trained"], "The run runs/camera.trained/1 is of camera.trained, which has no word vectors."),
        (
            ["word2vec.cbow"],
            "The run runs/word2vec.cbow/1 is interrupted, not finished. Try: zoo train --resume runs/word2vec.cbow/1",
        ),
        (["--output", "there/v"], "The folder there, where v is to be written, is not there. Try: mkdir -p there"),
        (["--output", "runs"], "--output runs is a folder; --format text writes one file."),
        (
            ["--output", "file", "--format", "projector"],
            "--output file is a file; --format projector writes two files into a folder.",
        ),
        (["--output", ""], "an empty path"),
        (["--format", "csv"], "'csv' is not one of 'text', 'binary', 'projector'"),
    ],
)
def test_mistakes(given, said, zoo_, run):
    finished(Path("runs"), "camera.trained", "camera.trained")
    finished(Path("runs"), "word2vec.cbow", "word2vec.cbow").update(status="interrupted")
    Path("file").write_text("a person's own")
    before = sorted(Path().rglob("*"))
    result = zoo_("vectors", "--output", "v", *given)
    assert result.code == 2
    assert said in " ".join(result.err.split())
    assert result.out == ""
    assert sorted(Path().rglob("*")) == before


def test_weights_that_are_gone_damaged_or_anothers(zoo_, run):
    content = run.weights.read_bytes()
    other = finished(Path("other"), scale=2)
    for damaged in (content[:-8], content[:10] + b"?" + content[11:], content[:-1] + b"?", b"", other.weights.read_bytes()):
        run.weights.write_bytes(damaged)
        result = zoo_("vectors", "--output", "v")
        assert result.code == 4
        assert result.err.startswith(f"error: {run.weights} ")
    run.weights.unlink()
    result = zoo_("vectors", "--output", "v")
    assert result.code == 1
    assert "lacks weights.safetensors, the weights that were kept" in result.err
    assert not Path("v").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk(zoo_, run):
    result = zoo_("vectors", "--output", "/dev/full")
    assert (result.code, result.out) == (1, "")
    assert result.err == "error: No space left on device: /dev/full\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(zoo_, run):
    Path("shut").mkdir(mode=0o500)
    result = zoo_("vectors", "--output", "shut/v")
    assert result.code == 1
    assert result.err == "error: Permission denied: shut/v\n"
