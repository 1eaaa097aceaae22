"""Seeded damage to safetensors files: their 8 bytes of length, their JSON header, and what zoo puts into it, with and without the
hashes set right again.

    uint64, little-endian: length of the header | JSON: name → dtype, shape, offsets; `__metadata__` | the tensors' bytes
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

from tools.hardness.corruption import TEXTS, VALUES, edit_json

Kind = Callable[[Random, bytes], bytes]

DTYPES = ("F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL", "U16", "U32", "U64", "C64", "F8_E4M3", "F8_E5M2")
STRANGE_DTYPES = ("F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F128", "f32", "", None, 3, ["F32"])
LENGTHS = (0, 1, 2, 7, 8, 2**16, 2**31 - 1, 2**31, 2**32, 100_000_001, 2**40, 2**63 - 1, 2**63, 2**64 - 1)
SIZES = (0, 1, 2, 3, -1, 2**16, 2**31, 2**32, 2**40, 2**62, 2**63 - 1, 2**63, 2**64, 10**30, 0.5, 1e3, "4", None, True, [], [2])


def parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the tensors' bytes."""
    (size,) = struct.unpack_from("<Q", content)
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def joined(header: dict[str, Any] | str | bytes, body: bytes) -> bytes:
    """A file of a header and bytes."""
    text = json.dumps(header).encode() if isinstance(header, dict) else header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(text)) + text + body


def _length(rng: Random, content: bytes) -> bytes:
    (size,) = struct.unpack_from("<Q", content)
    near = [size + step for step in (-8, -1, 1, 8)]
    return struct.pack("<Q", rng.choice([*LENGTHS, *near, len(content), len(content) - 8])) + content[8:]


