"""Which hardware onnxruntime computes on: zoo's short names for its execution providers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo.errors import DeviceError, UnknownName, UsageError

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "dml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "qnn": "QNNExecutionProvider",
    "webgpu": "WebGpuExecutionProvider",
    "xnnpack": "XnnpackExecutionProvider",
}

# TF32 rounds the factors of a float32 product to 10 bits: three digits lost, which no certificate would pass.
_OPTIONS: dict[str, dict[str, str]] = {"cuda": {"use_tf32": "0"}}


def available() -> list[str]:
    """Short names of the providers that this onnxruntime was built with. (Azure's, in every build, computes elsewhere.)"""
    import onnxruntime

    built = onnxruntime.get_available_providers()
    return [name for name, full in PROVIDERS.items() if full in built]


def for_session(names: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """What an `InferenceSession` takes for short names, best first; the CPU comes last, for what the others cannot do.

    Raises:
        UnknownName: a name is none.
        UsageError: no name is given.
        DeviceError: this onnxruntime has no such provider.
    """
    if not names:
        raise UsageError("At least one provider is needed, such as cpu.")
    there = available()
    for name in names:
        if name not in PROVIDERS:
            raise UnknownName("provider", name, PROVIDERS)
        if name not in there:
            raise DeviceError(f"This onnxruntime has no provider {name!r}; it has {', '.join(there)}.")
    return [(PROVIDERS[name], _OPTIONS.get(name, {})) for name in dict.fromkeys([*names, "cpu"])]


def short(names: Sequence[str]) -> tuple[str, ...]:
    """onnxruntime's names as short ones."""
    back = {full: name for name, full in PROVIDERS.items()}
    return tuple(back.get(name, name) for name in names)
