"""OpenVINO: a request in JSON on each line of stdin, its answer on a line of stdout; as node.mjs, in a process that may crash."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import openvino

DTYPES = {"uint8": np.uint8, "float32": np.float32, "int64": np.int64, "bool": np.bool_, "string": np.str_}
# One thread as everywhere here, and no bfloat16, which OpenVINO takes by default where the processor has it.
OPTIONS = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}


class Handler:
    """One model at a time."""

    def __init__(self) -> None:
        self.core = openvino.Core()
        self.model: Any = None

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        start = time.perf_counter()
        self.model = self.core.compile_model(self.core.read_model(Path(request["model"]).read_bytes()), "CPU", OPTIONS)
        return {"ms": 1e3 * (time.perf_counter() - start)}

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        answers = self.model(feeds(request))
        outputs = {}
        for port, value in answers.to_dict().items():
            kind = "string" if value.dtype.kind in "OUS" else str(value.dtype)
            outputs[port.get_any_name()] = {"dtype": kind, "dims": list(value.shape), "data": value.ravel().tolist()}
        return {"outputs": outputs}

    def time(self, request: dict[str, Any]) -> dict[str, Any]:
        given, start = feeds(request), time.perf_counter()
        for _ in range(request["calls"]):
            self.model(given)
        return {"ms": 1e3 * (time.perf_counter() - start) / request["calls"]}


def feeds(request: dict[str, Any]) -> dict[str, np.ndarray]:
    """Inputs as arrays."""
    return {
        name: np.array(given["data"], DTYPES[given["dtype"]]).reshape(given["dims"])  # [as the request says]
        for name, given in request["inputs"].items()
    }


def main() -> None:
    """Until stdin ends."""
    handler = Handler()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(handler, request["do"])(request)
        except Exception as error:  # told to who asked
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
