"""Where a graph first goes wrong, in numbers and in words."""

from __future__ import annotations

from zoo.frozen import Spec


class Numbers(Spec):
    """A tensor in short.

    Args:
        shape: its axes.
        low: smallest number.
        high: largest.
        mean: of all.
    """

    shape: tuple[int, ...]
    low: float
    high: float
    mean: float

    def __str__(self) -> str:
        return f"{self.low:.4g} … {self.high:.4g} (mean {self.mean:.3g}) of {list(self.shape)}"


class Module(Spec):
    """A part of the PyTorch original.

    Args:
        name: qualified; that of the whole is empty.
        type: its class.
    """

    name: str
    type: str

    def __str__(self) -> str:
        return f"`{self.name}` ({self.type})" if self.name else f"the code of {self.type} itself"


class Node(Spec):
    """A node of the graph.

    Args:
        name: its name.
        operator: its type.
    """

    name: str
    operator: str

    def __str__(self) -> str:
        return f"`{self.name}` ({self.operator})"


class Divergence(Spec):
    """The first value of a graph that is not PyTorch's, although what it is made of is.

    Args:
        case: inputs on which it was found.
        modules: that it lies in, the likeliest first; of several the graph has no values of their own.
        first: node at which the fault may begin: all that goes in there is right.
        last: node whose value is wrong.
        end: the front or head that it lies in, in words, where that is no module.
        turn: iteration of the loop that they lie in, from 0.
        ours: onnxruntime's value.
        theirs: PyTorch's, float64.
        largest: absolute difference.
        at: where it is, in PyTorch's tensor.
        bound: how large it may be.
        turns: iterations of the loop, onnxruntime's and PyTorch's, where these differ and nothing else does.
    """

    case: str
    modules: tuple[Module, ...]
    first: Node
    last: Node
    end: str | None = None
    turn: int | None = None
    ours: Numbers | None = None
    theirs: Numbers | None = None
    largest: float | None = None
    at: tuple[int, ...] = ()
    bound: float | None = None
    turns: tuple[int, int] | None = None

    def __str__(self) -> str:
        where = self.end or " or ".join(map(str, self.modules))
        nodes = f"node {self.first}" if self.first == self.last else f"nodes {self.first} to {self.last}"
        said = f"first differs in {where} at {nodes}"
        if self.turn is not None:
            said += f", iteration {self.turn}"
        if self.turns is not None:
            said += f": it ends after {self.turns[0]} iterations, PyTorch after {self.turns[1]}"
        if self.ours is not None and self.theirs is not None:
            said += f": onnxruntime {self.ours}, PyTorch {self.theirs}"
        if self.largest is not None:
            said += f", largest difference {self.largest:.3g} at {list(self.at)}"
        return f"{said} (case {self.case})"
