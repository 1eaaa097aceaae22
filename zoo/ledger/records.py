"""Records: what each seed of a model reached, as one JSON file a model that is kept and committed."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from zoo.errors import IntegrityError, typed
from zoo.files import write_atomic
from zoo.ledger.sources import source_hash
from zoo.ledger.verdict import Row, reached, verdict
from zoo.registry import Registry
from zoo.spec import ModelSpec, Recipe, Spec, replaced, to_plain

LATER = {"clip": 0.0, "augment_share": 1.0}
"""Fields that recipes got after the first records were made, with the value that leaves all as it was: a record stays good."""


class Key(Spec):
    """What a record's figures depend on. Where any of it changes, they are no longer those of the model.

    Args:
        recipe: SHA-256 of the recipe but for its seed, of the network's config and of the parent's key.
        data: of the data set's content.
        source: of the plugin's files (`zoo.ledger.sources`).
    """

    recipe: str
    data: str
    source: str


class SeedRecord(Spec):
    """What one seed reached.

    Args:
        seed: `None` where nothing is learned.
        metrics: on the test split.
        seconds: of training.
        device: its name.
        precision: it was computed in.
        weights: hash of the weights that were kept.
        created: when the run began, UTC.
        versions: of Python and the packages.
    """

    seed: int | None
    metrics: dict[str, float]
    seconds: Annotated[float, msgspec.Meta(ge=0)]
    device: str
    precision: str
    weights: str | None
    created: str
    versions: dict[str, str | None]


class Record(Spec):
    """All seeds of one model.

    Args:
        id: of the model.
        key: what the figures depend on.
        seeds: in order.
        rows: each published figure beside them, for whoever reads the file; what zoo prints is computed anew (`rows`).
        note: why a figure is not reached, where an experiment has shown it; written by hand, kept.
    """

    id: str
    key: Key
    seeds: tuple[SeedRecord, ...] = ()
    rows: tuple[Row, ...] = ()
    note: str | None = None

    def having(self, seed: int | None) -> SeedRecord | None:
        """What `seed` reached, if it is recorded."""
        return next((record for record in self.seeds if record.seed == seed), None)

    def with_seed(self, made: SeedRecord) -> Record:
        """The record with one seed more, or anew."""
        kept = [record for record in self.seeds if record.seed != made.seed]
        return replaced(self, seeds=tuple(sorted([*kept, made], key=lambda record: record.seed or 0)))


def key_of(spec: ModelSpec, registry: Registry, data: str) -> Key:
    """What the figures of `spec` depend on, as it is now.

    Args:
        spec: of the model.
        registry: of its parent.
        data: hash of the data set's content.
    """
    parent = None
    if spec.parent:
        other = registry.model(spec.parent.id)
        parent = f"{recipe_hash(other)} {source_hash(other)}"
    return Key(recipe=recipe_hash(spec, parent), data=data, source=source_hash(spec))


def changed(old: Key, new: Key) -> list[str]:
    """Which parts of a key differ."""
    return [name for name in Key.__struct_fields__ if getattr(old, name) != getattr(new, name)]


def recipe_hash(spec: ModelSpec, parent: str | None = None) -> str:
    """SHA-256 of what a model is trained by, whatever the seed.

    Args:
        spec: of the model.
        parent: the same of the model it begins with.
    """
    recipe = lasting(replaced(spec.recipe, seed=0), LATER) if spec.recipe else None
    plain = {"recipe": recipe, "config": to_plain(spec.config), "parent": parent}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def lasting(recipe: Recipe, later: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe as plain values, without those of the fields `later` that leave all as it was before there were such fields."""
    plain: dict[str, Any] = to_plain(recipe)
    return {name: value for name, value in plain.items() if name not in later or value != later[name]}


def rows(spec: ModelSpec, seeds: Sequence[SeedRecord]) -> tuple[Row, ...]:
    """Each published figure of a model beside the seeds."""
    made = []
    for reference in spec.references:
        values = tuple(record.metrics[reference.metric] for record in seeds if reference.metric in record.metrics)
        if not values:
            continue
        made.append(
            Row(
                id=spec.id,
                metric=reference.metric,
                values=values,
                seeds=tuple(record.seed for record in seeds if record.seed is not None),
                mean=statistics.fmean(values),
                deviation=statistics.stdev(values) if len(values) > 1 else 0.0,
                reached=sum(reached(reference, value) for value in values),
                published=reference.value,
                rule=reference.rule,
                verdict=verdict(reference, values, spec.recipe),
                seconds=statistics.fmean(record.seconds for record in seeds),
                device=", ".join(dict.fromkeys(record.device for record in seeds)),
                precision=", ".join(dict.fromkeys(record.precision for record in seeds)),
                source=reference.source,
            )
        )
    return tuple(made)


def read_record(folder: Path, model: str) -> Record | None:
    """The record of a model; `None` where there is none.

    Raises:
        IntegrityError: the file is no record.
    """
    file = folder / f"{model}.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=Record)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise IntegrityError(f"{file} is no record of the ledger: {error}.", hint=typed("rm", file)) from error


def read_records(folder: Path) -> dict[str, Record]:
    """All records of a folder, by id."""
    found = {file.stem: read_record(folder, file.stem) for file in sorted(folder.glob("*.json"))}
    return {model: record for model, record in found.items() if record is not None}


def write_record(folder: Path, record: Record) -> None:
    """Write a record, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / f"{record.id}.json", msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
