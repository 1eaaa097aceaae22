"""How a system under measurement talks with the benchmark: a line in, an epoch, a line of JSON out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

_ANSWERS = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")


def hush() -> None:
    """Whatever a framework prints goes to stderr; answers alone go to the pipe."""
    os.dup2(2, 1)
    sys.stdout = sys.stderr


def answer(**facts: Any) -> None:
    """One line of JSON to the benchmark."""
    _ANSWERS.write(json.dumps(facts) + "\n")
    _ANSWERS.flush()


def requests() -> Iterator[None]:
    """One `None` for each epoch that is asked for."""
    for line in sys.stdin:
        if line.strip() != "epoch":
            return
        yield None
