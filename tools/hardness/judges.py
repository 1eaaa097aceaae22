"""One damaged thing, taken in by the product's own way: was it refused in a clear sentence, or loaded as what it was?"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tools.hardness import artifacts, graphs, tensor_files
from tools.hardness.corruption import BYTES, edit_json
from tools.hardness.subjects import Subject

REFUSED, VERIFIED, FORGED = "refused", "verified", "forged"
DIFFERENT, UNCLEAR, CRASH, HANG, MEMORY = "DIFFERENT", "UNCLEAR", "CRASH", "HANG", "MEMORY"
GOOD = (REFUSED, VERIFIED, FORGED)
BAD = (DIFFERENT, UNCLEAR, CRASH, HANG, MEMORY)
LONGEST = 1000
"""Characters that an error's sentence may have."""


@dataclass(frozen=True)
class Case:
    """What is damaged, how, and how it is then taken in.

    Args:
        judge: a key of `JUDGES`.
        subject: name of the model.
        file: which of its files, a key of the judge's.
        kind: of damage.
        seed: of it.
        forged: whether whoever did it has set the hashes right; then what loads need not be what was.
    """

    judge: str
    subject: str
    file: str
    kind: str
    seed: int
    forged: bool = False


Outcome = tuple[str, str]
"""What came of it, and the sentence that was said."""


def judge(case: Case, subject: Subject, scratch: Path) -> Outcome:
    """Do the damage in `scratch`, an empty folder, take the thing in, and say what came of it."""
    rng = Random(f"{case.subject}/{case.file}/{case.kind}/{case.seed}")
    return JUDGES[case.judge](case, subject, scratch, rng)


def _damaged(rng: Random, path: Path, kind: str) -> None:
    """Do a damage of any kind to a file."""
    if kind in artifacts.FILE_KINDS:
        artifacts.FILE_KINDS[kind](rng, path)
    elif kind in artifacts.GOLDEN_KINDS:
        artifacts.GOLDEN_KINDS[kind](rng, path)
    elif kind == "JSON":
        artifacts.edit_json_file(rng, path)
    elif kind == "a line's JSON":
        lines = path.read_text().splitlines(keepends=True)
        place = rng.randrange(len(lines))
        lines[place] = edit_json(rng, json.loads(lines[place]))[1] + "\n"
        path.write_bytes("".join(lines).encode("utf-8", "surrogatepass"))
    elif kind in graphs.EDITS:
        path.write_bytes(graphs.edited(rng, path.read_bytes(), kind))
    else:
        change = (BYTES | tensor_files.KINDS | tensor_files.FORGED | {"varints": graphs.varints})[kind]
        path.write_bytes(change(rng, path.read_bytes()))


def _tried(case: Case, take: Callable[[], bool]) -> Outcome:
    """What came of `take`, which says whether what it got is what was there before."""
    from zoo.errors import ZooError

    try:
        same = take()
    except ZooError as error:
        return _said(str(error))
    except OSError as error:
        return _said(f"{error.strerror}: {error.filename}") if error.strerror and error.filename else (UNCLEAR, repr(error))
    except MemoryError as error:
        return MEMORY, repr(error)
    except Exception as error:
        return UNCLEAR, f"{type(error).__name__}: {error}"
    return (VERIFIED if same else FORGED if case.forged else DIFFERENT), ""


def _said(sentence: str) -> Outcome:
    """Whether what a person is told is one short line of text that a terminal can show."""
    plain = sentence.isprintable() and 10 <= len(sentence) <= LONGEST
    return (REFUSED if plain else UNCLEAR), sentence


def _copy(folder: Path, scratch: Path) -> Path:
    return shutil.copytree(folder, scratch / folder.parent.name / folder.name)


# --- Weights and runs -----------------------------------------------------------------------------------------------------


def _tensors(case: Case, subject: Subject, scratch: Path, rng: Random) -> Outcome:
    """`load_tensors` of a weights file or a checkpoint."""
    from zoo.training.checkpoint import hash_tensors, load_tensors

    source = {"weights": subject.finished / "weights.safetensors", "checkpoint": max((subject.stopped / "checkpoints").iterdir())}
    path = shutil.copy(source[case.file], scratch / "x.safetensors")
    _, facts, digest = load_tensors(path)
    _damaged(rng, path, case.kind)

    def take() -> bool:
        found, said, named = load_tensors(path)
        return hash_tensors(found) == named == digest and said == facts

    return _tried(case, take)