def _entry(rng: Random, content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Change the entry of one tensor."""
    header, body = parts(content)
    change(header[rng.choice([name for name in header if name != "__metadata__"])])
    return joined(header, body)


def _dtype(rng: Random, content: bytes) -> bytes:
    return _entry(rng, content, lambda entry: entry.update(dtype=rng.choice([*DTYPES, *STRANGE_DTYPES])))


def _shape(rng: Random, content: bytes) -> bytes:
    def change(entry: dict[str, Any]) -> None:
        shape = entry["shape"]
        kind = rng.randrange(5)
        if kind == 0 and shape:
            shape[rng.randrange(len(shape))] = rng.choice(SIZES)
        elif kind == 1:
            entry["shape"] = [rng.choice(SIZES) for _ in range(rng.choice([0, 1, 2, 3, 9, 70]))]
        elif kind == 2:
            entry["shape"] = [*shape[::-1], 1]
        elif kind == 3:  # as many numbers as before, in another shape: only the hash can tell
            entry["shape"] = [1, *shape]
        else:
            entry["shape"] = rng.choice([None, 4, "4", {}, [[4]], [0, 2**62], [2**32, 2**32], [1] * 100_000])

    return _entry(rng, content, change)


def _offsets(rng: Random, content: bytes) -> bytes:
    def change(entry: dict[str, Any]) -> None:
        begin, end = entry["data_offsets"]
        other = rng.choice([begin - 1, begin + 1, end - 1, end + 1, len(content), *SIZES])
        entry["data_offsets"] = rng.choice(
            [[other, end], [begin, other], [end, begin], [begin], [], None, [0, 0], [begin, end, end]]
        )

    return _entry(rng, content, change)


def _names(rng: Random, content: bytes) -> bytes:
    """Another name, a name twice, two tensors in each other's place, one too few, one too many."""
    header, body = parts(content)
    names = [name for name in header if name != "__metadata__"]
    one, two = rng.choice(names), rng.choice(names)
    kind = rng.randrange(5)
    if kind == 0:
        header[rng.choice(["", "x", "../x", "__metadata__", one + "\x00", "n" * 100_000, "\ud800", two])] = header.pop(one)
    elif kind == 1:
        text = json.dumps(header)
        entry = rng.choice([header[one], header[two], {}, None])
        return joined(text[:-1] + f",{json.dumps(one)}:{json.dumps(entry)}}}", body)
    elif kind == 2:
        header[one], header[two] = header[two], header[one]
    elif kind == 3:
        del header[one]
    else:
        header["extra"] = rng.choice([header[one], {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}])
    return joined(header, body)


def _metadata(rng: Random, content: bytes) -> bytes:
    header, body = parts(content)
    said = header["__metadata__"]
    kind = rng.randrange(4)
    if kind == 0:
        said.pop(rng.choice(list(said)))
    elif kind == 1:
        said[rng.choice([*said, "x"])] = rng.choice(VALUES)
    elif kind == 2:
        said["facts"] = edit_json(rng, json.loads(said["facts"]))[1]
    else:
        header["__metadata__"] = rng.choice(VALUES)
    return joined(header, body)


def _header_text(rng: Random, content: bytes) -> bytes:
    """A header that is no JSON, or JSON of another form."""
    header, body = parts(content)
    text = json.dumps(header)
    return joined(
        rng.choice(
            [
                *TEXTS,
                text + " " * rng.choice([1, 1000]),
                "\n" + text,
                text + "{}",
                text[:-1],
                text.encode("utf-16"),
                text.encode().replace(b'"', b"\xff", 1),
                *(json.dumps(value) for value in VALUES),
            ]
        ),
        body,
    )


def _header_json(rng: Random, content: bytes) -> bytes:
    header, body = parts(content)
    return joined(edit_json(rng, header)[1], body)


def sealed(header: dict[str, Any], body: bytes, facts: str) -> bytes:
    """A file whose facts have their hash, as who wants to deceive writes it; the tensors' hash is left as it is."""
    header["__metadata__"] |= {"facts": facts, "facts_sha256": hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()}
    return joined(header, body)


def _forged_facts(rng: Random, content: bytes) -> bytes:
    header, body = parts(content)
    return sealed(header, body, edit_json(rng, json.loads(header["__metadata__"]["facts"]))[1])


def _forged_tensors(rng: Random, content: bytes) -> bytes:
    """Tensors of another number, name, shape, dtype or value, with every hash right."""
    import safetensors.torch
    import torch

    from zoo.training.checkpoint import hash_tensors

    header, _ = parts(content)
    tensors = safetensors.torch.load(content)
    name = rng.choice(sorted(tensors))
    tensor = tensors[name]
    kind = rng.randrange(7)
    if kind == 0:
        del tensors[name]
    elif kind == 1:
        tensors[rng.choice(["x", "module.x", "optimiser.x", "optimiser.0", "optimiser.-1.square", "optimiser.99.square"])] = tensor
    elif kind == 2:
        tensors[name] = tensor.unsqueeze(0).contiguous()
    elif kind == 3:
        tensors[name] = tensor.to(rng.choice([torch.float64, torch.float16, torch.int64, torch.uint8, torch.bool, torch.bfloat16]))
    elif kind == 4:
        tensors[name] = tensor.reshape(-1)[: tensor.numel() // 2].contiguous()  # [numbers / 2]
    elif kind == 5 and tensor.is_floating_point():
        tensors[name] = torch.full_like(tensor, rng.choice([float("nan"), float("inf"), 1e38]))
    else:
        tensors[rng.choice(["", "module.", "generator.cpu", "optimiser..", "module.\n"])] = torch.zeros(rng.choice([0, 1, 5000]))
    said = {**header["__metadata__"], "tensors": hash_tensors(tensors)}
    return safetensors.torch.save({key: value.clone() for key, value in tensors.items()}, metadata=said)


KINDS: dict[str, Kind] = {
    "header length": _length,
    "dtype": _dtype,
    "shape": _shape,
    "offsets": _offsets,
    "names": _names,
    "metadata": _metadata,
    "header text": _header_text,
    "header JSON": _header_json,
}
FORGED: dict[str, Kind] = {"forged facts": _forged_facts, "forged tensors": _forged_tensors}
"""With every hash right: the file is whole, and may be refused, or loaded as what it now is; it must not crash anything."""
