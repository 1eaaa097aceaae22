"""Regenerate the tables between the markers in README.md; with `--check`, only say whether they are stale."""

from __future__ import annotations

import sys
from pathlib import Path

from zoo.files import write_atomic
from zoo.ledger.records import key_of, read_records
from zoo.ledger.table import markdown
from zoo.registry import registry
from zoo.report.tables import markdown_table, published

README = Path(__file__).parents[1] / "README.md"
LEDGER = README.parent / "docs" / "ledger"


def models() -> str:
    """Every model of zoo's own distribution."""
    found = registry(third_party=False)
    rows = []
    for owned in found.models.values():
        spec = owned.spec
        default = found.model(spec.architecture).id == spec.id
        rows.append(
            [
                f"`{spec.id}`" + (" (default)" if default else ""),
                spec.summary,
                ", ".join(map(published, spec.references)),
                spec.dataset,
            ]
        )
    return markdown_table(["id", "model", "published or asked for", "data"], rows)


def results() -> str:
    """The ledger: every published figure of zoo's own models, beside what was reached; what has no record, or a stale one, is open.

    Whether the data are still those of a record takes their content to tell: tests/core/test_ledger.py does.
    """
    found = registry(third_party=False)
    records = read_records(LEDGER)
    stale = [model for model, kept in records.items() if key_of(found.model(model), found, kept.key.data) != kept.key]
    return markdown([(owned.spec, records.get(model)) for model, owned in found.models.items()], stale)


def regenerated(text: str) -> str:
    """The text with its generated parts made anew."""
    for name, table in {"models": models(), "results": results()}.items():
        start, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        head, _, rest = text.partition(start)
        _, _, tail = rest.partition(end)
        text = f"{head}{start}\n\n{table}\n\n{end}{tail}"
    return text


def main() -> int:
    """0 where README.md is fresh or was written; 1 where `--check` finds it stale."""
    text = README.read_text(encoding="utf-8")
    fresh = regenerated(text)
    if "--check" in sys.argv[1:]:
        if fresh != text:
            print("README.md is stale: run python tools/readme.py", file=sys.stderr)
        return int(fresh != text)
    write_atomic(README, fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main())
