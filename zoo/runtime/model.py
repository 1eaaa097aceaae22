"""An artifact that answers: `open` it, then `predict`, or `run` it on arrays. Safe to share between threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.errors import IntegrityError, UsageError, ZooError
from zoo.runtime.artifact import MANIFEST, MODEL, read_inside, read_plain, refuse_external_data
from zoo.runtime.artifact import check as check_artifact
from zoo.runtime.describe import describe
from zoo.runtime.kinds import takes_text
from zoo.runtime.manifest import Manifest, Picture, Tensor, parse
from zoo.runtime.memory import Measure
from zoo.runtime.quick import TEXT, quick
from zoo.runtime.session import embedded_manifest, explain, new_session, run_options, signature_problem
from zoo.runtime.tensors import checked, concatenated, empty, is_batched, split, zeros
from zoo.runtime.wire import check_seal

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, RunOptions

    from zoo.runtime.given import Given

BATCH = 512
"""Examples that `predict` asks about at once: enough for speed, little memory."""


class Model:
    """An exported graph behind onnxruntime.

    Attributes:
        manifest: what the artifact says of itself.
        path: the artifact's folder, or the bare `.onnx` file.
        certified: whether every file, the certificate among them, has the hash that `zoo.json` gives, and the certificate passed.
        providers: short names of the execution providers in use, best first.
        session: onnxruntime's own session, for who wants to call it directly.
    """

    def __init__(
        self,
        manifest: Manifest,
        path: Path,
        *,
        certified: bool,
        providers: tuple[str, ...],
        session: InferenceSession,
        profiled: Callable[[str], InferenceSession],
    ) -> None:
        self.manifest = manifest
        self.path = path
        self.certified = certified
        self.providers = providers
        self.session = session
        self._quick = quick(session, manifest.inputs, manifest.outputs)
        self._measure = Measure(manifest.inputs, profiled)

    def __repr__(self) -> str:
        inputs, outputs = (", ".join(map(str, tensors)) for tensors in (self.inputs, self.outputs))
        return f"<{self.id}: {inputs} → {outputs}>"

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return self.manifest.inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return self.manifest.outputs

    @property
    def classes(self) -> tuple[str, ...]:
        return self.manifest.classes

    @property
    def picture(self) -> Picture | None:
        return self.manifest.picture

    def describe(self) -> str:
        """What the model takes and gives, of whom it comes and whether it is certified, for `print`."""
        return describe(self)

    def predict(
        self, *given: Any, batch: int = BATCH, memory: int | str | None = None, seconds: float | None = None
    ) -> dict[str, np.ndarray]:
        """Answer what a person has: `model.predict("digit.png")["label"]`.

        Args:
            given: one input or several, or lists of them. Of a model that takes

                - pictures: a picture file or a folder of them, .npy, .npz or idx files (`str`, `Path`, bytes, an open file); a
                  Pillow image; an array of the model's own size in any usual layout ([h, w], [n, h, w], [n, h, w, 1], [n, h·w];
                  bytes, or floats 0 to 1), or one picture in colour of any size, uint8 [height, width, 3]
                - numbers: `"5.1,3.5,1.4"`, an array [k] or [n, k], or a file of one
                - truth values: `"101"`, `"a=1,b=0"`, `{"a": True, "b": False}`, or an array [k] or [n, k]
                - text: a `str` each, or an array of them; of a model with several inputs one for each in turn

            batch: at most so many examples at once.
            memory: as in `answer`.
            seconds: as in `answer`.

        Returns:
            As `answer`: output name → array, in the order of the examples. What was done to pictures, `prepare` tells.

        Raises:
            UsageError: something is given that the model does not take; the message says what it does.
            DataError, IntegrityError: a file is missing, damaged, or of a kind or shape that is not taken.
            ZooError: a picture is given and Pillow is not installed, or onnxruntime failed.
        """
        if batch < 1:
            raise UsageError(f"batch must be at least 1, not {batch}.")
        arrays = self.prepare(*given).arrays
        count = len(next(iter(arrays.values())))
        if memory is not None:
            batch = min(batch, self._measure.batch(memory, arrays))
        if not takes_text(self.inputs) or not is_batched(self.inputs, self.outputs) or count == 0:
            return self.answer(arrays, batch=batch if count > batch else None, seconds=seconds)
        from zoo.runtime.texts import in_batches

        pieces, order = [], []
        for places, found in in_batches(self, arrays, batch=batch, seconds=seconds):
            pieces.append(found)
            order += places
        back = np.argsort(order)
        return {name: value[back] for name, value in concatenated(self.outputs, pieces).items()}

    def prepare(self, *given: Any) -> Given:
        """What `predict` asks with: the arrays, the examples' names, and what was done to each ("inverted: dark on bright …").

        `predict` takes what it returns.

        Raises:
            ZooError: as `predict`.
        """
        from zoo.runtime.given import Given, from_values, prepare

        if len(given) == 1 and isinstance(given[0], Given):
            return given[0]
        return prepare(self.manifest, from_values(given))

    def warm_up(self, batch: int = 1) -> None:
        """Make the first call now, on zeros, so that nobody waits for it: with the zoo's models it takes onnxruntime up to ten
        times as long as the next, for it allocates what a call of this size needs. What `predict` imports is imported, too.

        Args:
            batch: examples of the calls to come; another size is allocated anew.

        Raises:
            UsageError: `batch` is below 1.
            ZooError: onnxruntime failed.
        """
        if batch < 1:
            raise UsageError(f"batch must be at least 1, not {batch}.")
        import zoo.runtime.given  # noqa: F401 - takes 10 ms and more

        axes = {self.inputs[0].shape[:1]: batch}
        self.answer({tensor.name: zeros(tensor, axes.get(tensor.shape[:1], 1)) for tensor in self.inputs})

    def run(self, *, batch: int | None = None, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """Answer: `model.run(image=pictures)`. The same as `answer`, with an argument for each input."""
        return self.answer(arrays, batch=batch)

    def answer(
        self,
        arrays: Mapping[str, np.ndarray],
        *,
        batch: int | None = None,
        memory: int | str | None = None,
        seconds: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Answer arrays of the very shape and dtype that the graph takes.

        Args:
            arrays: input name → array of its dtype and shape (`model.inputs`); text as an array of `str`.
            batch: at most so many examples at once; `None`, all of them. It bounds memory, not the answer.
            memory: bytes that a call may need beside the weights and all answers, as a number or `"256 MB"`, which bounds the
                batch: what one example needs is measured by onnxruntime's profile when it is first asked for (in a second
                session), as twice the sum of all that a call computes. One example at least is asked about, whatever it needs.
            seconds: after which onnxruntime is told to give up, which it does between two operators; `None`, never.

        Returns:
            Output name → array, of the dtype and shape in `model.outputs`; text as a NumPy array of `str`.

        Raises:
            UnknownName: an array is given for an input that is none.
            UsageError: an array is missing, or has another dtype or shape; nothing is cast silently.
            ZooError: onnxruntime failed.
        """
        # The short way, written out: see `zoo.runtime.quick`.
        name, dtype, tail, names, texts, run = self._quick
        plain = batch is None and memory is None and seconds is None
        if plain and type(arrays) is dict and len(arrays) == 1:  # onnxruntime takes no other mapping
            array = arrays.get(name)
            if type(array) is np.ndarray and array.dtype is dtype and array.flags.c_contiguous:
                shape = array.shape
                if shape and shape[0] and shape[1:] == tail:
                    try:
                        values = run(names, arrays, None)
                    except Exception:  # the long way will meet it again, and say what it was
                        pass
                    else:
                        for place in texts:  # as in `_session_run`; of one text a list is faster
                            text = values[place]
                            values[place] = np.array(text.tolist(), TEXT) if shape[0] == 1 else text.astype(TEXT)
                        return dict(zip(names, values))  # noqa: B905 - as many as were asked for
        feeds = checked(self.id, self.inputs, arrays)
        if memory is not None:
            within = self._measure.batch(memory, feeds)
            batch = within if batch is None else min(batch, within)
        pieces = [feeds] if batch is None else split(self.inputs, self.outputs, feeds, batch)
        if (nothing := empty(self.inputs, self.outputs, feeds)) is not None:
            return nothing
        try:
            with run_options(seconds) as options:
                answers = [self._session_run(piece, options) for piece in pieces]
        except Exception as error:  # onnxruntime's own have no common base
            raise ZooError(f"{self.id} could not answer: {explain(error)}.") from error
        return concatenated(self.outputs, answers)

    def _session_run(self, feeds: dict[str, np.ndarray], options: RunOptions | None) -> dict[str, np.ndarray]:
        values = self.session.run(self._quick.names, feeds, options)
        # A string output comes as an array of objects, whose comparisons and sorts are slow and whose dtype says nothing.
        return {
            tensor.name: value.astype(np.str_) if tensor.dtype == "string" else value
            for tensor, value in zip(self.outputs, values, strict=True)
        }


