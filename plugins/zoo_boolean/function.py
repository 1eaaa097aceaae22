"""The function that a config means, and its truth table."""

from __future__ import annotations

import re

import numpy as np

from zoo.errors import UnknownName, UsageError
from zoo.spec import ModelSpec, replaced
from zoo_boolean import Function, Gate, inputs_of
from zoo_boolean.expression import evaluate, is_name, parse, variables, written
from zoo_boolean.minimise import MOST_VARIABLES

LETTERS = "abcdefghijklmnop"


def configure(spec: ModelSpec) -> tuple[ModelSpec, dict[str, dict[str, np.ndarray]]]:
    """The spec with inputs that fit its function, and the function's truth table as data.

    Raises:
        UsageError: the config means no function.
    """
    names, table = names_of(spec.config), table_of(spec.config)
    config, summary = spec.config, spec.summary
    if isinstance(config, Function):
        if config.table:
            summary = f"Table {_shortened(config.table)} by its disjunctive normal form"
        elif config.expr != Function().expr:
            summary = f"{_shortened(written(parse(config.expr)))} by its disjunctive normal form"
        config = replaced(config, expr="" if config.table else config.expr, variables=",".join(names))
    elif isinstance(config, Gate) and config.gate != spec.tag:
        raise UsageError(f"{spec.id} is the gate {spec.tag}, not {config.gate}.", hint=f"zoo export boolean.{config.gate}")
    elif isinstance(config, Gate) and config.inputs > 2:
        summary = summary.replace(",", f" of {config.inputs} inputs,", 1)
    split = {"inputs": rows(len(names)), "output": table}
    return replaced(spec, config=config, summary=summary, inputs=(inputs_of(names),)), {"train": split, "test": split}


def rows(variables: int) -> np.ndarray:
    """Every input: bool [2ⁿ, n]; row r is the number r in binary, the first variable its highest bit."""
    numbers = np.arange(1 << variables)[:, None]  # [2ⁿ, 1]
    found: np.ndarray = (numbers >> np.arange(variables)[::-1] & 1).astype(bool)  # [2ⁿ, n]
    return found


def names_of(config: object) -> tuple[str, ...]:
    """The variables, in the order of the inputs.

    Raises:
        UsageError: there are none or too many, or names are given that do not fit.
    """
    if isinstance(config, Gate):
        least, most = (1, 1) if config.gate == "not" else (2, MOST_VARIABLES)
        if not least <= config.inputs <= most:
            wanted = f"{least} to {most} inputs" if most > 1 else "1 input"
            raise UsageError(f"A gate {config.gate.upper()} has {wanted}, not {config.inputs}.")
        return tuple(LETTERS[: config.inputs])
    assert isinstance(config, Function)
    given = tuple(re.findall(r"[^\s,]+", config.variables))
    for name in given:
        if not is_name(name):
            raise UsageError(f"{name!r} cannot be the name of a variable: letters, digits and _ make one, beginning with no digit.")
        if given.count(name) > 1:
            raise UsageError(f"The variable {name!r} is given twice.")
    needed = () if config.table else variables(parse(config.expr))
    if config.table:
        count = _variables_of(_digits(config.table))
        if given and len(given) != count:
            raise UsageError(f"A table of {1 << count:,} values has {count} variables, not {len(given)}.")
        needed = tuple(LETTERS[:count])
    elif given:
        for name in needed:
            if name not in given:
                raise UnknownName("variable called", name, given)
    names = given or needed or ("a",)  # a constant has no variable of its own
    _check_count(len(names))
    return names


def _check_count(variables: int) -> None:
    if variables > MOST_VARIABLES:
        raise UsageError(f"The function has {variables} variables; at most {MOST_VARIABLES} are possible.")


def table_of(config: object) -> np.ndarray:
    """The function's values for `rows`: bool [2ⁿ].

    Raises:
        UsageError: as `names_of`; or both an expression and a table are given, or the table has another form.
    """
    names = names_of(config)
    inputs = rows(len(names))
    if isinstance(config, Gate):
        ones = inputs.sum(1)  # [2ⁿ]
        values: np.ndarray = {"and": ones == len(names), "or": ones > 0, "not": ones == 0, "xor": ones % 2 == 1}[config.gate]
        return values
    assert isinstance(config, Function)
    if config.table:
        if config.expr not in ("", Function().expr):
            raise UsageError(f"Give an expression or a table, not both: expr is {_shortened(config.expr)!r}.")
        return np.array([digit == "1" for digit in _digits(config.table)])
    return evaluate(parse(config.expr), {name: inputs[:, place] for place, name in enumerate(names)})


def _digits(table: str) -> str:
    """The table's zeros and ones, without what may stand between them."""
    digits = re.sub(r"[\s_,]", "", table)
    if wrong := re.search("[^01]", digits):
        raise UsageError(
            f"A table is a row of 0 and 1, the first for all inputs 0; here {wrong[0]!r} is value {wrong.start() + 1}."
        )
    return digits


def _variables_of(digits: str) -> int:
    """n of a table of 2ⁿ values."""
    count = len(digits).bit_length() - 1
    if count < 1 or len(digits) != 1 << count:
        below = 1 << max(count, 1)
        raise UsageError(
            f"A table of n variables has 2ⁿ values (n from 1 to {MOST_VARIABLES}); "
            f"{len(digits):,} are given, and {below:,} or {2 * below:,} would do."
            if len(digits) > 1
            else f"A table of n variables has 2ⁿ values, at least 2; {len(digits)} is given."
        )
    _check_count(count)
    return count


def _shortened(text: str) -> str:
    return text if len(text) <= 64 else f"{text[:40]}… ({len(text):,} characters)"
