"""The least that answers the same requests: starlette, uvicorn, onnxruntime in threads, and not one check.

python -m tools.benchmarks.bare_server PORT THREADS INTRA_OP_THREADS ARTIFACT...
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zoo.serve.tensors import DATATYPES


def _texts(data: bytes, count: int) -> np.ndarray:
    found, at = [], 0
    for _ in range(count):
        (size,) = struct.unpack_from("<I", data, at)
        found.append(data[at + 4 : at + 4 + size].decode())
        at += 4 + size
    return np.array(found, dtype=object)


def make(artifacts: list[Path], threads: int, intra: int) -> Starlette:
    """The application."""
    workers = ThreadPoolExecutor(threads)
    sessions = {}
    for path in artifacts:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = intra, 4
        manifest = json.loads((path / "zoo.json").read_text(encoding="utf-8"))
        datatypes = [(tensor["name"], DATATYPES[tensor["dtype"]]) for tensor in manifest["outputs"]]
        sessions[path.name] = (
            onnxruntime.InferenceSession(path / "model.onnx", options, providers=["CPUExecutionProvider"]),
            datatypes,
        )

    def answer(name: str, body: bytes, length: str | None) -> tuple[bytes, dict[str, str]]:
        session, datatypes = sessions[name]
        at = int(length) if length else len(body)
        request = msgspec.json.decode(body[:at])
        feeds = {}
        for given in request["inputs"]:
            size = given.get("parameters", {}).get("binary_data_size")
            if given["datatype"] == "BYTES":
                feeds[given["name"]] = (
                    _texts(body[at : at + size], given["shape"][0]) if size else np.array(given["data"], dtype=object)
                )
            elif size:
                feeds[given["name"]] = np.frombuffer(body[at : at + size], np.uint8).reshape(given["shape"])
            else:
                feeds[given["name"]] = np.array(given["data"], np.uint8).reshape(given["shape"])
            at += size or 0
        told, parts = [], []
        binary = request.get("parameters", {}).get("binary_data_output")
        for (output, datatype), array in zip(datatypes, session.run(None, feeds), strict=True):
            row = {"name": output, "datatype": datatype, "shape": array.shape}
            if binary and datatype == "BYTES":
                parts.append(b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in array.ravel()))
                row["parameters"] = {"binary_data_size": len(parts[-1])}
            elif binary:
                parts.append(array.tobytes())
                row["parameters"] = {"binary_data_size": len(parts[-1])}
            else:
                row["data"] = array.ravel().tolist()
            told.append(row)
        header = msgspec.json.encode({"model_name": name, "outputs": told})
        return b"".join([header, *parts]), {"Inference-Header-Content-Length": str(len(header))} if parts else {}

    async def infer(request: Request) -> Response:
        body = await request.body()
        length = request.headers.get("inference-header-content-length")
        loop = asyncio.get_running_loop()
        content, headers = await loop.run_in_executor(workers, answer, request.path_params["name"], body, length)
        return Response(content, headers=headers)

    async def live(_request: Request) -> Response:
        return Response(b"{}")

    return Starlette(routes=[Route("/v2/models/{name}/infer", infer, methods=["POST"]), Route("/v2/health/live", live)])


if __name__ == "__main__":
    port, threads, intra = map(int, sys.argv[1:4])
    application = make([Path(name) for name in sys.argv[4:]], threads, intra)
    uvicorn.run(application, port=port, http="h11", log_config=None, access_log=False, lifespan="off")
