"""The benchmark measures what it says, in turn with its peers, and refuses a peer that computes something else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto

import zoo.runtime
from tests.artifacts import (
    digit_graph,
    example_images,
    expected_probabilities,
    facts,
    write_artifact,
    write_manifest,
)
from zoo.benchmark import latency, noise
from zoo.benchmark.bench import bench
from zoo.benchmark.feeds import batch_axis, examples, repeated
from zoo.benchmark.machine import this_machine
from zoo.benchmark.peers import Peer, bare
from zoo.benchmark.saved import parsed
from zoo.benchmark.values import threads_text
from zoo.errors import DeviceError, IntegrityError, UnknownName, UsageError, ZooError
from zoo.files import sha256_of
from zoo.machine import cores
from zoo.progress import Progress
from zoo.runtime.manifest import Tensor


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_artifact(tmp_path / "exported")


@pytest.fixture(autouse=True)
def _few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three passes without a warm-up: what is tested is not the figures."""
    monkeypatch.setattr(latency, "PASSES", 3)
    monkeypatch.setattr(latency, "WARMUP_SECONDS", 0.0)


NPY = b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }".ljust(127) + b"\n\x00"
QUICK = {"threads": (1,), "seconds": 0.02}


def numpy_answer(feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [expected_probabilities(feeds["image"]).astype(np.float32)]


def peer(name: str, answer: Callable[[dict[str, np.ndarray]], list[np.ndarray]] = numpy_answer) -> Peer:
    return Peer(name, lambda model, threads: answer)


def test_report(folder: Path) -> None:
    report = bench(folder, batches=(1, 8, 8), threads=(1, None, 1), seconds=0.02)
    assert [(row.batch, row.threads) for row in report.rows] == [(1, 1), (8, 1), (1, None), (8, None)]
    for row in report.rows:
        found = row.latency
        assert 0 < found.p50.low <= found.p50_ms <= found.p90_ms
        assert found.p99_ms is None or found.p90_ms <= found.p99_ms
        assert (found.p99_ms is None) == (found.calls < 100)
        assert [len(rounds) for rounds in found.rounds_ms] == [len(found.rounds_ms[0])] * 3
        assert found.p50_ms == pytest.approx(np.median(found.rounds_ms))
        assert row.start.sessions == 3
        assert min(row.start.load_warm_ms, row.start.load_cold_ms, row.start.first_warm_ms, row.start.first_cold_ms) > 0
        assert row.level == "all"
        assert row.against == {}
    assert (report.id, report.path, report.provider, report.format) == ("cnn.fast", str(folder), "cpu", 2)
    assert report.size == (folder / "model.onnx").stat().st_size
    assert report.model_sha256 == zoo.runtime.open(folder).manifest.model_sha256
    assert report.inputs == "golden.npz, repeated"
    assert report.machine.cores == cores() >= 1
    assert report.conclusive == (report.reason is None) == (not any(row.noise.reasons for row in report.rows))
    assert parsed(msgspec.json.encode(report), where="x") == report


def test_peers_take_turns_on_the_same_inputs(folder: Path) -> None:
    slow_calls: list[int] = []

    def slow(feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        slow_calls.append(len(feeds["image"]))
        time.sleep(0.003)
        return numpy_answer(feeds)

    report = bench(folder, batches=(1, 4), threads=(1,), seconds=0.05, against=(peer("slow", slow), peer("numpy"), bare()))
    assert set(slow_calls) == {1, 4}
    for row in report.rows:
        assert list(row.against) == ["slow", "numpy", "bare"]
        found = row.against["slow"]
        assert found.latency.p50_ms >= 3
        assert found.ratio.low > 1
        assert found.ratio.low <= found.ratio.value <= found.ratio.high
        assert found.verdict == ("too noisy to conclude" if row.noise.reasons else "faster")
        assert [len(rounds) for rounds in found.latency.rounds_ms] == [len(rounds) for rounds in row.latency.rounds_ms]


def test_bare_is_onnxruntime_on_the_same_session(folder: Path) -> None:
    model = zoo.runtime.open(folder)
    label, probabilities = bare().prepare(model, None)({"image": example_images(3)})
    assert label.dtype == object
    np.testing.assert_array_equal(probabilities, model.run(image=example_images(3))["probabilities"])


def test_highest_level_is_a_peer_of_the_others(folder: Path) -> None:
    report = bench(folder, batches=(2,), levels=("none", "all", "basic"), **QUICK)
    assert {row.level: list(row.against) for row in report.rows} == {"none": ["level all"], "all": [], "basic": ["level all"]}
    assert [row.condition for row in report.rows] == [f"batch 2, 1 thread{rest}" for rest in (", level none", "", ", level basic")]


def test_noise_of_the_machine_forbids_to_conclude(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise.Watch, "shares", lambda self: (0.6, 0.0))
    report = bench(folder, batches=(1, 2), against=[peer("numpy")], **QUICK)
    assert not report.conclusive
    assert "At batch 1, 1 thread, " in (report.reason or "")
    assert "other processes took 60% of the cores (2 of 2 conditions); close other programs" in (report.reason or "")
    assert {row.against["numpy"].verdict for row in report.rows} == {"too noisy to conclude"}
    assert all(row.latency.p50_ms > 0 for row in report.rows)


def test_control_that_is_not_itself_forbids_to_conclude(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something slows every second contestant down, whatever it computes: the control tells."""
    real = latency.sample

    def sample(call: object, calls: int, *rest: object) -> list[float]:
        times = real(call, calls, *rest)  # type: ignore[arg-type]
        slowed.append(len(slowed) % 2)
        return [seconds * (3 if slowed[-1] else 1) for seconds in times]

    class Still:
        """Chance that leaves the order as it is."""

        def shuffle(self, order: list[str]) -> None:
            slowed.clear()

    slowed: list[int] = []
    monkeypatch.setattr(latency.random, "Random", lambda seed: Still())
    monkeypatch.setattr(latency, "sample", sample)
    (row,) = bench(folder, batches=(1,), **QUICK).rows
    assert row.noise.control.value > 2
    assert "the same model entered twice came out" in row.noise.reasons[0]


@pytest.mark.parametrize(
    "answer",
    [
        lambda feeds: [1 - expected_probabilities(feeds["image"]).astype(np.float32)],
        lambda feeds: [np.zeros((len(feeds["image"]), 9), np.float32)],
        lambda feeds: [np.full((len(feeds["image"]), 10), "text", object)],
        lambda feeds: [],
    ],
)
def test_peer_that_computes_something_else(folder: Path, answer: Callable) -> None:
    with pytest.raises(ZooError, match=r"The peer odd does not give the probabilities of cnn\.fast"):
        bench(folder, batches=(2,), against=(peer("odd", answer),), **QUICK)


def test_peer_that_fails(folder: Path) -> None:
    def broken(feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        raise RuntimeError("no\ncompiler")

    with pytest.raises(ZooError, match=r"The peer broken fails: RuntimeError: no compiler"):
        bench(folder, batches=(2,), against=(peer("broken", broken),), **QUICK)


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
    bench(folder, batches=(1, 2), progress=told, **QUICK)
    assert told.done == 6


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"batches": ()}, UsageError),
        ({"batches": (1, 0)}, UsageError),
        ({"threads": ()}, UsageError),
        ({"threads": (None, 0)}, UsageError),
        ({"levels": ()}, UsageError),
        ({"levels": ("al",)}, UnknownName),
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
    report = bench(folder, batches=(2,), **QUICK, data={"image": example_images(5, seed=3)})
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
    assert [row.batch for row in bench(folder, **QUICK).rows] == [5]


def test_bare_file(tmp_path: Path, folder: Path) -> None:
    file = tmp_path / "x.onnx"
    file.write_bytes((folder / "model.onnx").read_bytes())
    report = bench(file, batches=(1,), **QUICK)
    assert (report.model_sha256, report.inputs, report.size) == (sha256_of(file), "seeded noise", file.stat().st_size)


def test_machine() -> None:
    assert this_machine().cpu
    assert (threads_text(None), threads_text(1), threads_text(2)) == ("all threads", "1 thread", "2 threads")


def test_onnx_types_are_those_of_the_tests() -> None:
    """A guard of the fixture itself: its graph passes onnx's checker."""
    onnx.checker.check_model(digit_graph(), full_check=True)
    assert digit_graph().graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8
