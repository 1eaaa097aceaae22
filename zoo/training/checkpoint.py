"""Weights and checkpoints: one safetensors file each, whole or not there, with JSON and a hash in its header."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from zoo.errors import IntegrityError
from zoo.files import write_atomic

FORMAT = "1"


def hash_tensors(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, dtypes, shapes and bytes: equal weights have equal hashes, whatever file holds them."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}/{tensor.dtype}/{tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b"")  # [bytes]
    return digest.hexdigest()


def save_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> str:
    """Write tensors and JSON facts to one file atomically; the hash of the tensors.

    Raises:
        OSError: it cannot be written; then the file that was there is untouched.
    """
    held = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    digest = hash_tensors(held)
    # The hash covers the facts too: a bit that flips in the header must not go unseen.
    text = json.dumps(dict(facts), sort_keys=True)
    header = {"format": FORMAT, "tensors": digest, "facts": text, "facts_sha256": hashlib.sha256(text.encode()).hexdigest()}
    write_atomic(path, safetensors.torch.save(held, metadata=header))
    return digest


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any], str]:
    """The tensors (on the CPU), facts and hash of a file that `save_tensors` wrote.

    Raises:
        IntegrityError: it is damaged, cut short, or was written by something else.
        FileNotFoundError: it is not there.
    """
    if not path.is_file():
        raise FileNotFoundError(2, "There is no such file", str(path))
    try:
        with safe_open(path, framework="pt") as stream:
            header = stream.metadata() or {}
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, OSError, RuntimeError) as error:
        raise IntegrityError(f"{path} is no whole safetensors file: {error}.") from error
    text = header.get("facts", "")
    if header.get("format") != FORMAT or "tensors" not in header:
        raise IntegrityError(f"{path} was not written by zoo: its header has no zoo format {FORMAT}.")
    if hashlib.sha256(text.encode()).hexdigest() != header.get("facts_sha256") or hash_tensors(tensors) != header["tensors"]:
        raise IntegrityError(f"{path} is damaged: its content does not have the hash that its header names.")
    return tensors, json.loads(text), header["tensors"]


def flatten_state(state: Mapping[str, Any], prefix: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimiser's state dict as tensors (`prefix.index.key`) and JSON facts (everything else)."""
    tensors: dict[str, Tensor] = {}
    facts: dict[str, Any] = {"groups": state["param_groups"], "scalars": {}}
    for index, entries in state["state"].items():
        for key, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{prefix}.{index}.{key}"] = value
            else:
                facts["scalars"][f"{index}.{key}"] = value
    return tensors, facts


def unflatten_state(tensors: Mapping[str, Tensor], facts: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """What `flatten_state` took apart."""
    state: dict[int, dict[str, Any]] = {}
    for name, tensor in tensors.items():
        if name.startswith(prefix + "."):
            index, key = name.removeprefix(prefix + ".").split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
    for name, value in facts["scalars"].items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = value
    return {"state": state, "param_groups": facts["groups"]}


def all_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """The name of the first floating tensor with a NaN or infinite entry, or `None`."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            return name
    return None
