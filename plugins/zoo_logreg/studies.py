"""The course's study of penalties on softmax regression."""

from __future__ import annotations

from zoo.study import Axis, StudySpec

PENALTIES = tuple(round(0.05 * step, 2) for step in range(20))

STUDIES = (
    StudySpec(
        name="logreg-l1l2",
        model="logreg.gd",
        summary="Ten gradient steps under L1 and L2 penalties",
        source="course: softmax regression in NumPy, MNIST (there the axes' labels are swapped)",
        fixed={"steps": 10, "penalise_biases": True},
        grid={
            "l1": Axis(values=PENALTIES, title="L1 penalty: λ₁ of λ₁·sign(W)"),
            "l2": Axis(values=PENALTIES, title="L2 penalty: λ₂ of 2·λ₂·W"),
        },
        split="test",
        plot="contour",
        expectation="any penalty lowers the accuracy",
        batch="zoo_logreg.batched:penalised",
    ),
)
