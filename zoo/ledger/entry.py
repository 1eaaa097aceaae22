"""The record of one model on disk, to which several processes may add seeds at once."""

from __future__ import annotations

from pathlib import Path

from zoo.errors import TrainingError, typed
from zoo.files import locked
from zoo.ledger.records import Key, Record, SeedRecord, changed, read_record, rows, write_record
from zoo.spec import ModelSpec, replaced


class Entry:
    """A model's record, which is read anew whenever it is asked for and before anything is added to it.

    Args:
        folder: of records.
        spec: of the model.
        key: what its figures depend on now.
        again: forget the seeds that are recorded now.

    Attributes:
        forgotten: seeds that are recorded, and are still to be made anew. They stay on disk until the first new one is there.
        why: they are forgotten.

    Raises:
        IntegrityError: the record is damaged.
    """

    def __init__(self, folder: Path, spec: ModelSpec, key: Key, *, again: bool = False) -> None:
        self.folder, self.spec, self.key = folder, spec, key
        found = read_record(folder, spec.id)
        self.before = found.key if found else key
        self.why = "asked to" if again else f"another {', '.join(changed(self.before, key))} since"
        self.forgotten = found.seeds if found and (again or found.key != key) else ()

    def read(self) -> Record:
        """What is recorded by now of what is not forgotten, with its verdicts.

        Raises:
            IntegrityError: the record is damaged.
            TrainingError: it has become one of another recipe, or of other data or plugin files, since this process began.
        """
        found = read_record(self.folder, self.spec.id) or Record(id=self.spec.id, key=self.key)
        if found.key not in (self.key, self.before):
            raise TrainingError(
                f"{self.folder / self.spec.id}.json was made anew by another process, which had another "
                f"{', '.join(changed(self.key, found.key))}; nothing is added to it.",
                hint=typed("zoo", "reproduce", self.spec.id, "--records", self.folder),
            )
        seeds = tuple(seed for seed in found.seeds if found.key == self.key and seed not in self.forgotten)
        return replaced(found, key=self.key, seeds=seeds, rows=rows(self.spec, seeds))

    def write(self, made: SeedRecord | None = None) -> Record:
        """The record with one seed more, on disk; or as it is, with its verdicts brought up to date.

        Raises:
            OSError: it cannot be written.
            IntegrityError, TrainingError: as `read`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder.resolve()):
            record = self.read()
            if made:
                record = record.with_seed(made)
                record = replaced(record, rows=rows(self.spec, record.seeds))
                # It may equal the one that it replaces to the last field: a short training has the same second and duration.
                self.forgotten = tuple(seed for seed in self.forgotten if seed.seed != made.seed)
            if record.seeds and record != read_record(self.folder, self.spec.id):
                write_record(self.folder, record)
        return record
