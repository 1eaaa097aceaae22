"""Requests to a server of the Open Inference Protocol, seeded: right ones from its schema, and what is made of them."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from random import Random
from typing import Any

from tools.hardness.corruption import BYTES, edit_json

WORDS = ("okno", "Kliknij przycisk, aby otworzyć okno.", "king", "", "Ż\u00a0ü\t漢字 🙂", "a b c d e f g", "x" * 300)
HEADERS: tuple[tuple[str, str], ...] = (
    ("Content-Length", "-1"),
    ("Content-Length", "9" * 30),
    ("Content-Length", "67108865"),
    ("Content-Length", "5, 6"),
    ("Transfer-Encoding", "chunked"),
    ("Transfer-Encoding", "gzip"),
    ("Content-Encoding", "gzip"),
    ("Inference-Header-Content-Length", "-1"),
    ("Inference-Header-Content-Length", "²"),
    ("Inference-Header-Content-Length", "0"),
    ("Inference-Header-Content-Length", "99999999999999999999"),
    ("Expect", "100-continue"),
    ("Expect", "everything"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Connection", "close"),
    ("Host", ""),
    ("X-Long", "x" * 100_000),
    ("X-Odd", "\x01"),
    (" ", "x"),
)
PATHS = (
    "/",
    "/v2",
    "/v2/",
    "//v2",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models",
    "/v2/models/{}",
    "/v2/models/{}/ready",
    "/v2/models/{}/config",
    "/v2/models/{}/infer",
    "/v2/models/{}/versions/1/infer",
    "/v2/models/{}/versions/2/infer",
    "/v2/models/{}/versions/1/ready",
    "/v2/repository/index",
    "/v2/repository/models/{}/load",
    "/v2/models/%2e%2e/infer",
    "/v2/models/{}%00",
    "/v2/models/../../etc/passwd",
    "/v2/models/{}/infer?x=%ff",
    "http://127.0.0.1/v2",
    "*",
    "/v2/models/%ff%fe/infer",
    "/" + "x" * 9000,
)
METHODS = ("GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "BREW")


@dataclass(frozen=True)
class Asked:
    """One request: the kind of it, its method and its bytes."""

    kind: str
    method: str
    raw: bytes


def _data(rng: Random, datatype: str, size: int) -> list[Any]:
    match datatype:
        case "BYTES":
            return [rng.choice(WORDS) for _ in range(size)]
        case "BOOL":
            return [rng.random() < 0.5 for _ in range(size)]
        case "FP32":
            return [rng.choice([-1.0, 1.0, 0.5, 3e38, -0.0]) for _ in range(size)]
    return [rng.randrange(256) for _ in range(size)]


def _packed(datatype: str, data: list[Any]) -> bytes:
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in data)
    return struct.pack(f"<{len(data)}{ {'BOOL': '?', 'FP32': 'f', 'INT64': 'q'}.get(datatype, 'B') }", *data)


def question(rng: Random, model: dict[str, Any], *, rows: int | None = None) -> tuple[dict[str, Any], list[bytes]]:
    """A right request from a model's metadata: the JSON, and the binary data that follow it, if any do."""
    rows = rng.choice([0, 1, 1, 2, 5]) if rows is None else rows
    parts, inputs = [], []
    for tensor in model["inputs"]:
        shape = [rows if axis == -1 else axis for axis in tensor["shape"]]
        size = 1
        for axis in shape:
            size *= axis
        data = _data(rng, tensor["datatype"], size)
        given = {"name": tensor["name"], "datatype": tensor["datatype"], "shape": shape}
        if rng.random() < 0.5:
            parts.append(_packed(tensor["datatype"], data))
            given["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            given["data"] = data
        inputs.append(given)
    asked: dict[str, Any] = {"inputs": inputs}
    if rng.random() < 0.5:
        asked["id"] = f"{rng.randrange(1000)}"
    if rng.random() < 0.5:
        asked["parameters"] = {"binary_data_output": rng.random() < 0.5}
    if rng.random() < 0.5:
        names = rng.sample([tensor["name"] for tensor in model["outputs"]], rng.randint(1, len(model["outputs"])))
        asked["outputs"] = [{"name": name, "parameters": {"binary_data": rng.random() < 0.5}} for name in names]
    return asked, parts


def request(method: str, path: str, body: bytes, headers: list[tuple[str, str]]) -> bytes:
    """The bytes of a request; a header that is given twice is sent twice."""
    names = {name.lower() for name, _ in headers}
    own = [("Host", "127.0.0.1"), ("Content-Length", str(len(body)))]
    lines = [f"{name}: {value}" for name, value in [*[pair for pair in own if pair[0].lower() not in names], *headers]]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode() + body


def asked(rng: Random, models: list[dict[str, Any]]) -> Asked:
    """A request of any kind."""
    model = rng.choice(models)
    path = f"/v2/models/{model['name']}/infer"
    plain, parts = question(rng, model)
    text, rest = json.dumps(plain).encode(), b"".join(parts)
    kind = rng.choice(["right", "edited JSON", "edited JSON", "damaged body", "damaged request", "odd header", "odd path"])
    headers: list[tuple[str, str]] = []
    method = "POST"
    if kind == "edited JSON":
        text = edit_json(rng, plain)[1].encode("utf-8", "surrogatepass")
    if parts or rng.random() < 0.1:
        headers.append(("Inference-Header-Content-Length", str(len(text))))
    body = text + rest
    if kind == "damaged body":
        body = BYTES[rng.choice(list(BYTES))](rng, body)
    elif kind == "odd header":
        headers.append(rng.choice(HEADERS))
    elif kind == "odd path":
        method, path = rng.choice(METHODS), rng.choice(PATHS).format(model["name"])
    raw = request(method, path, body, headers)
    if kind == "damaged request":
        raw = BYTES[rng.choice(list(BYTES))](rng, raw)
    return Asked(kind, method, raw)
