"""Text in, text out: fronts, heads and loops in one graph, and what its certificate proves."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.certify import text_model, text_parts
from tests.certify.test_replay import edit_golden
from zoo.certify import certify as certifying
from zoo.certify.golden import Reference
from zoo.certify.replay import replay
from zoo.certify.texts import hostile
from zoo.data.dataset import texts
from zoo.errors import ExportError, IntegrityError, ParityError, UsageError
from zoo.exporting import export as exporting
from zoo.exporting.export import export
from zoo.exporting.trace import STANDARD, trace
from zoo.progress import Progress


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The toy translator: its artifact, and what `trace` gave."""
    traced = []
    real = exporting.trace
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "trace", lambda *given, **more: traced.append(real(*given, **more)) or traced[-1])
        (artifact,) = export(text_model.trained(), tmp_path_factory.mktemp("text"), progress=Progress())
    return artifact, traced[0]


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made[0].path, tmp_path / made[0].id)


@pytest.fixture
def graph():
    return text_model.declared()


def test_the_certificate_covers_sizes_lengths_and_hostile_sentences(made):
    certificate = made[0].certificate
    assert certificate.passed
    assert [case.name for case in certificate.cases] == [
        *(f"batch-{size}" for size in (1, 2, 7, 64)),
        *(f"words-{length}" for length in ("empty", "one", "odd", "longest")),
        "hostile",
    ]
    assert certificate.audit.examples == len(text_model.TEST)
    assert certificate.hostile.examples == 1000
    assert certificate.changed == certificate.audit.changed == certificate.hostile.changed == ()
    assert certificate.audit.torch_metrics == certificate.audit.onnxruntime_metrics
    assert certificate.bounds.keys() == {"score"}
    assert (certificate.oracle.agrees, certificate.oracle.skipped, certificate.oracle.examples) == (True, None, 16)


def test_the_file_is_standard_and_the_loops_are_in_it(made):
    model = onnx.load(made[0].path / "model.onnx")
    operators = [node.op_type for node in model.graph.node]
    assert operators.count("Loop") == 2
    assert {"StringSplit", "LabelEncoder", "GRU"} <= set(operators)
    assert {entry.domain: entry.version for entry in model.opset_import} == {"": 20, "ai.onnx.ml": 4}
    assert {node.domain for node in model.graph.node} <= STANDARD
    assert not model.functions
    assert [value.name for value in model.graph.input] == ["text"]
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")
    assert b".py" not in model.SerializeToString()


def test_no_sentence_of_the_corpus_lies_beside_the_model(made):
    with np.load(made[0].path / "golden.npz") as stored:
        given = {name: stored[name] for name in stored.files if ":in:" in name}
    assert {array.dtype.kind for array in given.values()} == {"U"}
    assert not any(text_model.SECRET in text for array in given.values() for text in array)
    # The longest case is as long as the longest of the test split, in words of one's own.
    longest = max(len(text.split()) for text in text_model.TEST)
    assert {len(text.split()) for text in given["words-longest:in:text"]} == {longest}
    assert given["words-empty:in:text"].tolist() == ["", ""]
    for name in ("zoo.json", "certificate.json", "README.md"):
        assert text_model.SECRET not in (made[0].path / name).read_text(encoding="utf-8")


def strings(name, change):
    def edit(graph):
        tensor = next(tensor for tensor in graph.initializer if tensor.name == name)
        tensor.string_data[:] = change(list(tensor.string_data))

    return edit


def two_words_exchanged(items):
    return [*items[:6], items[7], items[6], *items[8:]]


def weight(name, change):
    def edit(graph):
        tensor = next(tensor for tensor in graph.initializer if tensor.name == name)
        tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor).copy()), name))

    return edit


def one_percent(array):
    array.flat[np.abs(array).argmax()] *= 1.01  # the largest: another may matter so little that no bound can show it
    return array


def loop_of(graph, operator):
    """The body that holds `operator`."""
    bodies = [node.attribute[0].g for node in graph.node if node.op_type == "Loop"]
    return next(body for body in bodies if any(node.op_type == operator for node in body.node))


def operator(old, new):
    def edit(graph):
        next(node for node in loop_of(graph, old).node if node.op_type == old).op_type = new

    return edit


