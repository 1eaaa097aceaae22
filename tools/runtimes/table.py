"""What runs where: every committed artifact's golden vectors replayed in other runtimes, and timed, for docs/runtimes.md.

    python -m tools.runtimes.table            # installs the npm packages first; about three minutes
    python -m tools.runtimes.table --check    # only say whether the page has a row for each artifact as it is

It wants node, npm and Chromium, and `pip install -e '.[runtimes]'`; a runtime that is not there leaves its column empty.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from tools.runtimes import runtimes
from tools.runtimes.runtimes import CannotError, Runtime
from zoo.certify.form import read_proof
from zoo.certify.replay import Replay
from zoo.certify.replay import replay as replay_here
from zoo.files import write_atomic
from zoo.report.tables import markdown_table
from zoo.runtime.artifact import MODEL, check
from zoo.runtime.model import open as open_model

ROOT = Path(__file__).parents[2]
ARTIFACTS, PAGE = ROOT / "exported", ROOT / "docs" / "runtimes.md"
COLUMNS = ("Python", "Node", "Chromium", "OpenVINO")
ROUNDS = 15
BLOCK = 30.0
"""Milliseconds of calls that are timed at a stretch."""
HASH = 12
"""Digits of a SHA-256 that are told."""


def folders() -> list[Path]:
    """The committed artifacts."""
    return sorted(manifest.parent for manifest in ARTIFACTS.glob("*/zoo.json"))


class Here:
    """Python's onnxruntime behind the same face, with one thread."""

    name = f"onnxruntime {onnxruntime.__version__}"

    def __init__(self, folder: Path) -> None:
        self.model = open_model(folder, threads=1)

    def time(self, inputs: Mapping[str, np.ndarray], calls: int) -> float:
        """Milliseconds of a call."""
        start = time.perf_counter()
        for _ in range(calls):
            self.model.answer(inputs)
        return 1e3 * (time.perf_counter() - start) / calls


def cell(found: Replay) -> str:
    """A replay in a few words."""
    ties = f", {len(found.changed)} tie{'s' if len(found.changed) > 1 else ''}" if found.changed else ""
    if not found.passed:
        return f"**no**: {found.problems[0]}"
    if not found.errors:
        return f"equal{ties}"
    return f"{max(found.errors[name] / found.bounds[name] for name in found.errors):.2f}{ties}"


def reason(error: CannotError, folder: Path) -> str:
    """Why a runtime cannot, in a few words: the operators that it names, or that it ended at."""
    text = str(error)
    if found := re.search(r"No conversion rule found for operations: (.+)", text):
        return f"no: {found[1].replace('-20', '')}"
    if "process ended" in text:
        return f"no: {first_refused(folder)} ({text.rsplit(maxsplit=1)[-1].rstrip('.')})"
    return f"no: {' '.join(text.split())[:120]}"


def first_refused(folder: Path) -> str:
    """The first operator of a graph that OpenVINO refuses, where it ends at the whole without a word.

    The graph is cut behind its first node, its second, and so on; each piece is read in a process of its own.
    """
    model = onnx.load(folder / MODEL)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / MODEL
        for count, node in enumerate(model.graph.node, 1):
            piece = onnx.ModelProto()
            piece.CopyFrom(model)
            del piece.graph.node[count:]
            del piece.graph.output[:]
            piece.graph.output.add().name = node.output[0]
            file.write_bytes(piece.SerializeToString())
            command = [sys.executable, "-c", f"import openvino; openvino.Core().read_model({str(file)!r})"]
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return f"{node.domain}.{node.op_type}" if node.domain else node.op_type
    return "the whole graph"


def first_example(folder: Path) -> dict[str, np.ndarray]:
    """The golden case of one example."""
    _, cases = read_proof(check(folder))
    return min((case.inputs for case in cases.values()), key=lambda inputs: len(next(iter(inputs.values()))))


def timed(folder: Path, others: Mapping[str, Runtime]) -> dict[str, list[float]]:
    """Runtime → milliseconds of an answer to one example, in rounds that take turns.

    Each of `others` has opened the artifact. A block of calls is as long for all.
    """
    inputs = first_example(folder)
    asked = runtimes.plain(inputs)
    here = Here(folder)
    clocks: dict[str, Callable[[int], float]] = {COLUMNS[0]: partial(here.time, inputs)}
    for column, runtime in others.items():
        clocks[column] = lambda calls, runtime=runtime: runtime.call({"do": "time", "inputs": asked, "calls": calls})["ms"]
    calls = {}
    for column, clock in clocks.items():
        clock(3)  # claims memory, compiles
        calls[column] = max(1, min(500, round(BLOCK / clock(5))))
    rounds: dict[str, list[float]] = {column: [] for column in clocks}
    for number in range(ROUNDS):
        order = list(clocks) if number % 2 else list(clocks)[::-1]
        for column in order:
            rounds[column].append(clocks[column](calls[column]))
    return rounds


def beginning(runtime: Runtime, folder: Path, model: str) -> tuple[float, float]:
    """Milliseconds to open an artifact, and of its first answer."""
    opened = runtime.call({"do": "open", "model": model})["ms"]
    return opened, runtime.call({"do": "time", "inputs": runtimes.plain(first_example(folder)), "calls": 1})["ms"]


