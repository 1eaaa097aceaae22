"""Boolean expressions are read as they are written, and what is none is refused with its place; normal forms are the smallest."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo_boolean.expression import (
    DEEPEST,
    LEVELS,
    SPELLINGS,
    Constant,
    ExpressionError,
    Operation,
    Variable,
    evaluate,
    parse,
    variables,
    written,
)
from zoo_boolean.function import rows
from zoo_boolean.minimise import ABSENT, minimise, primes

names = st.sampled_from(["a", "b", "c", "x1", "x10", "_q", "android"]).map(Variable)
expressions = st.recursive(
    names | st.booleans().map(Constant),
    lambda inner: st.one_of(
        inner.map(lambda part: Operation("not", (part,))),
        st.builds(Operation, st.sampled_from(LEVELS), st.lists(inner, min_size=2, max_size=4).map(tuple)),
    ),
    max_leaves=25,
)


@given(expressions)
def test_what_is_printed_is_read_as_the_same(expression):
    assert parse(written(expression)) == expression


@given(expressions, st.data())
def test_every_spelling_is_read_as_the_same(expression, data):
    words = [
        f" {data.draw(st.sampled_from(SPELLINGS[token.kind]))} " if token.kind in SPELLINGS else f" {token.text} "
        for token in _tokens(written(expression))
    ]
    text = "".join(word.upper() if word.strip() in ("and", "or", "not", "xor", "true", "false") else word for word in words)
    assert parse(text) == expression


def _tokens(text: str):
    from zoo_boolean.expression import _Parser

    return [token for token in _Parser(text).tokens if token.kind != "end"]


@given(st.text(max_size=60) | st.text("ab01&|~^()-> notrux", max_size=60))
def test_anything_is_read_or_refused_with_its_place(text):
    try:
        expression = parse(text)
    except ExpressionError as error:
        sentence, shown, caret = str(error).split("\n")
        assert sentence.isprintable()
        assert 0 <= caret.index("^") - 2 <= len(shown)
    else:
        assert parse(written(expression)) == expression


@given(expressions)
def test_values_are_those_that_python_gives(expression):
    """Python's operators on whole numbers have our precedence; the last bit is what is meant."""
    text, found = written(expression), variables(expression)
    if not found or "->" in text:
        return
    table = rows(len(found))
    ours = evaluate(expression, {name: table[:, place] for place, name in enumerate(found)})
    for row, value in zip(table.astype(int).tolist(), ours.tolist(), strict=True):
        assert eval(text, {"__builtins__": {}}, dict(zip(found, row, strict=True))) & 1 == value


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("a | b & c", "00011111"),
        ("a ^ b & c", "00011110"),
        ("a | b ^ c", "01101111"),
        ("~a & b", "0100"),
        ("a -> b", "1101"),
        ("a -> b -> c", "11111101"),
        ("(a -> b) -> c", "01011101"),
        ("not a and b or a and not b", "0110"),
        ("a xor b xor c", "01101001"),
        ("¬(a ∧ b) ⊕ c", "10101001"),
        ("true & a", "01"),
    ],
)
def test_precedence(text, table):
    expression = parse(text)
    found = variables(expression)
    inputs = rows(len(found))
    values = evaluate(expression, {name: inputs[:, place] for place, name in enumerate(found)})
    assert "".join(str(int(value)) for value in values) == table


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", 0, "it ends where a name"),
        ("a b", 2, "'b' where an operator"),
        ("a & | b", 4, "where a name, 0, 1, ~ or"),
        ("(a | b", 6, "closes the one at position 1"),
        ("a)", 1, "or the end"),
        ("a + b", 2, "no sign of an expression"),
        ("a & 2", 4, "no truth value"),
        ("and", 0, "there is 'and'"),
        ("()", 1, "there is ')'"),
        ("a" + " & a" * 100 + " &", 403, "it ends"),
    ],
)
def test_the_place_of_a_mistake_is_named_and_marked(text, place, said):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    sentence, shown, caret = str(caught.value).split("\n")
    assert said in sentence
    assert f"position {place + 1}" in sentence
    assert len(shown) <= 76
    if len(text) < 60:
        assert (shown[2:], caret.index("^") - 2) == (text, place)


def test_depth_has_an_end_and_length_has_none():
    deep = DEEPEST
    assert parse("(" * deep + "a" + ")" * deep) == Variable("a")
    for text in ("(" * (deep + 1) + "a" + ")" * (deep + 1), "(" * 100_000):
        with pytest.raises(ExpressionError, match=f"more than {deep} parentheses"):
            parse(text)
    assert evaluate(parse("~" * 100_001 + "a"), {"a": np.array([True])}) == [False]
    nested = parse(("~" * 50 + "(") * deep + "a" + ")" * deep)
    assert evaluate(nested, {"a": np.array([True])}) == [True]
    assert evaluate(parse(written(nested)), {"a": np.array([True])}) == [True]
    every = "a -> a | a ^ a & ~~~(" * deep + "a" + ")" * deep
    assert evaluate(parse(written(parse(every))), {"a": np.array([False])}) == [True]
    long = parse(" ^ ".join(["a"] * 20_001))
    assert evaluate(long, {"a": np.array([True])}) == [True]
    assert evaluate(parse(" -> ".join(["a"] * 20_001)), {"a": np.array([True])}) == [True]


