"""Many damaged files, and what came of each: a table of kinds of damage and outcomes.

    python -m tools.hardness.campaign [--seed 0] [--tensors 1000] [--runs 200] [--graphs 300]

Good outcomes: refused in one clear sentence; verified (loaded, and equal to what was there before); forged (loaded as what it now
is, because whoever changed it has set every hash right). Bad ones are in capitals, and end the script with 1: DIFFERENT (loaded
as something else), UNCLEAR (another exception, or no clear sentence), CRASH, HANG, MEMORY.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path

from tools.hardness.judges import BAD, GOOD, Case, Outcome
from tools.hardness.plan import GROUPS, cases
from tools.hardness.subjects import make
from tools.hardness.worker import Worker, judged

DEFAULTS = {"tensors": 1000, "runs": 200, "graphs": 300}


def table(found: list[tuple[Case, Outcome]]) -> str:
    """Kinds of damage × outcomes, in lines of Markdown."""
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for case, (outcome, _) in found:
        counts[case.judge, case.file, case.kind + (" (hashes right)" if case.forged else "")][outcome] += 1
    columns = [*GOOD, *(name for name in BAD if any(name in row for row in counts.values()))]
    lines = [f"| taken in by | file | damage | cases | {' | '.join(columns)} |", "|---|---|---|---:|" + "---:|" * len(columns)]
    for row, counted in sorted(counts.items()):
        lines.append(f"| {' | '.join(row)} | {counted.total()} | {' | '.join(str(counted[name] or '') for name in columns)} |")
    total: Counter[str] = sum(counts.values(), Counter())
    lines.append(f"| all | | | {total.total()} | {' | '.join(str(total[name] or '') for name in columns)} |")
    return "\n".join(lines)


def main() -> None:
    """Run the campaign and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--subjects", type=Path, help="folder in which the undamaged things are kept between calls")
    parser.add_argument("--replay", metavar="CASE", action="append", default=[], help="one case as the script prints it (JSON)")
    parser.add_argument("--sentences", action="store_true", help="also print one sentence of each kind that was refused")
    for group, number in DEFAULTS.items():
        parser.add_argument(f"--{group}", type=int, default=number)
    given = parser.parse_args()
    planned = [Case(**json.loads(text)) for text in given.replay] or [
        case for group in GROUPS for case in cases(group, getattr(given, group), given.seed)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        subjects = given.subjects or Path(scratch)
        names = sorted({case.subject for case in planned})
        make(subjects, tuple(names))
        began = time.perf_counter()
        found = []
        with Worker(subjects, names) as worker:
            for case, outcome in judged(planned, worker):
                found.append((case, outcome))
                if outcome[0] in BAD or given.replay:
                    print(f"{outcome[0]}: {outcome[1][:300]!r}\n    {json.dumps(asdict(case))}", file=sys.stderr, flush=True)
    print(table(found))
    print(f"\nseed {given.seed}, {len(found):,} cases in {time.perf_counter() - began:.0f} s")
    if given.sentences:
        told = {(case.judge, case.file, case.kind): said for case, (outcome, said) in found if outcome == "refused"}
        print("\n".join(f"{' / '.join(row)}: {said}" for row, said in sorted(told.items())))
    sys.exit(any(outcome in BAD for _, (outcome, _) in found))


if __name__ == "__main__":
    main()