def contestants() -> dict[str, Callable[[], AbstractContextManager[Runtime]]]:
    """Column → what starts its runtime."""
    return {"Node": runtimes.node, "Chromium": partial(runtimes.web, ARTIFACTS), "OpenVINO": runtimes.openvino}


def judged(folder: Path, names: dict[str, str]) -> tuple[list[str], list[str]]:
    """The rows of an artifact in both tables; `names` gains each runtime's name and version."""
    artifact = check(folder)
    cells = {COLUMNS[0]: cell(replay_here(folder))}
    names[COLUMNS[0]] = Here.name
    with contextlib.ExitStack() as stack:
        ready: dict[str, Runtime] = {}
        page: list[str] = ["–", "–"]
        for column, start in contestants().items():
            try:
                runtime = stack.enter_context(start())
            except CannotError as error:
                cells[column] = "–"
                print(f"{column}: {error}", file=sys.stderr)
                continue
            names[column] = runtime.name
            model = f"/{folder.name}/{MODEL}" if isinstance(runtime, runtimes.Page) else str(folder / MODEL)
            try:
                if column == "Chromium":
                    page = [_ms([milliseconds]) for milliseconds in beginning(runtime, folder, model)]
                cells[column] = cell(runtimes.replay(runtime, folder, model))
                ready[column] = runtime
            except CannotError as error:
                cells[column] = reason(error, folder)
        times = timed(folder, ready)
    digits = str(artifact.manifest.model_sha256)[:HASH]
    _, cases = read_proof(artifact)
    name = f"`{artifact.manifest.id}`"
    answers = [name, f"`{digits}`", str(len(cases)), *(cells[column] for column in COLUMNS)]
    return answers, [name, f"{len(artifact.model):,}", *page, *_speeds(times)]


def _ms(values: Sequence[float]) -> str:
    """Their median, to three figures."""
    return f"{float(f'{statistics.median(values):.3g}'):,g}"


def _speeds(times: Mapping[str, list[float]]) -> list[str]:
    """Python's milliseconds; the others' with the median over the rounds of theirs ÷ Python's."""
    ours = times[COLUMNS[0]]
    cells = [_ms(ours)]
    for column in COLUMNS[1:]:
        if column in times:
            ratio = statistics.median(theirs / one for theirs, one in zip(times[column], ours, strict=True))
            cells.append(f"{_ms(times[column])} ({ratio:.1f}×)")
        else:
            cells.append("–")
    return cells


def weights() -> str:
    """Bytes that a page loads before the model."""
    files = [runtimes.PACKAGES / "onnxruntime-web" / "dist" / name for name in runtimes.WEB_FILES]
    rows = [[f"`{file.name}`", f"{file.stat().st_size:,}", f"{len(gzip.compress(file.read_bytes(), mtime=0)):,}"] for file in files]
    whole = [sum(int(row[column].replace(",", "")) for row in rows) for column in (1, 2)]
    return markdown_table(
        ["file of onnxruntime-web", "bytes", "with gzip"], [*rows, ["together", *(f"{size:,}" for size in whole)]]
    )


def stale(text: str) -> list[str]:
    """Ids of artifacts that have no row, or one of another file."""
    found = dict(re.findall(r"^\| `([\w.-]+)` \| `([0-9a-f]+)` \|", text, re.MULTILINE))
    hashes: dict[str, Any] = {folder.name: check(folder).manifest.model_sha256 for folder in folders()}
    return [name for name, digest in hashes.items() if found.get(name) != digest[:HASH]] + sorted(found.keys() - hashes.keys())


def replaced(text: str, tables: Mapping[str, str]) -> str:
    """The page with its generated parts made anew."""
    for name, table in tables.items():
        start, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        head, _, rest = text.partition(start)
        text = f"{head}{start}\n\n{table}\n\n{end}{rest.partition(end)[2]}"
    return text


def main() -> int:
    """0 where the page is fresh or was written; 1 where `--check` finds it stale."""
    if "--check" in sys.argv[1:]:
        if names := stale(PAGE.read_text(encoding="utf-8")):
            print(f"docs/runtimes.md is stale in {', '.join(names)}: run python -m tools.runtimes.table", file=sys.stderr)
        return int(bool(names))
    runtimes.install()
    names: dict[str, str] = {}
    rows = []
    for folder in folders():
        rows.append(judged(folder, names))
        print(*rows[-1][0], "|", *rows[-1][1], flush=True)
    used = ", ".join(names[column] for column in COLUMNS if column in names)
    answers = markdown_table(["artifact", "SHA-256", "cases", *COLUMNS], [row for row, _ in rows])
    speeds = markdown_table(["artifact", "bytes", "Chromium: opened", "first answer", *COLUMNS], [row for _, row in rows])
    tables = {"versions": f"{used}.", "answers": answers, "speeds": speeds, "weights": weights()}
    write_atomic(PAGE, replaced(PAGE.read_text(encoding="utf-8"), tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
