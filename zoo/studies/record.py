"""What is kept of a study: `plan.json` from the start, and `study.json`, `table.md` and a picture at the end."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from zoo.errors import IntegrityError, UsageError, typed
from zoo.files import write_atomic
from zoo.spec import Spec, to_plain
from zoo.studies.board import ERROR, INDEX, RESULT, Result
from zoo.studies.points import Plan
from zoo.study import StudySpec

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

PLAN, RECORD, TABLE, PLOT = "plan.json", "study.json", "table.md", "plot"


class Computed(Spec):
    """Where and with what trials were computed."""

    device: str
    precision: str
    data_sha256: str
    versions: dict[str, str | None]
    source: str | None = None


class TrialRecord(Spec):
    """One trial; most fields as `Result` has them.

    Args:
        index: its place in the plan.
        parameters: name → label or sample.
        changes: path → value: what it was trained with beyond the model's own recipe.
        status: a failed one has an `error`, and no value.
        computed: which of the record's.
    """

    index: int
    parameters: dict[str, Any]
    changes: dict[str, Any]
    status: Literal["finished", "failed"]
    value: float | None = None
    values: tuple[float, ...] = ()
    metrics: tuple[dict[str, float], ...] = ()
    curves: tuple[tuple[float, ...], ...] = ()
    seconds: float = 0.0
    recipe_sha256: str = ""
    weights: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    computed: int | None = None
    error: str | None = None


class Record(Spec):
    """What `study.json` says.

    Args:
        study: as it was declared, with what was changed.
        fingerprint: hash of all that decides the figures.
        computed: where the trials were computed.
        trials: in the order of the plan.
    """

    study: StudySpec
    fingerprint: str
    computed: tuple[Computed, ...]
    trials: tuple[TrialRecord, ...]

    @property
    def finished(self) -> list[TrialRecord]:
        """Those that have a figure."""
        return [trial for trial in self.trials if trial.value is not None]

    @property
    def best(self) -> TrialRecord | None:
        """The trial that validation chooses; `None` on the test split, by which nothing is chosen."""
        if self.study.split == "test" or not self.finished:
            return None
        sign = 1 if self.study.higher_is_better else -1
        return max(self.finished, key=lambda trial: sign * (trial.value or 0.0))


def is_sealed(folder: Path, plan: Plan) -> bool:
    """Whether the folder is this study's; `False` where it is nobody's.

    Raises:
        UsageError: it is another's, or the same study's with other settings.
        IntegrityError: it does not say.
    """
    file = folder / PLAN
    if not file.is_file():
        return False
    try:
        found = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise IntegrityError(f"{file} is damaged: {error}.") from error
    if found.get("fingerprint") != plan.fingerprint:
        before = found.get("study", {})
        now = msgspec.json.decode(msgspec.json.encode(plan.spec))
        other = [key for key, value in now.items() if before.get(key) != value] or ["its model's recipe"]
        raise UsageError(
            f"{folder} holds a study that differs in {' and '.join(other[:3])}; give this one a folder of its own by --output.",
            hint=other_folder(folder),
        )
    return True


def other_folder(folder: Path) -> str:
    """The hint that leads to a folder beside this one."""
    return f"the same with {typed('--output', f'{folder}-2')}"


def seal(folder: Path, plan: Plan) -> None:
    """Make the folder this study's.

    Raises:
        OSError: it cannot be made.
    """
    content = {"fingerprint": plan.fingerprint, "study": to_plain(plan.spec)}
    write_atomic(folder / PLAN, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def require_same(plan: Plan, trials: Iterable[FrozenTrial], data_sha256: str, folder: Path) -> None:
    """Refuse to go on with trials that were computed from other data, or by other files of the plugin.

    Args:
        plan: whose they are.
        trials: some have a result; what those of older versions do not say is not compared.
        data_sha256: of the data as they are now.
        folder: of the study.

    Raises:
        UsageError: they were.
    """
    for trial in trials:
        written = trial.user_attrs.get(RESULT)
        if written is None:
            continue
        result = msgspec.convert(written, Result)
        changed = ["data"] if result.data_sha256 != data_sha256 else []
        changed += ["plugin's files"] if result.source not in (None, plan.source) else []
        if changed:
            raise UsageError(
                f"The {' and the '.join(changed)} have changed since trial {trial.user_attrs[INDEX]} of {folder} was trained; "
                "trials before and after cannot be compared, so give the study a new folder by --output.",
                hint=other_folder(folder),
            )


def record_of(plan: Plan, trials: Iterable[FrozenTrial]) -> Record:
    """All trials that ended, in the order of the plan."""
    computed: list[Computed] = []
    records = []
    for trial in trials:
        if not trial.state.is_finished():
            continue
        parameters = {name: trial.params[name] for name in plan.names if name in trial.params}
        changes = plan.changes(parameters)
        index = int(trial.user_attrs[INDEX])
        written = trial.user_attrs.get(RESULT)
        if written is None:
            error = str(trial.user_attrs.get(ERROR, ""))
            records.append(TrialRecord(index=index, parameters=parameters, changes=changes, status="failed", error=error))
            continue
        result = msgspec.convert(written, Result)
        place = Computed(
            device=result.device,
            precision=result.precision,
            data_sha256=result.data_sha256,
            versions=result.versions,
            source=result.source,
        )
        if place not in computed:
            computed.append(place)
        records.append(
            TrialRecord(
                index=index,
                parameters=parameters,
                changes=changes,
                status="finished",
                value=result.value,
                values=result.values,
                metrics=result.metrics,
                curves=result.curves,
                seconds=result.seconds,
                recipe_sha256=result.recipe_sha256,
                weights=result.weights,
                runs=result.runs,
                computed=computed.index(place),
            )
        )
    return Record(study=plan.spec, fingerprint=plan.fingerprint, computed=tuple(computed), trials=tuple(records))


def read_record(file: Path) -> Record:
    """What a `study.json` says.

    Raises:
        IntegrityError: it is none.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Record)
    except msgspec.MsgspecError as error:
        raise IntegrityError(f"{file} is no study: {error}.") from error


def write_record(folder: Path, record: Record, plan: Plan, theme: str, form: str) -> Path | None:
    """Write `study.json`, `table.md` and the picture; the picture's path, or `None` where there is too little to draw."""
    from zoo.report.style import THEMES
    from zoo.studies.figures import figure_of
    from zoo.studies.tables import table_of

    write_atomic(folder / RECORD, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    write_atomic(folder / TABLE, table_of(record, plan))
    figure = figure_of(record, plan)
    if figure is None:
        return None
    path = folder / f"{PLOT}.{form}"
    write_atomic(path, figure.draw(THEMES[theme]).encode(form))
    return path