def open(  # noqa: A001
    path: str | Path,
    *,
    providers: Sequence[str] = ("cpu",),
    threads: int | None = None,
    level: str = "all",
    check: bool = True,
) -> Model:
    """Open an artifact for answering.

    Args:
        path: an artifact's folder, its `model.onnx`, or a bare `.onnx` file of zoo's, which is taken by its own metadata
            and is never `certified`.
        providers: short names of execution providers (`"cpu"`, `"cuda"`), best first; the first is used, or it fails.
        threads: of one operator; `None` leaves it to onnxruntime, 0 means the same.
        level: of graph optimisation: `"none"`, `"basic"`, `"extended"` or `"all"`.
        check: whether the files' hashes are compared with the manifest; a model opened without is not `certified`.

    Raises:
        IntegrityError: a file is missing, damaged, changed or foreign, the certificate did not pass, or the graph is not what its
            manifest says.
        DeviceError: the first provider is not there or refuses the graph.
        UsageError: an argument is none of those above.
        OSError: the file cannot be read.
    """
    path = Path(path)
    if path.name == MODEL and (path.parent / MANIFEST).exists():
        path = path.parent
    manifest: Manifest | None = None
    if not path.is_dir():
        where, content = path, read_plain(path)
        check_seal(content, where=where, must=False)
        refuse_external_data(content, where=where)
    elif check:
        artifact = check_artifact(path)
        where, manifest, content = path / MODEL, artifact.manifest, artifact.model
    else:
        manifest = parse(read_inside(path, MANIFEST), where=str(path / MANIFEST))
        where, content = path / MODEL, read_inside(path, MODEL)
        refuse_external_data(content, where=where)
    make = partial(new_session, content, where=where, providers=providers, threads=threads, level=level)
    session, used = make()
    inner = embedded_manifest(session, where=where)
    if manifest is not None and (names := manifest.differences(inner)):
        raise IntegrityError(f"{path / MANIFEST} was changed: its {', '.join(names)} is not what {MODEL} says.")
    if problem := signature_problem(session, inner):
        raise IntegrityError(f"The graph of {where} is not what its manifest says: {problem}.")
    certified = manifest is not None and check
    return Model(
        manifest or inner,
        path,
        certified=certified,
        providers=used,
        session=session,
        profiled=lambda prefix: make(profile=prefix)[0],
    )
