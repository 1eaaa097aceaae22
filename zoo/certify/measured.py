"""What is found while an exported graph answers: errors, changed answers, metrics."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from zoo.certify.certificate import HiddenBound, OutputBound, Tie, error_bound, hidden_bound, metric_slack
from zoo.certify.compare import changed_answers, largest_error
from zoo.certify.golden import Golden
from zoo.graph import Graph, Head


class Measured:
    """Errors and changed answers as they are found.

    Args:
        graph: as declared.
        goldens: all answers it is measured by.
        outputs: names of the finished graph's outputs; of a float that is none only what follows from it can be measured.
    """

    def __init__(self, graph: Graph, goldens: Sequence[Golden], outputs: Collection[str]) -> None:
        self.graph = graph
        self.visible = [name for name in graph.outputs if name in outputs]
        self.errors = dict.fromkeys(self.visible, 0.0)
        self.torch_errors = {
            name: max(largest_error(golden.single[name], golden.exact[name]) for golden in goldens) for name in graph.outputs
        }
        self.golden_max = {
            name: max(float(np.abs(golden.exact[name]).max(initial=0)) for golden in goldens) for name in graph.outputs
        }
        self.limits = {
            name: (error_bound if name in outputs else hidden_bound)(self.torch_errors[name], self.golden_max[name])
            for name in graph.outputs
        }
        self.changed: list[Tie] = []
        self.inconsistent: set[str] = set()
        self.metrics: list[str] = []
        # Errors and bounds mean nothing there, and a model of NaNs must not pass because its export gives NaNs too.
        self.not_finite = [
            f"PyTorch's {precision} answers of {name} are not all finite ({golden.name})"
            for golden in goldens
            for precision, answers in (("float64", golden.exact), ("float32", golden.single))
            for name in graph.outputs
            if not np.isfinite(answers[name]).all()
        ]

    def compare(self, golden: Golden, answers: Mapping[str, np.ndarray], *, place: str | None = None) -> list[Tie]:
        """Errors of the float outputs and differences of the exact ones; each difference is kept once.

        Args:
            golden: the right answers.
            answers: onnxruntime's.
            place: where a difference is said to be, if not in the golden case.
        """
        place = place or golden.name
        for name in self.visible:
            if name in answers:
                self.errors[name] = max(self.errors[name], largest_error(answers[name], golden.exact[name]))
        found: list[Tie] = []
        for head in self.graph.heads:
            found += self._compare_head(head, golden, answers, place)
        self.changed += [tie for tie in found if tie not in self.changed]
        return found

    def _compare_head(self, head: Head, golden: Golden, answers: Mapping[str, np.ndarray], place: str) -> list[Tie]:
        scores, ours = golden.exact[head.source], answers[head.output]
        if head.source in answers and not np.array_equal(ours, head.decide(answers[head.source])):
            self.inconsistent.add(f"{head.output} is not what {head.source} of the same run say ({place})")
        limit = self.limits[head.source]

        def gaps(indices: np.ndarray) -> np.ndarray:
            return head.candidates(scores[indices], ours[indices])

        found = changed_answers(place, ours, head.decide(scores), gaps, limit)
        # A decision on which PyTorch's own float32 differs from its float64 is listed too, by the same rule.
        listed = {tie.index for tie in found}
        theirs = head.decide(golden.single[head.source])
        single = changed_answers(place, ours, theirs, lambda at: head.candidates(scores[at], theirs[at]), limit)
        return found + [tie for tie in single if tie.index not in listed]

    def compare_metrics(
        self, place: str, theirs: Mapping[str, float], ours: Mapping[str, float], *, changed: int, examples: int
    ) -> None:
        """The task's metrics of PyTorch's answers and of onnxruntime's must agree but for rounding.

        Args:
            place: the split, with its provider.
            theirs: of PyTorch in float32.
            ours: of onnxruntime.
            changed: decisions that differ there, and may.
            examples: of the split.
        """
        for name in sorted({*theirs, *ours}):
            right, found = theirs.get(name, np.nan), ours.get(name, np.nan)
            if not abs(found - right) <= metric_slack(name, right, changed, examples):  # NaN is within nothing
                self.metrics.append(f"{name} is {found:.6g} instead of PyTorch's {right:.6g} ({place})")

    def bound(self, name: str) -> OutputBound:
        return OutputBound(
            bound=self.limits[name],
            golden_max=self.golden_max[name],
            torch_error=self.torch_errors[name],
            onnxruntime_error=self.errors[name],
        )

    def hidden(self) -> dict[str, HiddenBound]:
        """Bounds of the floats that are no output of the finished graph."""
        return {
            name: HiddenBound(bound=self.limits[name], golden_max=self.golden_max[name], torch_error=self.torch_errors[name])
            for name in self.graph.outputs
            if name not in self.visible
        }
