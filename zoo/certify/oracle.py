"""A second opinion: onnx's own reference evaluator, which shares no code with onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx

from zoo.certify.certificate import Oracle
from zoo.certify.compare import largest_error
from zoo.certify.golden import Golden


def ask_reference(
    model: bytes, golden: Golden, outputs: Sequence[str], answers: Mapping[str, np.ndarray], bounds: Mapping[str, float]
) -> Oracle:
    """Run the reference evaluator on one case.

    Args:
        model: the file.
        golden: a small case.
        outputs: of the graph.
        answers: exact outputs → expected.
        bounds: float outputs → error bound.
    """
    from onnx.reference import ReferenceEvaluator

    engine = f"onnx.reference {onnx.__version__}"
    examples = len(next(iter(golden.inputs.values())))
    try:
        evaluator = ReferenceEvaluator(onnx.load_from_string(model))
        values = dict(zip(outputs, evaluator.run(list(outputs), dict(golden.inputs)), strict=True))
    except Exception as error:  # it does not implement every operator, and says so in many ways
        return Oracle(engine=engine, skipped=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    errors = {name: largest_error(np.asarray(values[name]), golden.exact[name]) for name in bounds}
    agrees = all(errors[name] <= bound for name, bound in bounds.items())
    agrees &= all(np.array_equal(np.asarray(values[name]).astype(str), expected) for name, expected in answers.items())
    return Oracle(engine=engine, examples=examples, errors=errors, agrees=agrees)
