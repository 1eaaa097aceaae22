"""Every kind of picture is drawn, on light and dark, and shows each value where it belongs."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from zoo.registry import registry
from zoo.report.study_curves import EpochCurves
from zoo.report.study_field import DEEPEST, Field
from zoo.report.study_lines import Lines
from zoo.report.study_scatter import Scatter
from zoo.report.style import THEMES, blend
from zoo.spec import replaced
from zoo.studies.figures import figure_of
from zoo.studies.points import Plan, plan
from zoo.studies.record import Record, TrialRecord
from zoo.studies.tables import table_of
from zoo.study import Axis, Range, StudySpec

CAMERA = {"name": "mine", "model": "camera.trained", "fixed": {"validation": 500}}


def drawn(spec: StudySpec, value=lambda parameters: 0.5, curves: bool = False) -> tuple[Record, Plan]:
    """A study as if it had been trained."""
    laid = plan(spec, registry())
    trials = []
    for point in laid.points():
        parameters = {**point.parameters, **{path: sample(span, point.index) for path, span in spec.space.items()}}
        values = tuple(value(parameters) + 0.01 * place for place in range(len(spec.seeds)))
        trials.append(
            TrialRecord(
                index=point.index,
                parameters=parameters,
                changes=laid.changes(parameters),
                status="finished",
                value=sum(values) / len(values),
                values=values,
                curves=tuple((0.1, 0.2, one) for one in values) if curves else (),
            )
        )
    return Record(study=laid.spec, fingerprint=laid.fingerprint, computed=(), trials=tuple(trials)), laid


def sample(span: Range, index: int):
    return span.choices[index % len(span.choices)] if span.choices else span.low + (span.high - span.low) * (index + 1) / 12


STUDIES = {
    "width": (registry().study("mlp-width"), Lines),
    "depth": (registry().study("mlp-depth"), Lines),
    "init": (registry().study("mlp-init"), EpochCurves),
    "contour": (registry().study("logreg-l1l2"), Field),
    "one axis": (StudySpec(**CAMERA, grid={"lr": (0.001, 0.01, 0.1)}, seeds=(0, 1)), Lines),
    "words": (StudySpec(**CAMERA, grid={"optimiser": ("sgd", "adamw")}), Lines),
    "cases": (StudySpec(**CAMERA, cases={"one": {"lr": 0.1}, "other": {"lr": 0.2}}), Lines),
    "cells": (StudySpec(**CAMERA, grid={"optimiser": ("sgd", "adamw"), "lr": (0.1, 0.2, 0.3)}), Field),
    "logarithmic": (StudySpec(**CAMERA, grid={"lr": (1e-4, 1e-3, 1e-2, 1e-1), "batch_size": (16, 32, 64, 128)}), Field),
    "three axes": (StudySpec(**CAMERA, grid={"lr": (0.1, 0.2), "batch_size": (50, 100), "epochs": (1, 2)}), Scatter),
    "search": (
        StudySpec(
            **CAMERA, space={"lr": Range(low=1e-3, high=0.1, log=True), "optimiser": Range(choices=("sgd", "adamw"))}, trials=9
        ),
        Scatter,
    ),
}


@pytest.mark.parametrize("name", STUDIES)
def test_every_kind_is_drawn_on_light_and_dark(name):
    spec, kind = STUDIES[name]
    record, laid = drawn(spec, lambda parameters: 0.5 + 0.001 * len(str(parameters)), curves=name == "init")
    figure = figure_of(record, laid)
    assert isinstance(figure, kind)
    assert figure.facts()
    assert figure.shows
    sizes = set()
    for theme in THEMES.values():
        content = figure.draw(theme).encode("png")
        assert len(content) < 150_000
        image = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        sizes.add(image.shape)
        assert len(np.unique(image.reshape(-1, 3), axis=0)) > 8
    assert len(sizes) == 1
    table = table_of(record, laid)
    assert ("test split: a published curve" in table) == (spec.split == "test")
    assert ("Best: " in table) == (spec.split == "validation")


def test_a_trial_alone_makes_no_picture():
    record, laid = drawn(StudySpec(**CAMERA, grid={"lr": (0.1,)}))
    assert figure_of(record, laid) is None


def test_the_first_axis_goes_across_and_the_second_up():
    """The course's own contour plot had its labels the wrong way round."""
    record, laid = drawn(registry().study("logreg-l1l2"), lambda parameters: parameters["l1"] + parameters["l2"] / 100)
    figure = figure_of(record, laid)
    assert isinstance(figure, Field)
    assert figure.x_title.startswith("L1")
    assert figure.y_title.startswith("L2")
    assert figure.columns == figure.rows == laid.spec.axes["l1"].values
    assert figure.values[3, 7] == pytest.approx(figure.columns[7] + figure.rows[3] / 100)
    assert figure.shows.endswith("the highest at L1 penalty: λ₁ of λ₁·sign(W) 0.95, L2 penalty: λ₂ of 2·λ₂·W 0.95")
    sheet = figure.draw(THEMES["light"])
    pixels = np.asarray(Image.open(io.BytesIO(sheet.encode("png"))).convert("RGB"), int)
    left, top = sheet.left + 84, sheet.top + 34
    dark = pixels[top + 20 : top + 540, left + 530 : left + 545].sum()  # along the right edge, where L1 is high
    pale = pixels[top + 20 : top + 540, left + 15 : left + 30].sum()
    assert dark < pale
    upper = pixels[top + 15 : top + 30, left + 20 : left + 540].sum()
    lower = pixels[top + 530 : top + 545, left + 20 : left + 540].sum()
    assert abs(upper - lower) < abs(dark - pale) / 10


