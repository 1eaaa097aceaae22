"""Weights and checkpoints: one safetensors file each, whole or not there, with JSON and a hash in its header."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import safetensors.torch
import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from zoo.errors import IntegrityError
from zoo.files import write_atomic
from zoo.training.optimisers import GATHERED
from zoo.training.record import hash_arrays
from zoo.training.seed import restore_generators

FORMAT = "1"
OPTIMISER = "optimiser."
"""What the names of an optimiser's tensors begin with in a checkpoint; `index.key` of its state dict follows."""


class Place(msgspec.Struct, frozen=True):
    """Where in its run a checkpoint was written.

    Args:
        step: steps done.
        seconds: of training.
        best: the best held-out metric so far.
    """

    step: Annotated[int, msgspec.Meta(ge=0)]
    seconds: Annotated[float, msgspec.Meta(ge=0)]
    best: float | None = None


def hash_tensors(tensors: Mapping[str, Tensor]) -> str:
    """`hash_arrays` of tensors."""

    def arrays() -> Iterator[tuple[str, str, tuple[int, ...], Any]]:
        for name in sorted(tensors):
            tensor = tensors[name].detach().cpu().contiguous()
            content = tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b""  # [bytes]
            yield name, str(tensor.dtype), tuple(tensor.shape), content

    return hash_arrays(arrays())


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
    except Exception as error:  # the parser's own, torch's about shapes, the system's about memory: they have no common base
        raise IntegrityError(f"{path} is no whole safetensors file: {_words(error)}.") from error
    text = header.get("facts", "")
    if header.get("format") != FORMAT or "tensors" not in header:
        raise IntegrityError(f"{path} was not written by zoo: its header has no zoo format {FORMAT}.")
    if hashlib.sha256(text.encode()).hexdigest() != header.get("facts_sha256") or hash_tensors(tensors) != header["tensors"]:
        raise IntegrityError(f"{path} is damaged: its content does not have the hash that its header names.")
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{path} has facts that are no readable JSON: {_words(error)}.") from error
    if not isinstance(facts, dict):
        raise IntegrityError(f"{path} has facts that are no JSON object.")
    return tensors, facts, header["tensors"]


def restore(path: Path, module: nn.Module, optimiser: Optimizer, device: torch.device, generators: str = "generator.") -> Place:
    """Go back to a checkpoint: the module's weights, the optimiser's state, torch's generators.

    What the optimiser is set to (momentum, decay) stays as the recipe has it; only what it has gathered is restored.

    Args:
        path: the checkpoint.
        module: changed in place.
        optimiser: of its weights; changed in place.
        device: whose generators are set.
        generators: what the names of this process's generators begin with.

    Raises:
        IntegrityError: the file is damaged, or of another network or optimiser; then `module` and `optimiser` may be half restored.
    """
    tensors, facts, _ = load_tensors(path)
    weights = part(tensors, "module.")
    _check_weights(path, weights, module)
    try:
        place = msgspec.convert(facts, Place)
        state = _gathered(part(tensors, OPTIMISER))
        _check_state(state, optimiser)
        module.load_state_dict(weights)
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
        restore_generators(part(tensors, generators), device)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError) as error:
        raise IntegrityError(f"{path} is no checkpoint of this run: {_words(error)}.") from error
    # The file holds plain rows; a fused optimiser walks a weight and its state side by side, so both need the same layout.
    for weight, entries in optimiser.state.items():
        for key, value in entries.items():
            if value.shape == weight.shape:
                entries[key] = torch.empty_like(weight, dtype=value.dtype).copy_(value)
    return place


def load_weights(path: Path, module: nn.Module) -> str:
    """Give a module the weights of a file that `save_tensors` wrote; their hash.

    Raises:
        IntegrityError: the file is damaged, or of another network.
        FileNotFoundError: it is not there.
    """
    tensors, _, digest = load_tensors(path)
    _check_weights(path, tensors, module)
    module.load_state_dict(tensors)
    return digest


def _check_weights(path: Path, weights: Mapping[str, Tensor], module: nn.Module) -> None:
    """Refuse weights whose names, shapes or dtypes are not the module's; torch would cast a dtype without a word."""
    expected = module.state_dict()
    if weights.keys() != expected.keys():
        name = min(weights.keys() ^ expected.keys())
        raise IntegrityError(f"{path} is of another network: {ascii(name)[:80]} is in only one of the two.")
    for name, tensor in weights.items():
        if (tensor.shape, tensor.dtype) != (expected[name].shape, expected[name].dtype):
            found, wanted = (f"{one.dtype} {list(one.shape)}" for one in (tensor, expected[name]))
            raise IntegrityError(f"{path} is of another network: {name} is {found}, which should be {wanted}.")


def _check_state(state: Mapping[int, Mapping[str, Tensor]], optimiser: Optimizer) -> None:
    """Refuse a state that does not fit the optimiser's weights: torch would meet it in the middle of a step.

    Raises:
        ValueError: it does not.
    """
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    names = GATHERED[type(optimiser)]
    for index, entries in state.items():
        if not 0 <= index < len(weights):
            raise ValueError(f"it has a state for weight {index} of {len(weights)}")
        if entries.keys() != names:
            said = ascii(min(entries.keys() ^ names))[:80]
            raise ValueError(f"{said} of weight {index} is in only one of its optimiser and {type(optimiser).__name__}")
        for key, value in entries.items():
            wanted = torch.Size() if key == "step" else weights[index].shape
            if value.shape != wanted:
                raise ValueError(f"{key} of weight {index} has shape {list(value.shape)}, not {list(wanted)}")


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _words(error: Exception) -> str:
    """An error of a library in one short line that a terminal can show."""
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:200].rstrip(". ")


def optimiser_tensors(optimiser: Optimizer) -> dict[str, Tensor]:
    """What an optimiser has gathered, by the names that it has in a checkpoint."""
    state = optimiser.state_dict()["state"]
    return {f"{OPTIMISER}{index}.{key}": value for index, entries in state.items() for key, value in entries.items()}


def _gathered(tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """What `optimiser_tensors` named, without `OPTIMISER`, as a state dict has it."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    return state


def all_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """The name of the first floating tensor with a NaN or infinite entry, or `None`."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            return name
    return None
