"""What Triton is told of a model (`config.pbtxt`): its signature, and how to batch it and how often to load it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoo.benchmark.report import BenchReport, Row
from zoo.runtime import tensors
from zoo.runtime.manifest import Manifest, Tensor
from zoo.triton.text import Message, Value, Word, message_text

LABELS = "labels.txt"
TYPES = {"uint8": "TYPE_UINT8", "int64": "TYPE_INT64", "float32": "TYPE_FP32", "bool": "TYPE_BOOL", "string": "TYPE_STRING"}
NEAR = 0.95
"""Share of the best throughput at which a smaller batch is good enough."""


@dataclass(frozen=True)
class Serving:
    """How a model is run.

    Args:
        preferred: batch sizes that the dynamic batcher aims at; none leaves it to Triton, which sends what is waiting.
        instances: copies of the model, each of which answers one batch at a time.
        threads: of one operator in each; `None` leaves it to onnxruntime, which takes all physical cores.
        why: in a sentence.
    """

    preferred: tuple[int, ...]
    instances: int
    threads: int | None
    why: str


def measured_serving(report: BenchReport, largest: int) -> Serving:
    """What a benchmark suggests: the smallest batch near the best throughput, and one thread for each of several copies where these
    together answer more than one copy with all threads.

    Args:
        report: of the model, on the CPU.
        largest: batch that Triton may make.
    """
    rows = [row for row in report.rows if row.level == "all" and row.batch <= largest] or list(report.rows)
    cores = report.machine.cores

    def copies(row: Row) -> int:
        return max(cores // row.threads, 1) if row.threads else 1

    def whole(row: Row) -> float:
        """Examples a second of the whole machine, if copies do not hinder each other."""
        return row.latency.examples_per_second * copies(row)

    best = max(map(whole, rows))
    chosen = min((row for row in rows if whole(row) >= NEAR * best), key=lambda row: row.batch)
    noisy = "" if report.conclusive else ", which was noisy"
    why = f"From bench.json of {report.created[:10]}: {report.machine.cpu}, {cores} cores{noisy}; another machine wants its own."
    return Serving((min(chosen.batch, largest),), copies(chosen), chosen.threads, why)


def default_serving(model: str, folder: str) -> Serving:
    """One copy with onnxruntime's own choice of threads, and batches of what is waiting."""
    return Serving((), 1, None, f"Defaults, not measured: zoo bench {model} --output {folder}/bench.json, then this again.")


def is_batched(manifest: Manifest) -> bool:
    """Whether the first axis of all inputs and outputs is one and the same, and may vary."""
    first = manifest.inputs[0].shape[:1]
    return tensors.is_batched(manifest.inputs, manifest.outputs) and all(tensor.shape[:1] == first for tensor in manifest.inputs)


def labels_of(manifest: Manifest, output: Tensor) -> tuple[str, ...]:
    """The names of an output's places along its last axis, where it holds a probability for each class; none elsewhere.

    A label of several lines could not be told from several labels.
    """
    classes = manifest.classes
    is_probabilities = output.dtype == "float32" and (output.low, output.high) == (0, 1) and output.shape[1:] == (len(classes),)
    return classes if is_probabilities and all(name.splitlines() == [name] for name in classes) else ()


def config_text(manifest: Manifest, serving: Serving, largest: int) -> str:
    """`config.pbtxt`.

    Args:
        manifest: of the artifact.
        serving: how it is run.
        largest: batch that Triton may make, where the signature has batches.
    """
    batched = is_batched(manifest)
    message: dict[str, Value] = {
        "name": manifest.id,
        "backend": "onnxruntime",
        "platform": "onnxruntime_onnx",
        "max_batch_size": largest if batched else 0,
        "input": [_tensor(tensor, batched) for tensor in manifest.inputs],
        "output": [_output(manifest, tensor, batched) for tensor in manifest.outputs],
    }
    if batched:
        message["dynamic_batching"] = {"preferred_batch_size": serving.preferred} if serving.preferred else {}
    message["instance_group"] = [{"count": serving.instances, "kind": Word("KIND_CPU")}]
    given = {"zoo_model_sha256": str(manifest.model_sha256)}
    if serving.threads is not None:
        given = {"intra_op_thread_count": str(serving.threads), **given}
    message["parameters"] = [{"key": key, "value": {"string_value": value}} for key, value in given.items()]
    comments = {
        "name": f"{manifest.summary.rstrip('.')}. Written by zoo export --triton.",
        "max_batch_size": "The largest batch of the certificate."
        if batched
        else "Inputs and outputs share no first axis that may vary.",
        "instance_group": f"{serving.why} The certificate is of the CPU.",
    }
    return message_text(message, comments) + "\n"


def _tensor(tensor: Tensor, batched: bool) -> dict[str, Value]:
    """A tensor without its batch. Triton has no empty shape, so that one number an example is asked for as [1]."""
    dims = [-1 if isinstance(axis, str) else axis for axis in tensor.shape[1 if batched else 0 :]]
    empty: Sequence[int] = []
    shape: Message = {"dims": dims} if dims else {"dims": [1], "reshape": {"shape": empty}}
    return {"name": tensor.name, "data_type": Word(TYPES[tensor.dtype]), **shape}


def _output(manifest: Manifest, tensor: Tensor, batched: bool) -> dict[str, Value]:
    labels = {"label_filename": LABELS} if labels_of(manifest, tensor) else {}
    return {**_tensor(tensor, batched), **labels}
