"""A data set in memory: fetched, loaded by its plugin, and checked to be what everything else counts on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from zoo.data.dataset import Dataset, Split
from zoo.data.fetch import fetch
from zoo.errors import PluginError, UsageError
from zoo.plugins import resolve
from zoo.progress import Progress
from zoo.spec import DatasetSpec

NEEDED = ("train", "test")


def load_dataset(
    spec: DatasetSpec,
    *,
    own: Path | None,
    name: str | None,
    progress: Progress,
    columns: Mapping[str, str] | None = None,
    needed: Sequence[str] = NEEDED,
) -> Dataset:
    """The data set that `spec` describes, or a person's own in its place.

    Args:
        spec: of the data set that the model was made for.
        own: folder (or file) of own data; `None` for the data set itself.
        name: what own data are called; `None` for the name of their folder.
        progress: told about downloads, and what was done to own data.
        columns: of own data that are a table, of those that `spec.columns` names; those left out are the reader's choice.
        needed: the splits that there must be; of data that nothing is trained on, others than those of training.

    Returns:
        The splits `needed` at least, none empty, all arrays of a split with the same first axis; raw dtypes.

    Raises:
        UsageError: own data, or columns, were given where they have no meaning.
        DataError, IntegrityError: data could not be had or read.
        PluginError: the plugin's function does not give what it should.
    """
    columns = columns or {}
    if columns:
        _check_columns(columns, spec, own)
    if own is not None:
        if spec.own is None:
            made = "generated, so they" if not spec.files else "part of what this model is, so they"
            raise UsageError(f"The data of {spec.id!r} are {made} cannot be replaced by {own}; leave out --data.")
        dataset = resolve(spec.own, owner=spec.id)(own, spec, **columns)
        if not isinstance(dataset, Dataset):
            raise PluginError(f"{spec.own} of data set {spec.id!r} should return a Dataset, not a {type(dataset).__name__}.")
        dataset = replace(dataset, id=name or dataset.id)
        progress.note(f"{dataset.id}: {dataset.origin}")
        _check(dataset.splits, spec, spec.own, needed)
        return dataset
    files, words = fetch(spec, progress)
    splits = resolve(spec.load, owner=spec.id)(files, **spec.arguments)
    _check(splits, spec, spec.load, needed)
    return Dataset(id=spec.id, splits=splits, classes=spec.classes, origin=words, picture=spec.picture, licence=spec.licence)


def _check_columns(columns: Mapping[str, str], spec: DatasetSpec, own: Path | None) -> None:
    """Raise `UsageError` where columns are chosen of what has none."""
    given = " and ".join(f"--{column} {value}" for column, value in columns.items())
    if set(columns) - set(spec.columns):
        raise UsageError(f"The data of {spec.id!r} are no table of sentence pairs: leave out {given}.")
    if own is None:
        raise UsageError(f"Columns are chosen of your own data: give those with --data FILE, or leave out {given}.")


def _check(splits: Mapping[str, Split], spec: DatasetSpec, function: str, needed: Sequence[str]) -> None:
    """Raise `PluginError` unless the splits are what `load_dataset` promises."""
    whose = f"{function} of data set {spec.id!r}"
    for split in needed:
        if split not in splits:
            raise PluginError(f"{whose} gives no split {split!r}, only {', '.join(splits) or 'none'}.")
    for split, arrays in splits.items():
        lengths = {name: len(array) for name, array in arrays.items()}
        if len(set(lengths.values())) != 1 or 0 in lengths.values():
            found = ", ".join(f"{name} {length:,}" for name, length in lengths.items()) or "no array"
            raise PluginError(f"{whose} should give split {split!r} arrays of one length above 0, it gives {found}.")
