"""Regenerate the table of checks in docs/plugin-kit.md; with `--check`, only say whether it is stale."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from zoo.files import write_atomic
from zoo.report.tables import markdown_table
from zoo.testing.kit import CONTRACT

PAGE = Path(__file__).parents[1] / "docs" / "plugin-kit.md"
START, END = "<!-- generated: checks -->", "<!-- end: checks -->"


def table() -> str:
    """Every check in order."""
    rows = []
    for number, declared in enumerate(CONTRACT, 1):
        says = (inspect.getdoc(declared.body) or "").split("\n\n")[0].replace("\n", " ")
        rows.append([str(number), f"`{declared.name}`", says, declared.why])
    return markdown_table(["", "check", "what holds", "what goes wrong where it does not"], rows)


def main() -> int:
    """0 where the page is fresh or was written; 1 where `--check` finds it stale."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(START)
    fresh = f"{head}{START}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"
    if "--check" in sys.argv[1:]:
        if fresh != text:
            print("docs/plugin-kit.md is stale: run python tools/plugin_kit.py", file=sys.stderr)
        return int(fresh != text)
    write_atomic(PAGE, fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main())
