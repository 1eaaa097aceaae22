"""The board of a study: Optuna's storage, on which every trial of the plan is written down once, by the worker who takes it.

Optuna alone does not promise that: a grid asked for by several workers has doubles, and SQLite lets two take the same trial. So
each change is made under the study's lock, and a trial names its place in the plan and, while it runs, its worker. One whose
worker is no more is taken up again, under its own number.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from zoo.errors import TrainingError
from zoo.spec import Spec
from zoo.studies.points import Plan, Point
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
        source: hash of the plugin's files (`Plan.source`); trials of older versions have none.
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
    source: str | None = None


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
        running: that a living worker has.
        waiting: that nobody has begun, or whose worker is no more.
    """

    finished: int
    failed: int
    running: int
    waiting: int

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

    def claim(self, most: int = 1) -> list[Claimed]:
        """Take up to `most` trials: first those whose worker is no more, then those that nobody has begun, in the plan's order."""
        from optuna.trial import TrialState

        with self._database(), self.locks.study():
            self.locks.begin()
            trials = self._trials()
            free = [trial for trial in trials if trial.state == TrialState.RUNNING and self._left(trial)]
            free += [trial for trial in trials if trial.state == TrialState.WAITING]  # of a version that wrote all down first
            there = {trial.user_attrs[INDEX] for trial in trials}
            missing = (point for point in self._points if point.index not in there)
            taken = [self._take(trial) for trial in free[:most]]
            return taken + [self._begin(point) for point in itertools.islice(missing, most - len(taken))]

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
            running = sum(trial.state == TrialState.RUNNING and not self._left(trial) for trial in trials)
        states = [trial.state for trial in trials]
        finished, failed = states.count(TrialState.COMPLETE), states.count(TrialState.FAIL)
        return Counts(finished, failed, running, waiting=self.plan.size - finished - failed - running)

    def trials(self) -> list[FrozenTrial]:
        """The trials of the plan that have been begun, in its order."""
        with self._database(), self.locks.study():
            return self._trials()

    def _trials(self) -> list[FrozenTrial]:
        """Those of the plan: one of more trials than are asked for now keeps them to itself."""
        found = self.study.get_trials(deepcopy=False)  # asks the database only for those that were not finished the last time
        ours = [trial for trial in found if trial.user_attrs.get(INDEX, -1) in range(self.plan.size)]
        return sorted(ours, key=lambda trial: int(trial.user_attrs[INDEX]))

    @cached_property
    def _points(self) -> list[Point]:
        return self.plan.points()

    @property
    def _worker(self) -> dict[str, Any]:
        """What a trial in this worker's hands says of it."""
        return {"token": self.locks.token, "host": socket.gethostname(), "pid": os.getpid()}

    def _left(self, trial: FrozenTrial) -> bool:
        """Whether the worker of a running trial is no more."""
        worker = trial.user_attrs.get(WORKER)
        return not isinstance(worker, dict) or self.locks.dead(str(worker.get("token")))

    def _begin(self, point: Point) -> Claimed:
        """Write down a trial that there was none of."""
        from optuna.distributions import CategoricalDistribution
        from optuna.trial import TrialState, create_trial

        trial = create_trial(
            state=TrialState.RUNNING,
            params=dict(point.parameters),
            distributions={name: CategoricalDistribution(tuple(self.plan.tables[name])) for name in point.parameters},
            user_attrs={INDEX: point.index, WORKER: self._worker},
        )
        number = self.storage.create_new_trial(self.study_id, template_trial=trial)
        return self._claimed(trial, number, again=False)

    def _take(self, trial: FrozenTrial) -> Claimed:
        """Put our name on a trial that is written down."""
        from optuna.trial import TrialState

        number = self.storage.get_trial_id_from_study_id_trial_number(self.study_id, trial.number)
        self.storage.set_trial_user_attr(number, WORKER, self._worker)
        again = trial.state == TrialState.RUNNING
        if not again:
            self.storage.set_trial_state_values(number, TrialState.RUNNING)
        return self._claimed(trial, number, again=again)

    def _claimed(self, trial: FrozenTrial, number: int, *, again: bool) -> Claimed:
        """The trial in this worker's hands, all its parameters drawn."""
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