def test_names_are_in_the_order_of_the_alphabet_with_numbers_as_numbers():
    assert variables(parse("x10 & x2 & b & X1 & a")) == ("X1", "a", "b", "x2", "x10")


# --- Normal forms -----------------------------------------------------------------------------------------------------------


def values_of(terms: np.ndarray, variables: int) -> np.ndarray:
    inputs = rows(variables)  # [rows, variables]
    fits = (terms[:, None] == ABSENT) | (terms[:, None] == inputs)  # [terms, rows, variables]
    return fits.all(2).any(0) if len(terms) else np.zeros(len(inputs), bool)


def smallest_costs(variables: int) -> np.ndarray:
    """For every function, by its table as a number: terms × 1000 + literals of its smallest normal form, found by trying all."""
    cubes = np.array(list(itertools.product((0, 1, ABSENT), repeat=variables)), np.int8)
    masks = [int(sum(1 << row for row in np.flatnonzero(values_of(cube[None], variables)))) for cube in cubes]
    cost = np.full(1 << (1 << variables), 10**6)
    cost[0] = 0
    everything = np.arange(len(cost))
    while True:
        before = cost.copy()
        for cube, mask in zip(cubes, masks, strict=True):
            np.minimum.at(cost, everything | mask, before + 1000 + int((cube != ABSENT).sum()))
        if (cost == before).all():
            return cost


@pytest.mark.parametrize("variables", [1, 2, 3])
def test_every_small_function_has_its_smallest_form(variables):
    costs = smallest_costs(variables)
    for number, cost in enumerate(costs.tolist()):
        table = np.array([number >> row & 1 for row in range(1 << variables)], bool)
        cover = minimise(table)
        assert (values_of(cover.terms, variables) == table).all()
        assert cover.smallest
        assert len(cover.terms) * 1000 + int((cover.terms != ABSENT).sum()) == cost


def test_functions_of_four_variables_have_their_smallest_form():
    costs = smallest_costs(4)
    for number in np.random.default_rng(0).integers(len(costs), size=400).tolist():
        table = np.array([number >> row & 1 for row in range(16)], bool)
        cover = minimise(table)
        assert (values_of(cover.terms, 4) == table).all()
        assert cover.smallest
        assert len(cover.terms) * 1000 + int((cover.terms != ABSENT).sum()) == costs[number]


@given(st.integers(1, 6).flatmap(lambda variables: st.lists(st.booleans(), min_size=1 << variables, max_size=1 << variables)))
def test_primes_are_what_the_definition_says(values):
    table = np.array(values)
    variables = len(table).bit_length() - 1
    found = {tuple(term) for term in primes(table).tolist()}

    def implies(term: tuple[int, ...]) -> bool:
        return bool(table[values_of(np.array([term], np.int8), variables)].all())

    for term in itertools.product((0, 1, ABSENT), repeat=variables) if variables <= 4 else found:
        wider = [(*term[:place], ABSENT, *term[place + 1 :]) for place in range(variables) if term[place] != ABSENT]
        assert (term in found) == (implies(term) and not any(map(implies, wider)))


@given(st.integers(5, 9), st.integers(0, 2**32), st.floats(0.02, 0.98))
def test_any_normal_form_makes_its_function_and_no_term_is_superfluous(variables, seed, share):
    table = np.random.default_rng(seed).random(1 << variables) < share
    terms = minimise(table).terms
    assert (values_of(terms, variables) == table).all()
    inputs = rows(variables)
    fits = ((terms[:, None] == ABSENT) | (terms[:, None] == inputs)).all(2)  # [terms, rows]
    assert (fits & (fits.sum(0) == 1)).any(1).all()  # each makes some row that no other does


@pytest.mark.parametrize("limit", ["LARGEST_SEARCH", "MOST_NODES", "LARGEST_TABLE"])
def test_where_the_search_is_cut_short_the_form_is_right_all_the_same(limit, monkeypatch):
    monkeypatch.setattr(f"zoo_boolean.minimise.{limit}", 1)
    told = []
    for seed in range(20):
        table = np.random.default_rng(seed).random(64) < 0.6
        cover = minimise(table)
        assert (values_of(cover.terms, 6) == table).all()
        told.append(cover.smallest)
    assert not all(told)