def _load(case: Case, subject: Subject, scratch: Path, rng: Random) -> Outcome:
    """`zoo.load` of a finished run with a damaged file."""
    from zoo import api
    from zoo.training.checkpoint import hash_tensors

    run = _copy(subject.finished, scratch)
    _damaged(rng, run / case.file, case.kind)
    name = run.parent.name
    return _tried(case, lambda: hash_tensors(api.load(name, run=run).state_dict()) == subject.weights)


def _resume(case: Case, subject: Subject, scratch: Path, rng: Random) -> Outcome:
    """`zoo train --resume` of a stopped run with a damaged file; the weights at the end must be those of the whole run."""
    from zoo import api

    run = _copy(subject.stopped, scratch)
    checkpoints = sorted((run / "checkpoints").iterdir(), reverse=True)
    paths = {"newest checkpoint": checkpoints[:1], "all checkpoints": checkpoints}
    for path in paths.get(case.file, [run / case.file]):
        _damaged(rng, path, case.kind)
    return _tried(case, lambda: api.resume(run).state.weights == subject.weights)


# --- Artifacts ------------------------------------------------------------------------------------------------------------


def _answers(model: Any, source: Path) -> dict[str, Any]:
    """The answers to the golden inputs of the undamaged artifact."""
    import numpy as np

    with np.load(source / "golden.npz") as stored:
        name = next(name for name in stored.files if name.startswith("batch-7:in:"))
        return model.answer({name.split(":")[-1]: stored[name]})  # type: ignore[no-any-return]


SLOW = ("long loop", "large allocation")
"""Graphs of these kinds are true ones that take much when they are asked; only `zoo verify` sets a bound to that."""


def _same(case: Case, model: Any, source: Path) -> bool:
    import numpy as np

    import zoo

    if case.kind in SLOW:
        return False  # it was loaded, and that is all
    true = zoo.open(source)
    expected, found = _answers(true, source), _answers(model, source)
    outside = {"model_sha256", "certificate_sha256", "golden_sha256"}
    alike = not true.manifest.differences(model.manifest) and (
        model.path.is_file() or all(getattr(true.manifest, name) == getattr(model.manifest, name) for name in ("run", *outside))
    )
    return alike and all(np.array_equal(found[name], expected[name]) for name in expected)


def _open(case: Case, subject: Subject, scratch: Path, rng: Random) -> Outcome:
    """`zoo.open` of an artifact's folder, and its answers."""
    import zoo

    folder = _copy(subject.artifact, scratch)
    _damaged(rng, folder / case.file, case.kind)
    if case.forged:
        artifacts.rehash(folder)
    return _tried(case, lambda: _same(case, zoo.open(folder), subject.artifact))


def _bare(case: Case, subject: Subject, scratch: Path, rng: Random) -> Outcome:
    """`zoo.open` of a bare `.onnx` file, and its answers."""
    import zoo
    from zoo.runtime.wire import seal

    path = shutil.copy(subject.artifact / "model.onnx", scratch / "bare.onnx")
    _damaged(rng, path, case.kind)
    if case.forged:
        path.write_bytes(seal(path.read_bytes()))
    return _tried(case, lambda: _same(case, zoo.open(path), subject.artifact))


def _verify(case: Case, subject: Subject, scratch: Path, rng: Random) -> Outcome:
    """`zoo verify FOLDER` on the command line."""
    from zoo.certify import replay
    from zoo.cli.main import main

    replay.SECONDS = 1.0  # of a minute: nobody waits for a hundred loops without end
    folder = _copy(subject.artifact, scratch)
    _damaged(rng, folder / case.file, case.kind)
    if case.forged:
        artifacts.rehash(folder)
    before = {name: (subject.artifact / name).read_bytes() for name in artifacts.HASHED}
    out, err, argv = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["zoo", "verify", str(folder)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as stop:
        code = stop.code
    finally:
        sys.argv = argv
    last = (err.getvalue().splitlines() or [""])[-1]
    if code == 0:
        same = all((folder / name).read_bytes() == content for name, content in before.items())
        return (VERIFIED if same else FORGED if case.forged else DIFFERENT), ""
    outcome, said = _said(last)
    clear = code in (1, 2, 3, 4) and last.startswith("error: ") and "shows the traceback" not in last
    return (outcome if clear else UNCLEAR), f"exit {code}: {said}"


Judge = Callable[[Case, Subject, Path, Random], Outcome]
JUDGES: dict[str, Judge] = {
    "load_tensors": _tensors,
    "zoo.load": _load,
    "resume": _resume,
    "zoo.open": _open,
    "bare file": _bare,
    "zoo verify": _verify,
}