def test_a_cell_has_the_colour_of_its_value():
    values = np.array([[0.0, 0.5], [1.0, np.nan]])
    field = Field(
        title="t", notes=(), values=values, columns=("a", "b"), rows=("c", "d"), x_title="x", y_title="y", metric="m", filled=False
    )
    theme = THEMES["light"]
    sheet = field.draw(theme)
    left, top = sheet.left + 84, sheet.top + 34

    def at(row: int, column: int) -> list[int]:
        return sheet.raster[top + 560 - row * 280 - 20, left + column * 280 + 20].tolist()

    low, high = field.levels()[[0, -1]]
    for row, column in ((0, 0), (0, 1), (1, 0)):
        share = DEEPEST + (1 - DEEPEST) * (values[row, column] - low) / (high - low)
        assert at(row, column) == blend(theme.heat, np.array(share)).tolist()
    assert at(1, 1) == [255, 255, 255]


def test_a_table_of_two_directions_and_one_of_trials():
    record, laid = drawn(replaced(registry().study("mlp-depth"), source="x"), lambda parameters: parameters["config.layers"] / 100)
    lines = table_of(record, laid).splitlines()
    assert "| hidden layers of 512 | SGD, lr 0.01 | RMSprop, lr 0.001 |" in lines
    assert "| 7 | 0.0700 | 0.0700 |" in lines
    spec = STUDIES["search"][0]
    record, laid = drawn(spec, lambda parameters: parameters["lr"])
    rows = [line for line in table_of(record, laid).splitlines() if line.startswith("| ")][1:]
    assert [row.split("|")[1].strip() for row in rows] == [str(index) for index in reversed(range(9))], "the best first"


def test_evenly_spaced_numbers_keep_a_plain_axis():
    record, laid = drawn(StudySpec(**CAMERA, grid={"lr": Axis(values=(0.1, 0.2, 0.3, 0.4))}))
    assert figure_of(record, laid).log is None
    record, laid = drawn(StudySpec(**CAMERA, grid={"lr": (0.1, 0.2, 0.4, 0.8)}))
    assert figure_of(record, laid).log == 10
