"""The benchmark measures what it says, in turn with its peers, and refuses a peer that computes something else."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto

import zoo.runtime
from tests.artifacts import (
    band_weights,
    digit_graph,
    example_images,
    expected_probabilities,
    facts,
    write_artifact,
    write_manifest,
)
from zoo.benchmark.bench import Peer, bench
from zoo.benchmark.feeds import batch_axis, examples, repeated
from zoo.benchmark.machine import cores, this_machine
from zoo.errors import DeviceError, IntegrityError, UsageError, ZooError
from zoo.progress import Progress
from zoo.runtime.manifest import Tensor


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_artifact(tmp_path / "exported")


NPY = b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }".ljust(127) + b"\n\x00"


def numpy_peer(feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [expected_probabilities(feeds["image"]).astype(np.float32)]


def test_report(folder: Path) -> None:
    report = bench(folder, batches=(1, 8, 8), seconds=0.02, threads=1)
    assert [row.batch for row in report.rows] == [1, 8]
    for row in report.rows:
        latency = row.latency
        assert 0 < latency.p50_ms <= latency.p90_ms <= latency.p99_ms
        assert latency.examples_per_second > 0
        assert latency.calls >= 10
        assert row.against == {}
    assert (report.id, report.path, report.provider, report.threads) == ("cnn.fast", str(folder), "cpu", 1)
    assert report.size == (folder / "model.onnx").stat().st_size
    assert report.model_sha256 == zoo.runtime.open(folder).manifest.model_sha256
    assert report.load_ms > 0
    assert report.inputs == "golden.npz, repeated"
    assert report.machine.cores == cores() >= 1
    again = msgspec.json.decode(msgspec.json.encode(report), type=type(report))
    assert again == report


def test_peers_take_turns_on_the_same_inputs(folder: Path) -> None:
    slow_calls: list[int] = []

    def slow(feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        slow_calls.append(len(feeds["image"]))
        time.sleep(0.003)
        return numpy_peer(feeds)

    report = bench(folder, batches=(1, 4), seconds=0.05, threads=1, against=(Peer("slow", slow), Peer("numpy", numpy_peer)))
    assert set(slow_calls) == {1, 4}
    for row in report.rows:
        assert list(row.against) == ["slow", "numpy"]
        found = row.against["slow"]
        assert found.latency.p50_ms >= 3
        assert found.ratio > 1
        assert found.ratio_low <= found.ratio <= found.ratio_high
        assert found.ratio_low <= found.latency.p50_ms / row.latency.p50_ms <= found.ratio_high * 1.5


@pytest.mark.parametrize(
    "answer",
    [
        lambda feeds: [1 - expected_probabilities(feeds["image"]).astype(np.float32)],
        lambda feeds: [np.zeros((len(feeds["image"]), 9), np.float32)],
        lambda feeds: [],
    ],
)
def test_peer_that_computes_something_else(folder: Path, answer: object) -> None:
    with pytest.raises(ZooError, match=r"The peer odd does not give the probabilities of cnn\.fast"):
        bench(folder, batches=(2,), seconds=0.01, against=(Peer("odd", answer),))  # type: ignore[arg-type]


def test_peer_that_fails(folder: Path) -> None:
    def broken(feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        raise RuntimeError("no\ncompiler")

    with pytest.raises(ZooError, match="The peer broken fails: RuntimeError: no compiler"):
        bench(folder, batches=(2,), seconds=0.01, against=(Peer("broken", broken),))


def test_progress_is_told(folder: Path) -> None:
    class Told(Progress):
        done = 0.0

        def bar(self, label: str, total: float | None, *, unit: str = "", done: float = 0):  # type: ignore[no-untyped-def]
            import contextlib

            @contextlib.contextmanager
            def bar():  # type: ignore[no-untyped-def]
                def advance(amount: float = 1, *, detail: str = "") -> None:
                    self.done += amount

                yield advance
                assert self.done == total

            return bar()

    told = Told()
    bench(folder, batches=(1, 2), seconds=0.01, progress=told)
    assert told.done == 10


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"batches": ()}, UsageError),
        ({"batches": (1, 0)}, UsageError),
        ({"seconds": 0}, UsageError),
        ({"seconds": float("nan")}, UsageError),
        ({"seconds": float("inf")}, UsageError),
        ({"providers": ("cuda",)}, DeviceError),
    ],
)
def test_options_that_make_no_sense(folder: Path, options: dict, kind: type) -> None:
    with pytest.raises(kind):
        bench(folder, **options)


def test_damaged_artifact_is_not_measured(folder: Path) -> None:
    (folder / "golden.npz").write_bytes(b"x")
    with pytest.raises(IntegrityError):
        bench(folder)


# --- Inputs ---------------------------------------------------------------------------------------------------------------


def test_golden_vectors_are_repeated(folder: Path) -> None:
    source, origin = examples(zoo.runtime.open(folder))
    np.testing.assert_array_equal(source["image"], example_images(3))  # the case with most examples
    assert origin == "golden.npz, repeated"
    seven = repeated(source, 7)["image"]
    np.testing.assert_array_equal(seven, np.concatenate([example_images(3)] * 3)[:7])


@pytest.mark.parametrize("camera", [False, True])
def test_noise_of_the_signature(tmp_path: Path, camera: bool) -> None:
    folder = write_artifact(tmp_path / "exported", camera=camera)
    (folder / "golden.npz").unlink()
    model = zoo.runtime.open(folder, check=False)
    source, origin = examples(model)
    name, array = next(iter(source.items()))
    assert origin == "seeded noise"
    assert (array.min(), array.max()) >= (-1, 0)
    assert (array.min() < -0.5) == camera
    model.run(**{name: array})
    np.testing.assert_array_equal(array, examples(model)[0][name])


def test_given_data_go_first(folder: Path) -> None:
    report = bench(folder, batches=(2,), seconds=0.01, data={"image": example_images(5, seed=3)})
    assert report.inputs == "given"


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04", NPY])
def test_golden_vectors_that_are_none(folder: Path, content: bytes) -> None:
    (folder / "golden.npz").write_bytes(content)
    write_manifest(folder, facts())
    assert examples(zoo.runtime.open(folder))[1] == "seeded noise"


def test_text_needs_examples(folder: Path) -> None:
    model = zoo.runtime.open(folder)
    text = Tensor(name="text", dtype="string", shape=("batch",), meaning="a sentence")
    object.__setattr__(model.manifest, "inputs", (text,))
    (folder / "golden.npz").unlink()
    with pytest.raises(ZooError, match="takes text, and its artifact has no golden vectors"):
        examples(model)


def test_model_of_a_fixed_batch(tmp_path: Path) -> None:
    graph, said = digit_graph(), facts()
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 5
    for tensor in (*said["inputs"], *said["outputs"]):
        tensor["shape"][0] = 5
    folder = write_artifact(tmp_path, graph=graph, said=said)
    np.savez(folder / "golden.npz", **{"a:in:image": example_images(5)})
    write_manifest(folder, said)
    assert not batch_axis(zoo.runtime.open(folder))
    assert [row.batch for row in bench(folder, seconds=0.01).rows] == [5]


def test_bare_file(tmp_path: Path, folder: Path) -> None:
    bare = tmp_path / "x.onnx"
    bare.write_bytes((folder / "model.onnx").read_bytes())
    report = bench(bare, batches=(1,), seconds=0.01)
    assert (report.model_sha256, report.inputs, report.size) == (None, "seeded noise", bare.stat().st_size)


def test_machine() -> None:
    machine = this_machine()
    assert machine.cpu
    assert machine.busy is None or 0 <= machine.busy <= 1


# --- PyTorch --------------------------------------------------------------------------------------------------------------


def torch_module():  # type: ignore[no-untyped-def]
    """The digit graph as a module: raw uint8 pictures → probabilities."""
    import torch

    class Bands(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = torch.nn.Parameter(torch.from_numpy(band_weights()))

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return torch.softmax(image.flatten(1).float() / 255 @ self.weights, -1)

    return Bands()


@pytest.fixture
def _threads():  # type: ignore[no-untyped-def]
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_threads")
def test_against_eager(folder: Path) -> None:
    import torch

    from zoo.benchmark import against

    peers = against.peers(["eager"], torch_module(), ["image"], threads=1)
    assert torch.get_num_threads() == 1
    np.testing.assert_allclose(peers[0].call({"image": example_images(3)})[0], expected_probabilities(example_images(3)), rtol=1e-4)
    report = bench(folder, batches=(1, 4), seconds=0.02, threads=1, against=peers)
    assert all(row.against["eager"].ratio > 0 for row in report.rows)


@pytest.mark.usefixtures("_threads")
def test_compile_is_asked_for_each_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from zoo.benchmark import against

    asked = {}

    def fake(module: torch.nn.Module, **options: object) -> torch.nn.Module:
        asked.update(options)
        return module

    monkeypatch.setattr(torch, "compile", fake)
    (peer,) = against.peers(["compile"], torch_module(), ["image"], threads=1)
    assert (peer.name, asked) == ("compile", {"dynamic": False})


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.compile imports a part of torch that warns
@pytest.mark.usefixtures("_threads")
def test_against_compile(folder: Path) -> None:
    from zoo.benchmark import against

    peers = against.peers(["eager", "compile"], torch_module(), ["image"], threads=1)
    report = bench(folder, batches=(1, 4), seconds=0.1, threads=1, against=peers)
    assert all(set(row.against) == {"eager", "compile"} for row in report.rows)


@pytest.mark.usefixtures("_threads")
def test_unknown_peer() -> None:
    from zoo.benchmark import against

    with pytest.raises(UsageError, match="did you mean eager"):
        against.peers(["eger"], torch_module(), ["image"], threads=1)


def test_onnx_types_are_those_of_the_tests() -> None:
    """A guard of the fixture itself: its graph passes onnx's checker."""
    onnx.checker.check_model(digit_graph(), full_check=True)
    assert digit_graph().graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8
