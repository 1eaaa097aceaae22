"""onnxruntime behind one door: a session from bytes, on the provider asked for, quiet, with one-line errors."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import DeviceError, IntegrityError, UnknownName, UsageError
from zoo.runtime.manifest import Manifest, parse
from zoo.runtime.providers import for_session, short
from zoo.runtime.watch import watch
from zoo.runtime.wire import refuse_functions

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, RunOptions, SessionOptions

KEY = "zoo"
"""The metadata entry that holds the manifest."""

LEVELS = {
    "none": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}
FOLDED = 64 * 2**20
"""Bytes of one value that onnxruntime computes while it loads: a graph of a kilobyte may ask for all the memory there is."""
_TYPES = {
    "tensor(uint8)": "uint8",
    "tensor(int64)": "int64",
    "tensor(float)": "float32",
    "tensor(bool)": "bool",
    "tensor(string)": "string",
}


def new_session(
    model: bytes, *, where: Path, providers: Sequence[str], threads: int | None, level: str, profile: str | None = None
) -> tuple[InferenceSession, tuple[str, ...]]:
    """A session of a graph given as bytes, and the short names of the providers it uses.

    With `profile` it writes how long each operator took and what it made, to a file whose path begins so (`end_profiling`).

    Raises:
        IntegrityError: onnxruntime cannot make a graph of the bytes.
        DeviceError: the first provider is not there or refuses the graph.
        UsageError: `threads` or `level` makes no sense.
    """
    import onnxruntime

    options = session_options(threads, level)
    if profile is not None:
        options.enable_profiling, options.profile_file_prefix = True, profile
    wanted = for_session(providers)
    if not model:
        raise IntegrityError(f"{where} is empty.")
    refuse_functions(model, where=where)

    def create(chosen: list[tuple[str, dict[str, Any]]]) -> InferenceSession:
        return onnxruntime.InferenceSession(model, options, providers=chosen, enable_fallback=0)

    try:
        _load_libraries(providers[0])
        session = create(wanted)
    except Exception as error:  # onnxruntime's own have no common base
        _blame_provider(create, wanted, providers[0], error)
        version = onnxruntime.__version__
        raise IntegrityError(f"{where} is no model that onnxruntime {version} can load: {explain(error)}.") from error
    used = short(session.get_providers())
    if used[0] != providers[0]:
        raise DeviceError(f"onnxruntime could not start the provider {providers[0]!r} and fell back to {used[0]!r}.")
    return session, used


def session_options(threads: int | None, level: str) -> SessionOptions:
    """What every session of zoo's is made with.

    Raises:
        UsageError: `threads` or `level` makes no sense.
    """
    import onnxruntime

    if level not in LEVELS:
        raise UnknownName("optimisation level", level, LEVELS)
    if threads is not None and threads < 0:
        raise UsageError(f"threads must be at least 0, not {threads}.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal: every error comes as an exception, too, and is told once
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, LEVELS[level])
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry("session.load_model_format", "ONNX")  # not ORT's own format, which is not checked
    options.add_session_config_entry("optimization.constant_folding_max_output_size_in_bytes", str(FOLDED))
    return options


def _blame_provider(create: Any, wanted: list[tuple[str, dict[str, Any]]], first: str, error: Exception) -> None:
    """If the CPU alone takes the graph, the provider is at fault and not the file."""
    if len(wanted) == 1:
        return
    try:
        create(wanted[-1:])
    except Exception:  # the file is at fault
        return
    raise DeviceError(f"The provider {first!r} refuses this graph: {explain(error)}.") from error


def _load_libraries(provider: str) -> None:
    """Let onnxruntime-gpu find the CUDA libraries that pip installed; what it prints belongs to no result."""
    import onnxruntime

    if provider in ("cuda", "tensorrt") and hasattr(onnxruntime, "preload_dlls"):
        with contextlib.redirect_stdout(sys.stderr):
            onnxruntime.preload_dlls()


@contextlib.contextmanager
def run_options(seconds: float | None) -> Iterator[RunOptions | None]:
    """What a call of a session takes so that it is given up after `seconds`, between two operators; `None` where it never is."""
    if seconds is None:
        yield None
        return
    import onnxruntime

    options = onnxruntime.RunOptions()
    with watch().limit(options, seconds):
        yield options


def embedded_manifest(session: InferenceSession, *, where: Path) -> Manifest:
    """What the graph says of itself.

    Raises:
        IntegrityError: it is not one of zoo's, or says nonsense.
    """
    try:
        entries = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{where} has metadata that are no UTF-8: {error}.") from error
    if KEY not in entries:
        raise IntegrityError(f"{where} is an ONNX model, but not one of zoo's: it has no {KEY!r} metadata.")
    return parse(entries[KEY], where=f"The {KEY!r} metadata of {where}", embedded=True)


def signature_problem(session: InferenceSession, manifest: Manifest) -> str | None:
    """How the graph's inputs or outputs differ from the manifest's in name, dtype, rank or a fixed axis, if they do."""
    try:
        return _signature_problem(session, manifest)
    except UnicodeDecodeError as error:
        return f"a name in it is no UTF-8: {error}"


def _signature_problem(session: InferenceSession, manifest: Manifest) -> str | None:
    for kind, nodes, tensors in (
        ("input", session.get_inputs(), manifest.inputs),
        ("output", session.get_outputs(), manifest.outputs),
    ):
        found, expected = [node.name for node in nodes], [tensor.name for tensor in tensors]
        if found != expected:
            return f"its {kind}s are {', '.join(found)}, not {', '.join(expected)}"
        for node, tensor in zip(nodes, tensors, strict=True):
            dtype = _TYPES.get(node.type, node.type)
            if dtype != tensor.dtype:
                return f"{kind} {node.name} has dtype {dtype}, not {tensor.dtype}"
            if len(node.shape) != len(tensor.shape) or not all(map(_agree, node.shape, tensor.shape)):
                return f"{kind} {node.name} has shape {list(node.shape)}, not {list(tensor.shape)}"
    return None


def _agree(found: int | str | None, expected: int | str) -> bool:
    """Two axes clash only where both are fixed: onnxruntime does not always know an output's."""
    return found == expected or not isinstance(found, int) or not isinstance(expected, int)


def explain(error: Exception) -> str:
    """onnxruntime's error in one line: its code, source file and line breaks say nothing to a user."""
    text = " ".join(str(error).split())
    if "terminate flag" in text:
        return "it took longer than it may"
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ", "", text)
    text = re.sub(r"/onnxruntime_src/\S+ ", "", text)
    text = "".join(sign if sign.isprintable() else "?" for sign in text)
    return (text if len(text) <= 240 else f"{text[:237]}...").rstrip(". ")
