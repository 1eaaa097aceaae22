"""Boolean expressions: read, written and evaluated on a whole truth table at once.

From the loosest to the tightest: `->` (implication, to the right), `|` or, `^` xor, `&` and, `~` not. Words (`or`, `xor`, `and`,
`not`, in any case) and the signs of logic (→ ∨ ⊕ ∧ ¬) mean the same. Nothing is ever given to Python to evaluate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from zoo.errors import UsageError

DEEPEST = 50
"""Parentheses within each other that are read, and negations that are kept as they stand: more would exhaust Python's stack."""
SHOWN = 72
"""Letters of a long expression that an error shows."""

LEVELS = ("implies", "or", "xor", "and")
"""Operations of two sides, from the loosest."""
SPELLINGS = {
    "implies": ("->", "→"),
    "or": ("|", "||", "or", "∨"),
    "xor": ("^", "xor", "⊕"),
    "and": ("&", "&&", "and", "∧"),
    "not": ("~", "!", "not", "¬"),
    "(": ("(",),
    ")": (")",),
    "1": ("1", "true"),
    "0": ("0", "false"),
}
"""What each token may be written as; words in any case. The first is how it is printed."""
TOKENS = {spelling: token for token, spellings in SPELLINGS.items() for spelling in spellings}
TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9]\w*)|(?P<sign>->|\|\||&&|\S)|\Z)", re.ASCII)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)


@dataclass(frozen=True)
class Variable:
    """A variable."""

    name: str


@dataclass(frozen=True)
class Constant:
    """0 or 1."""

    value: bool


@dataclass(frozen=True)
class Operation:
    """An operation on expressions: `"not"` of one, the others (`LEVELS`) of two or more."""

    kind: str
    parts: tuple[Expression, ...]


Expression = Variable | Constant | Operation


