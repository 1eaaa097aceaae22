"""A person's own study: TOML that is right, and every way to be wrong."""

from __future__ import annotations

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from tests.studies.conftest import SMALL
from zoo.errors import UsageError
from zoo.registry import registry
from zoo.studies.file import parse_study, read_study
from zoo.studies.points import plan
from zoo.study import Axis, Range, StudySpec


def test_a_grid_and_a_search(tmp_path):
    path = tmp_path / "My_Study.toml"
    path.write_text(SMALL)
    spec = read_study(path)
    assert (spec.name, spec.model, spec.fixed["validation"]) == ("my-study", "camera.trained", 500)
    assert spec.axes["lr"] == Axis(values=(0.003, 0.01))
    text = """
    name = "mine"
    model = "mlp"
    trials = 4
    [space]
    lr = { low = 1e-4, high = 1, log = true }
    optimiser = { choices = ["sgd", "adamw"] }
    [grid."config.layers"]
    values = [[{ units = 8 }], [{ units = 8 }, { units = 8 }]]
    labels = [1, 2]
    title = "hidden layers"
    """
    spec = parse_study(text, "x")
    assert spec.space["lr"] == Range(low=1e-4, high=1, log=True)
    assert spec.axes["config.layers"].labels == (1, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("modle = 'mlp'", "There is no key of a study 'modle'; did you mean model"),
        ("model = 'mlp'\n[space.lr]\nhihg = 1", "'space.lr.hihg'; did you mean space.lr.high"),
        ("model = 'mlp'\n[grid.lr]\nvalue = [1]", "'grid.lr.value'; did you mean grid.lr.values"),
        ("model = 'mlp'", "varies something"),
        ("grid = { lr = [1] }", "model"),
        ("model = 'mlp'\ngrid = { lr = 1 }", r"\$.grid"),
        ("model = 'mlp'\ngrid = 3", r"\$.grid"),
        ("model = 'mlp'\n[space]\nlr = { low = 2, high = 1 }", "low must be below high"),
        ("model = 'mlp'\n[space]\nlr = { low = nan, high = 1 }", "low must be below high"),
        ("model = 'mlp'\n[space]\nlr = { low = 0, high = 1, log = true }", "begins above 0"),
        ("model = 'mlp'\n[space]\nlr = { low = 0 }", "low and high, or choices"),
        ("model = 'mlp'\n[grid.lr]\nvalues = [1, 2]\nlabels = ['a']", "one label for each value"),
        ("model = 'mlp'\nseeds = 3\ngrid = { lr = [1] }", "seeds"),
        ("model = 'mlp'\nbatch = 'os:system'\ngrid = { lr = [1] }", "no batch function"),
        ("model = ", "no TOML"),
        ("model = 'mlp'\ngrid = { lr = [] }", "the axis lr needs values"),
        ("model = 'mlp'\n[grid]\n'config.pixels' = [1]\nconfig.pixels = [2]", "config.pixels is set twice"),
        ("model = 'mlp'\n[grid.config.layers]\nvlaues = [[1]]\nlabels = [1]", "'grid.config.layers.vlaues'; did you mean grid.con"),
    ],
)
def test_mistakes_are_named_with_their_place(text, said):
    with pytest.raises(UsageError, match=said):
        parse_study(text, "x", ["zoo_logreg.batched:penalised"])


def test_paths_may_stand_without_quotes():
    spec = parse_study(
        """
        model = "mlp.sgd-512"
        trials = 2
        fixed.optimiser.lr = 0.1
        [grid]
        config.layers.0.units = [4, 8]
        batch_size = [10, 20]
        [grid.config.layers.1]
        units = { values = [16], title = "second" }
        [space]
        schedule.warmup = { low = 1, high = 9 }
        [cases.wide]
        config.layers.2.units = 512
        """,
        "x",
    )
    assert list(spec.grid) == ["config.layers.0.units", "config.layers.1.units", "batch_size"]
    assert spec.axes["config.layers.1.units"] == Axis(values=(16,), title="second")
    assert spec.axes["config.layers.0.units"] == Axis(values=(4, 8))
    assert spec.space == {"schedule.warmup": Range(low=1, high=9)}
    assert spec.fixed == {"optimiser.lr": 0.1}
    assert spec.cases == {"wide": {"config.layers.2.units": 512}}


@pytest.mark.parametrize(
    ("file", "name"), [("My Study.toml", "my-study"), ("a__b--C.toml", "a-b-c"), ("Übung 1.toml", "bung-1"), ("….toml", "study")]
)
def test_a_study_without_a_name_bears_its_file_s(file, name, tmp_path):
    (tmp_path / file).write_text(SMALL)
    assert read_study(tmp_path / file).name == name


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_study(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"model = '\xe9'")
    with pytest.raises(UsageError, match="UTF-8"):
        read_study(tmp_path / "latin.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (2 << 20))
    with pytest.raises(UsageError, match="no study"):
        read_study(tmp_path / "large.toml")


KNOWN = registry()
VALUES = st.recursive(
    st.one_of(st.integers(-(2**60), 2**60), st.floats(), st.booleans(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=8,
)
KEYS = st.one_of(
    st.sampled_from(["model", "grid", "space", "cases", "fixed", "trials", "seeds", "plot", "split"]), st.text(max_size=8)
)


def sentence(text: str) -> str:
    """What is said of a text that is no study, or one that cannot be laid out; nothing where it can."""
    try:
        plan(parse_study(text, "x"), KNOWN)
    except UsageError as error:
        return str(error)
    return ""


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_whatever_a_file_holds_is_a_study_or_one_sentence(plain):
    said = sentence(tomli_w.dumps(plain))
    assert "\n" not in said
    assert said or set(plain) <= set(StudySpec.__struct_fields__)


PATHS = st.sampled_from(
    ["lr", "batch_size", "optimiser", "schedule", "epochs", "loss", "config.relu_bias", "config", "optimiser.lr"]
)
PARTS = st.dictionaries(PATHS, st.one_of(VALUES, st.lists(VALUES, max_size=3)), max_size=3)


@given(PARTS, PARTS, st.dictionaries(st.text(max_size=3), PARTS, max_size=2))
def test_whatever_a_study_varies_can_be_laid_out_or_is_refused_in_one_sentence(fixed, grid, cases):
    plain = {"model": "camera.trained", "fixed": {"validation": 500, **fixed}, "grid": grid, "cases": cases}
    assert "\n" not in sentence(tomli_w.dumps(plain))


@given(st.text(max_size=200))
def test_no_text_ends_in_a_traceback(text):
    assert "study" in sentence(text) or "TOML" in sentence(text)
