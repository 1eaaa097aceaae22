"""The board of a study: Optuna's storage, with every trial hung up once and taken down by one worker at a time.

Optuna alone does not promise that: a grid asked for by several workers has doubles, and SQLite lets two take the same trial. So
all points are written down as waiting trials before the first is trained, each change is made under the study's lock, and a
trial that runs names its worker. One whose worker is no more is taken up again, under its own number.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from zoo.errors import TrainingError
from zoo.spec import Spec
from zoo.studies.points import Plan
from zoo.studies.storage import open_storage, open_study, opened, sampler

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

INDEX, WORKER, RESULT, ERROR = "index", "worker", "result", "error"
"""Attributes of a trial: its place in the plan, who trains it, what came of it, or why nothing did."""


class Result(Spec):
    """What came of a trial.

    Args:
        value: what the study is about: the mean over the seeds.
        values: of each seed.
        metrics: of each seed, all there are on the study's split.
        curves: of each seed, the study's metric after each epoch; empty where there are no epochs.
        seconds: of training, all seeds together.
        recipe_sha256: of the recipe with the first seed.
        weights: hash of the trained weights of each seed; none where they were computed together.
        data_sha256: of the data.
        device: on which it was computed.
        precision: in which.
        host: name of the machine.
        versions: package → version.
        runs: folders of the trainings on that machine, within the study's.
    """

    value: float
    values: tuple[float, ...]
    metrics: tuple[dict[str, float], ...]
    seconds: float
    recipe_sha256: str
    data_sha256: str
    device: str
    precision: str
    host: str
    versions: dict[str, str | None]
    curves: tuple[tuple[float, ...], ...] = ()
    weights: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claimed:
    """A trial in this worker's hands.

    Args:
        trial_id: Optuna's.
        index: its place in the plan.
        parameters: name → label or sample.
        again: whether another worker had begun it.
        result: of that one, which died before it could say so.
    """

    trial_id: int
    index: int
    parameters: Mapping[str, Any]
    again: bool = False
    result: Result | None = None


@dataclass(frozen=True)
class Counts:
    """How far a study is.

    Args:
        finished: trials with a value.
        failed: trials that ended without.
        waiting: that nobody has begun, or whose worker is no more.
        running: that a living worker has.
    """

    finished: int = 0
    failed: int = 0
    waiting: int = 0
    running: int = 0

    @property
    def done(self) -> int:
        return self.finished + self.failed


class Board:
    """The trials of a plan.

    Args:
        plan: whose they are.
        url: `sqlite:///FILE` or `postgresql://…`.

    Raises:
        UsageError: it is another kind of database, or a package is missing.
        TrainingError: the database cannot be opened.
    """

    def __init__(self, plan: Plan, url: str) -> None:
        self.plan = plan
        self.name = f"{plan.spec.name} {plan.fingerprint[:12]}"
        self.url, self.locks = opened(url, self.name)
        with self._database(), self.locks.study():
            self.storage = open_storage(self.url)
            self.study = open_study(self.storage, self.name, higher_is_better=plan.spec.higher_is_better)
        self.study_id: int = self.storage.get_study_id_from_name(self.name)

    def close(self) -> None:
        """Be no worker any more."""
        self.locks.close()
        self.storage.remove_session()
        self.storage.engine.dispose()

    def fill(self) -> int:
        """Hang up every trial of the plan that is not there yet; how many there were none of."""
        from optuna.distributions import CategoricalDistribution
        from optuna.trial import TrialState, create_trial

        kinds = {name: CategoricalDistribution(tuple(table)) for name, table in self.plan.tables.items()}
        with self._database(), self.locks.study():
            there = {trial.user_attrs.get(INDEX) for trial in self._trials()}
            missing = [point for point in self.plan.points() if point.index not in there]
            for point in missing:
                trial = create_trial(
                    state=TrialState.WAITING,
                    params=dict(point.parameters),
                    distributions={name: kinds[name] for name in point.parameters},
                    user_attrs={INDEX: point.index},
                )
                self.storage.create_new_trial(self.study_id, template_trial=trial)
        return len(missing)

    def claim(self, most: int = 1) -> list[Claimed]:
        """Take up to `most` trials: first those whose worker is no more, then those that wait, each in the order of the plan."""
        from optuna.trial import TrialState

        with self._database(), self.locks.study():
            self.locks.begin()
            trials = self._trials(TrialState.RUNNING, TrialState.WAITING)
            free = [trial for trial in trials if trial.state == TrialState.RUNNING and self._left(trial)]
            free += [trial for trial in trials if trial.state == TrialState.WAITING]
            return [self._take(trial) for trial in free[:most]]

    def finish(self, claimed: Claimed, result: Result) -> bool:
        """Write down what came of a trial; `False` where another worker has it now, as the database lost sight of this one."""
        from optuna.trial import TrialState

        return self._end(claimed, TrialState.COMPLETE, RESULT, msgspec.to_builtins(result), [result.value])

    def fail(self, claimed: Claimed, error: str) -> bool:
        """Write down why nothing came of a trial."""
        from optuna.trial import TrialState

        return self._end(claimed, TrialState.FAIL, ERROR, error, None)

    def counts(self) -> Counts:
        """How far the study is; a trial whose worker is no more waits."""
        from optuna.trial import TrialState

        with self._database(), self.locks.study():
            trials = self._trials()
            left = sum(self._left(trial) for trial in trials if trial.state == TrialState.RUNNING)
        states = [trial.state for trial in trials]
        return Counts(
            finished=states.count(TrialState.COMPLETE),
            failed=states.count(TrialState.FAIL),
            waiting=states.count(TrialState.WAITING) + left,
            running=states.count(TrialState.RUNNING) - left,
        )

    def trials(self) -> list[FrozenTrial]:
        """All trials of the plan, in its order."""
        with self._database(), self.locks.study():
            return self._trials()

    def _trials(self, *states: Any) -> list[FrozenTrial]:
        """Those of the plan: one of more trials than are asked for now keeps them to itself."""
        found = self.storage.get_all_trials(self.study_id, deepcopy=False, states=states or None)
        ours = [trial for trial in found if trial.user_attrs.get(INDEX, -1) in range(self.plan.size)]
        return sorted(ours, key=lambda trial: int(trial.user_attrs[INDEX]))

    def _left(self, trial: FrozenTrial) -> bool:
        """Whether the worker of a running trial is no more."""
        worker = trial.user_attrs.get(WORKER)
        return not isinstance(worker, dict) or self.locks.dead(str(worker.get("token")))

    def _take(self, trial: FrozenTrial) -> Claimed:
        from optuna.trial import TrialState

        number = self.storage.get_trial_id_from_study_id_trial_number(self.study_id, trial.number)
        worker = {"token": self.locks.token, "host": socket.gethostname(), "pid": os.getpid()}
        self.storage.set_trial_user_attr(number, WORKER, worker)
        again = trial.state == TrialState.RUNNING
        if not again:
            self.storage.set_trial_state_values(number, TrialState.RUNNING)
        parameters = dict(trial.params)
        if len(parameters) < len(self.plan.names):
            parameters = self._sampled(trial, number)
        written = trial.user_attrs.get(RESULT)
        result = msgspec.convert(written, Result) if written is not None else None
        ordered = {name: parameters[name] for name in self.plan.names}
        return Claimed(number, int(trial.user_attrs[INDEX]), ordered, again, result)

    def _sampled(self, trial: FrozenTrial, number: int) -> dict[str, Any]:
        """The trial's parameters, those of the space drawn now; what was drawn before a worker died stays."""
        from optuna.trial import Trial

        spec = self.plan.spec
        self.study.sampler = sampler(spec.sampler, spec.sampler_seed + int(trial.user_attrs[INDEX]))
        self.study.get_trials(deepcopy=False)  # Optuna's cache knows no trial that it was not asked for
        drawing = Trial(self.study, number)
        drawn: dict[str, Any] = {}
        for path, span in spec.space.items():
            if span.choices:
                drawn[path] = drawing.suggest_categorical(path, list(self.plan.choices[path]))
            elif isinstance(span.low, int) and isinstance(span.high, int):
                drawn[path] = drawing.suggest_int(path, span.low, span.high, log=span.log)
            else:
                drawn[path] = drawing.suggest_float(path, float(span.low or 0), float(span.high or 0), log=span.log)
        return {**trial.params, **drawn}

    def _end(self, claimed: Claimed, state: Any, attribute: str, content: Any, values: Sequence[float] | None) -> bool:
        with self._database(), self.locks.study():
            trial = self.storage.get_trial(claimed.trial_id)
            if trial.state.is_finished() or trial.user_attrs[WORKER]["token"] != self.locks.token:
                return False
            self.storage.set_trial_user_attr(claimed.trial_id, attribute, content)
            self.storage.set_trial_state_values(claimed.trial_id, state, values)
        return True

    @contextmanager
    def _database(self) -> Iterator[None]:
        """What the database says is told in one sentence.

        Raises:
            TrainingError: it cannot do what it should.
        """
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (StorageInternalError, SQLAlchemyError) as error:
            cause = error.__cause__ or error
            said = " ".join(str(getattr(cause, "orig", None) or cause).split())[:200]
            raise TrainingError(f"The database of the study cannot be used: {said}.") from error
