"""What is found while an exported graph answers: errors, changed answers, metrics."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from zoo.certify.certificate import CLOSE, FEW, TIE, HiddenBound, OutputBound, Tie, error_bound, hidden_bound, metric_slack
from zoo.certify.compare import changed_answers, largest_error
from zoo.certify.golden import Golden
from zoo.certify.spread import Errors, Margins, margins, spread
from zoo.certify.ties import answers_of, chosen, close, limit_of, same
from zoo.graph import MARGIN, Graph, Head, Ordering


class Measured:
    """Errors and changed answers as they are found.

    Args:
        graph: as declared.
        goldens: all answers it is measured by.
        outputs: names of the finished graph's outputs; of a float that is none only what follows from it can be measured.
        share: of the answers that may hang on rounding.
    """

    def __init__(self, graph: Graph, goldens: Sequence[Golden], outputs: Collection[str], share: float = CLOSE) -> None:
        self.graph, self.share = graph, share
        self.floats = [name for name in graph.outputs if goldens[0].exact[name].dtype.kind == "f"]
        self.visible = [name for name in self.floats if name in outputs]
        self.errors = dict.fromkeys(self.visible, 0.0)
        self.torch_errors = {name: max(self._torch_error(golden, name) for golden in goldens) for name in self.floats}
        self.golden_max = {
            name: max(float(np.abs(golden.exact[name]).max(initial=0)) for golden in goldens) for name in self.floats
        }
        self.limits = {
            name: (error_bound if name in outputs else hidden_bound)(self.torch_errors[name], self.golden_max[name])
            for name in self.floats
        }
        self.changed: list[Tie] = []
        self.inconsistent: set[str] = set()
        self.metrics: list[str] = []
        # Errors and bounds mean nothing there, and a model of NaNs must not pass because its export gives NaNs too.
        self.not_finite = [
            f"PyTorch's {precision} answers of {name} are not all finite ({golden.name})"
            for golden in goldens
            for precision, answers in (("float64", golden.exact), ("float32", golden.single))
            for name in self.floats
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
                self.errors[name] = max(self.errors[name], self._error(golden, name, answers[name]))
        found: list[Tie] = []
        for head in self.graph.heads:
            found += self._compare_head(head, golden, answers, place)
        self.changed += [tie for tie in found if tie not in self.changed]
        return found

    def _torch_error(self, golden: Golden, name: str) -> float:
        """Largest error of PyTorch's float32, but where it decided otherwise: there it is another answer's float."""
        kept = self._same_decisions(golden, name)
        return largest_error(golden.single[name][kept], golden.exact[name][kept])

    def _same_decisions(self, golden: Golden, name: str) -> np.ndarray:
        """Where PyTorch's float32 decided as its float64 did, and not closely: bool [batch]."""
        exact, single = golden.exact, golden.single
        kept = np.ones(len(exact[name]), bool)
        for head in self.graph.heads:
            if head.inside and head.source == name:
                kept &= exact[MARGIN] >= TIE
                for read in head.reads:
                    kept &= same(exact[read], single[read])
        return kept

    def errors_of(self, golden: Golden, answers: Mapping[str, np.ndarray]) -> dict[str, Errors]:
        """How far `answers`, and PyTorch's float32, lie from each number of the golden ones: float output → spreads."""
        found = {}
        for name in self.visible:
            kept = ~self.close(golden, name)
            exact, theirs = golden.exact[name][kept], self._same_decisions(golden, name)[kept]
            found[name] = Errors(
                onnxruntime=spread(answers[name][kept].astype(np.float64) - exact),
                torch=spread((golden.single[name][kept].astype(np.float64) - exact)[theirs]),
            )
        return found

    def margins_of(self, golden: Golden) -> dict[str, Margins]:
        """How surely the golden run gave each exact output."""
        return {
            head.output: margins(head.margins(golden.exact).astype(np.float64), 2 * limit_of(head, self.limits))
            for head in self.graph.heads
        }

    def _error(self, golden: Golden, name: str, ours: np.ndarray) -> float:
        right = golden.exact[name]
        if ours.shape != right.shape:
            return float("inf")
        kept = ~self.close(golden, name)
        return largest_error(ours[kept], right[kept])

    def close(self, golden: Golden, name: str) -> np.ndarray:
        """Which examples hung on a decision that rounding may turn: bool [batch]."""
        return close(self.graph.heads, golden.exact, self.limits, name)

    def check_close(self, place: str, goldens: Sequence[Golden], *, changed: int | None = None) -> None:
        """What hangs on rounding proves little: it must not be more than some of the examples.

        Args:
            place: of the examples.
            goldens: their answers.
            changed: how many answers differ; where next to none do, it does not matter what hangs. `None`: it does.
        """
        examples = sum(map(len, goldens))
        if changed is not None and changed <= FEW * examples:
            return
        for name, head in {head.source: head for head in self.graph.heads if head.inside or isinstance(head, Ordering)}.items():
            near = sum(
                float(head.close(golden.exact, self.limits[name]).sum())
                if isinstance(head, Ordering)
                else int(self.close(golden, name).sum())
                for golden in goldens
            )
            if near > self.share * examples:
                self.metrics.append(f"{near:.0f} of {examples} answers hang on less than rounding ({place}), too many to prove any")

    def _compare_head(self, head: Head, golden: Golden, answers: Mapping[str, np.ndarray], place: str) -> list[Tie]:
        exact, ours = golden.exact, answers[head.output]
        if all(name in answers for name in head.reads) and not np.array_equal(ours, answers_of(head, answers)):
            self.inconsistent.add(f"{head.output} is not what {' and '.join(head.reads)} of the same run say ({place})")
        limit = limit_of(head, self.limits)

        def gaps(indices: np.ndarray) -> np.ndarray:
            return head.candidates(chosen(exact, indices), ours[indices])

        found = changed_answers(place, ours, answers_of(head, exact), gaps, limit)
        # A decision on which PyTorch's own float32 differs from its float64 is listed too, by the same rule.
        listed = {tie.index for tie in found}
        theirs = answers_of(head, golden.single)
        single = changed_answers(place, ours, theirs, lambda at: head.candidates(chosen(exact, at), theirs[at]), limit)
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
            for name in self.floats
            if name not in self.visible
        }
