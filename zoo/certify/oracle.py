"""A second opinion: onnx's own reference evaluator, which shares no code with onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx

from zoo.certify.certificate import Oracle
from zoo.certify.compare import changed_answers, largest_error
from zoo.certify.golden import Golden
from zoo.certify.ties import answers_of, chosen, close, limit_of
from zoo.graph import Head


def ask_reference(
    model: bytes, golden: Golden, outputs: Sequence[str], heads: Sequence[Head], bounds: Mapping[str, float]
) -> Oracle:
    """Run the reference evaluator on a few examples.

    Args:
        model: the file.
        golden: the examples.
        outputs: of the graph.
        heads: of the graph; an exact answer may differ by a tie, as onnxruntime's may.
        bounds: float outputs of the module → error bound.
    """
    from onnx.reference import ReferenceEvaluator
    from onnx.reference.op_run import RuntimeContextError

    engine = f"onnx.reference {onnx.__version__}"
    try:
        evaluator = ReferenceEvaluator(onnx.load_from_string(model))
        with np.errstate(all="ignore"):  # what it computes is compared; how it does is its own affair
            pieces = [list(map(np.asarray, evaluator.run(list(outputs), feeds))) for feeds in _feeds(golden)]
        found = {name: np.concatenate(parts) for name, *parts in zip(outputs, *pieces, strict=True)}
    except (NotImplementedError, RuntimeContextError) as error:  # how it says that it does not implement an operator
        return Oracle(engine=engine, skipped=_said(error))
    except Exception as error:  # anything else may as well be the graph's fault
        return Oracle(engine=engine, failure=_said(error))
    errors = {name: _error(golden, found[name], heads, bounds, name) for name in bounds if name in found}
    agrees = all(error <= bounds[name] for name, error in errors.items())
    return Oracle(
        engine=engine, examples=len(golden), errors=errors, agrees=agrees and _decisions_agree(golden, found, heads, bounds)
    )


def _feeds(golden: Golden) -> list[dict[str, np.ndarray]]:
    """What it is asked: all at once, but text one by one, for its recurrent layers know no rows of different lengths."""
    if all(array.dtype != object for array in golden.inputs.values()):
        return [dict(golden.inputs)]
    return [{name: array[at : at + 1] for name, array in golden.inputs.items()} for at in range(len(golden))]


def _error(golden: Golden, ours: np.ndarray, heads: Sequence[Head], bounds: Mapping[str, float], name: str) -> float:
    """Largest error, but for examples that hung on a decision that rounding may turn."""
    right = golden.exact[name]
    kept = ~close(heads, golden.exact, bounds, name)
    return largest_error(ours[kept], right[kept]) if ours.shape == right.shape else float("inf")


def _decisions_agree(golden: Golden, found: Mapping[str, np.ndarray], heads: Sequence[Head], bounds: Mapping[str, float]) -> bool:
    """Whether every exact answer is PyTorch's, or a tie."""
    for head in heads:
        ours = found[head.output]
        if ours.dtype == object:
            ours = ours.astype(np.str_)

        def gaps(at: np.ndarray, head: Head = head, ours: np.ndarray = ours) -> np.ndarray:
            return head.candidates(chosen(golden.exact, at), ours[at])

        changed = changed_answers(golden.name, ours, answers_of(head, golden.exact), gaps, limit_of(head, bounds))
        if not all(tie.explained for tie in changed):
            return False
    return True


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
