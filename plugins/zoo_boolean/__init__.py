"""Boolean functions of threshold units, every weight set by hand or worked out: nothing is learned.

A unit fires where w·x + b > 0, for inputs 0 and 1 (McCulloch & Pitts 1943; Rosenblatt 1958).

| id | weights |
|---|---|
| `boolean.and` | w = (1, 1), b = −1.5; of n inputs b = −n + 0.5 |
| `boolean.or` | w = (1, 1), b = −0.5 |
| `boolean.not` | w = −1, b = 0.5 |
| `boolean.xor` | no single unit can; two hidden ones, OR and AND, the second held against the first |
| `boolean.dnf` | any function of up to 16 variables: a unit for each term of its minimised normal form, then OR |

`zoo export boolean.and --set inputs=5`, `zoo export boolean.dnf --set expr="a ^ b ^ c" --name parity3` and
`zoo run boolean.dnf --set table=01101001` make others; a table's first value is that of all inputs 0, and the first variable
changes slowest. Input: `inputs` bool [batch, n]; output: `output` bool [batch]. Proven on all 2ⁿ inputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from zoo.hookspecs import hookimpl
from zoo.spec import DatasetSpec, ModelSpec, Reference, Spec, TensorSpec

NEURON = "McCulloch & Pitts 1943, A logical calculus of the ideas immanent in nervous activity"
PERCEPTRONS = "Minsky & Papert 1969, Perceptrons"
GOAL = "goal of this zoo: every row of the truth table"


class Gate(Spec):
    """A gate with weights by hand.

    Args:
        gate: which; XOR of more than two is their parity.
        inputs: how many, up to 16; NOT has 1.
    """

    gate: Literal["and", "or", "not", "xor"]
    inputs: int = 2


class Function(Spec):
    """Any function, by an expression or by its truth table.

    Args:
        expr: of & | ~ ^ ->, the words and, or, not, xor, names, 0, 1 and parentheses.
        table: in its place, 2ⁿ digits 0 and 1: the first for all inputs 0, the first variable changing slowest.
        variables: names in the order of the inputs, with commas between them; none given, those of `expr` in the order of the
            alphabet, or a, b, c, …
    """

    expr: str = "(a & ~b) | c"
    table: str = ""
    variables: str = ""


def inputs_of(names: tuple[str, ...]) -> TensorSpec:
    """The input of a function of these variables."""
    return TensorSpec(
        name="inputs",
        dtype="bool",
        shape=("batch", len(names)),
        meaning=f"truth values of {', '.join(names)}",
        low=0,
        high=1,
        names=names,
    )


OUTPUT = TensorSpec(name="output", dtype="bool", shape=("batch",), meaning="the function's value", low=0, high=1)


@hookimpl
def zoo_datasets() -> Iterable[DatasetSpec]:
    """The truth table."""
    return [
        DatasetSpec(
            id="boolean",
            summary="The truth table of a model's function: all 2ⁿ inputs",
            source="computed from the function",
            licence="CC0-1.0",
            load="zoo_boolean.data:load",
        )
    ]


def _spec(tag: str, summary: str, config: Gate | Function, names: str, source: str = NEURON) -> ModelSpec:
    return ModelSpec(
        architecture="boolean",
        tag=tag,
        summary=summary,
        source=source,
        task="zoo_boolean.task:TruthTable",
        build="zoo_boolean.model:build",
        config=config,
        recipe=None,
        dataset="boolean",
        inputs=(inputs_of(tuple(names)),),
        outputs=(OUTPUT,),
        exports={"function": "zoo_boolean.model:export"},
        prove="zoo_boolean.proof:prove",
        references=(Reference(metric="accuracy", value=1.0, rule="exact", source=GOAL),),
        configure="zoo_boolean.function:configure",
    )


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """The gates, and any function."""
    return [
        _spec("and", "AND, one threshold unit with weights by hand", Gate(gate="and"), "ab"),
        _spec("or", "OR, one threshold unit with weights by hand", Gate(gate="or"), "ab"),
        _spec("not", "NOT, one threshold unit with weights by hand", Gate(gate="not", inputs=1), "a"),
        _spec("xor", "XOR, which no single unit can, in two layers with weights by hand", Gate(gate="xor"), "ab", PERCEPTRONS),
        _spec("dnf", "Any Boolean function by its disjunctive normal form, here (a & ~b) | c", Function(), "abc"),
    ]