class ExpressionError(UsageError):
    """An expression that cannot be read; under the sentence, the place is marked.

    Args:
        message: one sentence.
        text: the expression.
        place: in it, from 0.
    """

    def __init__(self, message: str, text: str, place: int) -> None:
        super().__init__(message)
        start = max(0, min(place - SHOWN // 2, len(text) - SHOWN))
        before, after = "…" * (start > 0), "…" * (start + SHOWN < len(text))
        shown = "".join(letter if letter.isprintable() else " " for letter in text[start : start + SHOWN])
        self.marked = f"  {before}{shown}{after}\n  {' ' * (len(before) + place - start)}^"

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.marked}"


def is_name(word: str) -> bool:
    """Whether a variable may be called `word`."""
    return bool(NAME.match(word)) and word.lower() not in TOKENS


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: it is none; the place is marked, and the message says what was expected there.
    """
    return _Parser(text).whole()


def variables(expression: Expression) -> tuple[str, ...]:
    """The names in it, each once, in the order of the alphabet; x2 comes before x10."""
    found: set[str] = set()
    waiting = [expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Variable):
            found.add(one.name)
        elif isinstance(one, Operation):
            waiting += one.parts
    return tuple(sorted(found, key=_natural))


def _natural(name: str) -> tuple[list[tuple[str, int]], str]:
    """By which names are put in order: runs of digits count as numbers."""
    pieces = re.findall(r"([^0-9]*)([0-9]*)", name)
    return [(letters, int(digits or -1)) for letters, digits in pieces], name


def evaluate(expression: Expression, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """The expression's values: bool, of the shape that the columns share.

    Args:
        expression: whose variables are all in `columns`.
        columns: name → bool array.
    """
    if isinstance(expression, Variable):
        return columns[expression.name]
    if isinstance(expression, Constant):
        return np.full(next(iter(columns.values())).shape, expression.value)
    values = [evaluate(part, columns) for part in expression.parts]
    if expression.kind == "not":
        return ~values[0]
    if expression.kind == "implies":
        result = values[-1]
        for value in reversed(values[:-1]):
            result = ~value | result
        return result
    whole: np.ndarray = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}[expression.kind].reduce(values)
    return whole


def written(expression: Expression, above: str = "implies") -> str:
    """The expression as text that `parse` reads as the same expression."""
    if isinstance(expression, Variable):
        return expression.name
    if isinstance(expression, Constant):
        return str(int(expression.value))
    order = (*LEVELS, "not")
    signs = SPELLINGS[expression.kind]
    if expression.kind == "not":
        text = signs[0] + written(expression.parts[0], "not")
    else:
        inner = order[order.index(expression.kind) + 1]
        text = f" {signs[0]} ".join(written(part, inner) for part in expression.parts)
    return f"({text})" if order.index(expression.kind) < order.index(above) else text


@dataclass(frozen=True)
class _Token:
    kind: str  # a key of SPELLINGS, "name" or "end"
    text: str
    place: int


class _Parser:
    """Recursive descent, one level of precedence after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens()
        self.at = 0
        self.depth = 0
        self.negations = 0

    def whole(self) -> Expression:
        expression = self._level(0)
        if self.token.kind != "end":
            self._expected("an operator (& | ^ ->) or the end")
        return expression

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def _tokens(self) -> list[_Token]:
        tokens, place = [], 0
        while place < len(self.text):
            match = TOKEN.match(self.text, place)
            assert match is not None  # any letter that is no space is a sign
            kind = match.lastgroup
            if kind is None:
                break
            text, start = match[kind], match.start(kind)
            known = TOKENS.get(text.lower())
            if known is None and kind != "word":
                said = "is no sign of an expression" if kind == "sign" else "is no truth value"
                raise ExpressionError(
                    f"{text!r} at position {start + 1} of the expression {said}; "
                    "there are names, & | ~ ^ ->, and, or, not, xor, parentheses, 0 and 1.",
                    self.text,
                    start,
                )
            tokens.append(_Token(known or "name", text, start))
            place = match.end()
        return [*tokens, _Token("end", "", len(self.text.rstrip()))]

    def _expected(self, what: str) -> NoReturn:
        token = self.token
        found = "it ends" if token.kind == "end" else f"there is {token.text!r}"
        raise ExpressionError(
            f"The expression cannot be read: at position {token.place + 1} {found} where {what} is expected.",
            self.text,
            token.place,
        )

    def _level(self, level: int) -> Expression:
        """Operands of one operation, each of a tighter one."""
        if level == len(LEVELS):
            return self._negated()
        parts = [self._level(level + 1)]
        while self.token.kind == LEVELS[level]:
            self.at += 1
            parts.append(self._level(level + 1))
        return Operation(LEVELS[level], tuple(parts)) if len(parts) > 1 else parts[0]

    def _negated(self) -> Expression:
        count = 0
        while self.token.kind == "not":
            self.at += 1
            count += 1
        # Two cancel each other: a thousand of them, in a row or within parentheses, must not become a tree a thousand deep.
        kept = count if self.negations + count <= DEEPEST else count % 2
        self.negations += kept
        expression = self._operand()
        self.negations -= kept
        for _ in range(kept):
            expression = Operation("not", (expression,))
        return expression

    def _operand(self) -> Expression:
        token = self.token
        if token.kind == "name":
            self.at += 1
            return Variable(token.text)
        if token.kind in "01":
            self.at += 1
            return Constant(token.kind == "1")
        if token.kind != "(":
            self._expected("a name, 0, 1, ~ or (")
        if self.depth == DEEPEST:
            raise ExpressionError(
                f"The expression has more than {DEEPEST} parentheses within each other, the most that are read.",
                self.text,
                token.place,
            )
        self.at += 1
        self.depth += 1
        expression = self._level(0)
        if self.token.kind != ")":
            self._expected(f"an operator (& | ^ ->) or the parenthesis that closes the one at position {token.place + 1}")
        self.at += 1
        self.depth -= 1
        return expression