def words_in_front(graph):
    node = next(node for node in loop_of(graph, "StringConcat").node if node.op_type == "StringConcat")
    node.input[:] = node.input[::-1]


def read_wrongly(graph):
    encoder = next(node for node in graph.node if node.op_type == "LabelEncoder")
    keys = next(attribute for attribute in encoder.attribute if attribute.name == "keys_tensor")
    keys.t.string_data[:] = two_words_exchanged(list(keys.t.string_data))


def lengths_forgotten(graph):
    next(node for node in graph.node if node.op_type == "GRU").input[4] = ""


FAULTS = {
    "two words of the target exchanged": strings("translation_words", two_words_exchanged),
    "two words of the source exchanged": read_wrongly,
    "one weight of the decoder": weight("cell.weight_hh", one_percent),
    "padding read as words": lengths_forgotten,
    "another function inside the search": operator("Sigmoid", "Tanh"),
    "least likely inside the search": operator("ArgMax", "ArgMin"),
    "words joined the other way round": words_in_front,
    "unknown words not copied": strings("translation_space", lambda items: [b""]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_caught(name, made, tmp_path, monkeypatch):
    model = onnx.load_from_string(made[1].content)
    FAULTS[name](model.graph)
    monkeypatch.setattr(exporting, "trace", lambda *given, **more: made[1]._replace(content=model.SerializeToString()))
    monkeypatch.setattr(certifying, "HOSTILE", 16)
    with pytest.raises(ParityError, match=r"score lies|differ without a tie"):
        export(text_model.trained(), tmp_path, progress=Progress())
    assert list(tmp_path.iterdir()) == []


def test_a_twin_that_is_none_is_caught_on_hostile_sentences(made, tmp_path, monkeypatch):
    """The front splits at any space in NumPy, but at plain ones in the graph: no sentence of one's own shows it."""
    encode = text_parts.Words.encode
    monkeypatch.setattr(text_parts.Words, "encode", lambda self, given: encode(self, [" ".join(text.split()) for text in given]))
    monkeypatch.setattr(exporting, "trace", lambda *given, **more: made[1])
    with pytest.raises(ParityError, match=r"hostile"):
        export(text_model.trained(), tmp_path, progress=Progress())


class Always(text_model.Translator):
    """Calls each of its decisions close."""

    def forward(self, ids, lengths):
        values = super().forward(ids, lengths)
        return (*values[:3], values[3] * 0) if self.margins else values


class Never(text_model.Translator):
    """Does not say how close its decisions are."""

    margins = property(lambda self: self.missing)


def test_a_module_that_calls_all_close_proves_nothing(made, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "trace", lambda *given, **more: made[1])
    monkeypatch.setattr(certifying, "HOSTILE", 16)
    trained = text_model.trained()
    trained.module.__class__ = Always
    with pytest.raises(ParityError, match=r"40 of 40 answers hang on less than rounding \(test\)"):
        export(trained, tmp_path, progress=Progress())
    trained.module.__class__ = Never
    with pytest.raises(ExportError, match="attribute `margins`"):
        export(trained, tmp_path, progress=Progress())
    assert list(tmp_path.iterdir()) == []


def test_too_old_an_opset_and_a_missing_front_are_said(tmp_path, graph):
    with pytest.raises(
        UsageError, match=r"--opset 19 has no operators for text, which toy.translator takes; it must be at least 20"
    ):
        export(text_model.trained(), tmp_path, opset=19, progress=Progress())
    assert list(tmp_path.iterdir()) == []
    for changed in (dataclasses.replace(graph, fronts=()), dataclasses.replace(graph, fronts=(text_parts.Words(input="other"),))):
        with pytest.raises(ExportError, match="takes the texts text, but has fronts for"):
            trace(changed, (text_model.TEXT,), (text_model.TRANSLATION,), name="x", metadata={})


def test_sentences_of_ones_own_are_needed(made, tmp_path, monkeypatch):
    real = text_model.exported
    monkeypatch.setattr(text_model, "exported", lambda *given: dataclasses.replace(real(*given), examples={}))
    monkeypatch.setattr(exporting, "trace", lambda *given, **more: made[1])
    with pytest.raises(ExportError, match="no sentences of its own for the text input text"):
        export(text_model.trained(split={"text": text_model.TEST, "source": text_model.TEST}), tmp_path, progress=Progress())


def test_the_graph_is_equal_alone_and_among_others(graph, made):
    from zoo.runtime.model import open as open_model

    model = open_model(made[0].path)
    sentences = [*text_model.OWN, *hostile(16)]
    whole = model.run(text=sentences)
    for split in (
        model.run(text=np.array(sentences)),
        model.run(text=texts(sentences), batch=3),
        model.run(text=sentences, batch=1),
    ):
        assert split["translation"].tolist() == whole["translation"].tolist()
        np.testing.assert_allclose(split["score"], whole["score"], atol=1e-3)
    nothing = model.run(text=[])
    assert (nothing["translation"].shape, nothing["translation"].dtype.kind, nothing["score"].shape) == ((0,), "U", (0,))
    reference = Reference(graph, (text_model.TEXT,)).golden("x", {"text": texts(sentences)})
    assert graph.heads[0].decide(reference.exact).tolist() == whole["translation"].tolist()
    for wrong in ("a sentence", [1, 2], [["a"]], [["a"], ["b", "c"]], np.array([1])):
        with pytest.raises(UsageError, match="text"):
            model.run(text=wrong)


def test_a_replay_needs_no_torch(folder):
    script = (
        "import sys; sys.modules.update(torch=None, onnx=None, onnx_ir=None); from pathlib import Path;"
        "from zoo.certify.replay import replay; found = replay(Path(sys.argv[1])); assert found.passed, found; print(found.cases)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "9\n"), done.stderr


def another_answer(margin):
    def change(arrays):
        answers = arrays["batch-64:out:translation"].copy()
        answers[5] = "something else"
        arrays["batch-64:out:translation"] = answers
        arrays["batch-64:margin:translation:score"][5] = margin
        arrays["batch-64:out:score"][5] = -100.0

    return change


def test_a_replay_knows_ties_from_changes(folder):
    edit_golden(folder, another_answer(1e-7))
    found = replay(folder)
    assert found.passed
    assert [(tie.place, tie.index, tie.theirs, tie.explained) for tie in found.changed] == [("batch-64", 5, "something else", True)]
    edit_golden(folder, another_answer(0.01))
    found = replay(folder)
    assert not found.passed
    assert any("1 answers differ without a tie, the first in batch-64" in problem for problem in found.problems)
    assert any("score lies" in problem for problem in found.problems)


KEY = "batch-7:margin:translation:score"
DAMAGE = {
    "margins of nothing": (lambda a: a.update({KEY: a[KEY][:3]}), "how close each decision"),
    "a margin below 0": (lambda a: a.update({KEY: -a[KEY]}), "how close each decision"),
    "a margin that is none": (lambda a: a.update({KEY: a[KEY] * np.nan}), "how close each decision"),
    "whole numbers": (lambda a: a.update({KEY: a[KEY].astype(int)}), "how close each decision"),
    "no margins": (lambda a: a.pop(KEY), "does not hold an answer"),
    "numbers for text": (lambda a: a.update({"batch-7:in:text": np.zeros(7)}), "takes text"),
    "bytes for text": (lambda a: a.update({"batch-7:out:translation": np.array([b"x"] * 7)}), "of another type"),
    "all of it close": (
        lambda a: a.update({key: array * 0 for key, array in a.items() if ":margin:" in key}),
        "proves little: .* hang on rounding",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_vectors_are_refused(name, folder):
    change, said = DAMAGE[name]
    edit_golden(folder, change)
    with pytest.raises(IntegrityError, match=said):
        replay(folder)


def test_benchmarks_are_fed_with_real_sentences(made):
    from zoo.benchmark.feeds import examples, repeated
    from zoo.runtime.model import open as open_model

    model = open_model(made[0].path)
    fed, where = examples(model)
    assert where == "golden.npz, repeated"
    assert fed["text"].dtype == object
    assert set(fed["text"]) == set(text_model.OWN)
    assert model.run(**repeated(fed, 100))["translation"].shape == (100,)
