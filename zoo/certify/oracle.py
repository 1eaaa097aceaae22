"""A second opinion: onnx's own reference evaluator, which shares no code with onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx

from zoo.certify.certificate import Oracle
from zoo.certify.compare import changed_answers, largest_error
from zoo.certify.golden import Golden
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
    examples = len(next(iter(golden.inputs.values())))
    try:
        evaluator = ReferenceEvaluator(onnx.load_from_string(model))
        found = dict(zip(outputs, map(np.asarray, evaluator.run(list(outputs), dict(golden.inputs))), strict=True))
    except (NotImplementedError, RuntimeContextError) as error:  # how it says that it does not implement an operator
        return Oracle(engine=engine, skipped=_said(error))
    except Exception as error:  # anything else may as well be the graph's fault
        return Oracle(engine=engine, failure=_said(error))
    errors = {name: largest_error(found[name], golden.exact[name]) for name in bounds if name in found}
    agrees = all(error <= bounds[name] for name, error in errors.items())
    return Oracle(engine=engine, examples=examples, errors=errors, agrees=agrees and _decisions_agree(golden, found, heads, bounds))


def _decisions_agree(golden: Golden, found: Mapping[str, np.ndarray], heads: Sequence[Head], bounds: Mapping[str, float]) -> bool:
    """Whether every exact answer is PyTorch's, or a tie."""
    for head in heads:
        scores, ours = golden.exact[head.source], found[head.output]
        if ours.dtype == object:
            ours = ours.astype(np.str_)

        def gaps(at: np.ndarray, head: Head = head, scores: np.ndarray = scores, ours: np.ndarray = ours) -> np.ndarray:
            return head.candidates(scores[at], ours[at])

        changed = changed_answers(golden.name, ours, head.decide(scores), gaps, bounds[head.source])
        if not all(tie.explained for tie in changed):
            return False
    return True


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
