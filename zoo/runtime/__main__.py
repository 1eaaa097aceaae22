"""`python -m zoo.runtime MODEL INPUT...`: ask an artifact where only numpy and onnxruntime are installed.

`zoo predict` does more (bare architectures, tables, pictures out, files of text line by line) and needs more; both prepare alike.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from zoo.errors import ZooError
from zoo.paths import artifact_folders
from zoo.runtime.artifact import find
from zoo.runtime.describe import origin
from zoo.runtime.given import Given, from_arguments, prepare, shielded
from zoo.runtime.kinds import takes_text
from zoo.runtime.manifest import Tensor
from zoo.runtime.model import Model
from zoo.runtime.model import open as open_model

FEW = 6
"""Numbers of an answer that are shown; `--json` has all."""


def ask(arguments: Sequence[str]) -> None:
    """Answer what was typed, on stdout.

    Raises:
        ZooError: as `zoo.runtime.open` and `Model.predict` have it.
    """
    parser = argparse.ArgumentParser("python -m zoo.runtime", description="Ask an exported model, with onnxruntime alone.")
    parser.add_argument("model", metavar="MODEL", help="an artifact's folder, an .onnx file, or an id in ./exported or the cache")
    parser.add_argument("inputs", metavar="INPUT", nargs="*", help="what it takes; - is stdin; none given, the model is described")
    parser.add_argument("--artifacts", type=Path, help="folder of artifacts that is looked in first")
    parser.add_argument("--provider", default="cpu", help="onnxruntime's: cpu, cuda, …")
    parser.add_argument("--threads", type=int, help="of one operator")
    parser.add_argument("--memory", help="that a call may need, such as '256 MB'")
    parser.add_argument("--json", action="store_true", help="print JSON, with every number")
    chosen = parser.parse_args(shielded(arguments))
    path = find(chosen.model, artifact_folders(chosen.artifacts))
    model = open_model(path, providers=(chosen.provider,), threads=chosen.threads)
    if not chosen.inputs:
        print(model.describe())
        return
    inputs = _lines() if takes_text(model.inputs) and chosen.inputs == ["-"] else chosen.inputs
    given = prepare(model.manifest, from_arguments(model.manifest, inputs))
    found = model.predict(given, memory=chosen.memory)
    if chosen.json:
        print(json.dumps(_plain(model, given, found), ensure_ascii=False))
        return
    if not model.certified:
        print(f"{model.id} from {model.path} is not certified", file=sys.stderr)
    for source, notes in given.notes.items():
        print(f"{source}: {'; '.join(notes) or 'taken as it is'}", file=sys.stderr)
    for number, name in enumerate(given.names):
        shown = [f"{tensor.name}: {_short(model, tensor, found[tensor.name][number])}" for tensor in model.outputs]
        print("\t".join([name, *shown]))


def _lines() -> list[str]:
    """Those of stdin, as `zoo predict` has them: a line ends with a line feed alone."""
    stream = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="replace", newline="\n")
    return [line.removesuffix("\n").removesuffix("\r") for line in stream]


def _plain(model: Model, given: Given, found: dict[str, np.ndarray]) -> dict[str, Any]:
    columns = {"input": given.names, **{output: values.tolist() for output, values in found.items()}}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {**origin(model), "answers": rows, "notes": given.notes}


def _short(model: Model, tensor: Tensor, value: np.ndarray) -> str:
    """An answer on one line: of probabilities the largest three, of many numbers the first few."""
    if model.classes and value.shape == (len(model.classes),):
        return ", ".join(f"{model.classes[place]} {value[place]:.2%}" for place in np.argsort(-value, kind="stable")[:3])
    if value.ndim > 1:
        return f"{'×'.join(map(str, value.shape))} {tensor.dtype}"
    items = [f"{item:.4g}" if isinstance(item, float) else str(item) for item in value.ravel()[:FEW].tolist()]
    return ", ".join(items) + (" …" if value.size > FEW else "")


def main() -> NoReturn:
    """Ask and exit: 0, 1 failure, 2 usage, 4 a file is not what it claims to be, 130 interrupted."""
    try:
        ask(sys.argv[1:])
        sys.stdout.flush()
        sys.exit(0)
    except BrokenPipeError:  # nobody listens any more, which is no error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except KeyboardInterrupt:
        sys.exit(130)
    except (ZooError, OSError, UnicodeEncodeError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 1))


if __name__ == "__main__":
    main()
