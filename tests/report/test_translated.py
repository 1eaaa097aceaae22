"""What is shown of a translator is what it does: its own sentences, its translations, its attention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.translators import PAIRS, train_tiny
from zoo.data.load import load_dataset
from zoo.errors import DataError
from zoo.exporting.source import source_of
from zoo.progress import Progress
from zoo.registry import registry
from zoo.report.style import THEMES
from zoo.text import PADDING, Vocabulary, words_of
from zoo.views.gather import gather
from zoo.views.subject import Subject
from zoo_seq2seq import Config
from zoo_seq2seq.model import build
from zoo_seq2seq.search import Search
from zoo_seq2seq.sentences import SENTENCES, by_strangeness, known_to, sentences

VIEWS = ["translations", "attention"]


def looked_at(folder, **config) -> Subject:
    """A tiny translator, trained in `folder`, to be looked at."""
    run = train_tiny(folder, **config)
    return source_of(None, run.path, folder / "runs", registry(), Progress()).seen


@pytest.fixture(scope="module")
def subject(tmp_path_factory) -> Subject:
    return looked_at(tmp_path_factory.mktemp("word"))


@pytest.fixture(scope="module")
def untrained() -> Callable[..., Subject]:
    """Kind and size of vocabularies → a translator with random weights, fitted on its own sentences, German to English."""

    def make(kind: str, largest: int = 400) -> Subject:
        reads, writes = (
            Vocabulary.fit(SENTENCES[language], side=side, kind=kind, least=1, largest=largest)
            for language, side in (("German", "source"), ("English", "target"))
        )
        stored = [vocabulary.to_bytes() for vocabulary in (reads, writes)]
        sizes = {
            "source_ids": len(reads),
            "target_ids": len(writes),
            "source_bytes": len(stored[0]),
            "target_bytes": len(stored[1]),
        }
        torch.manual_seed(0)
        module = build(Config(embedding=16, hidden=16, text=kind, **sizes)).eval()
        for name, content in zip(("source", "target"), stored, strict=True):
            getattr(module, name).copy_(torch.from_numpy(content.copy()))
        spec = registry().model("seq2seq.gru-attention")
        return Subject(spec.id, spec, module, None)

    return make


@pytest.mark.parametrize("attention", ["general", "additive"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_look_is_where_the_search_has_looked(cell, attention):
    torch.manual_seed(0)
    module = build(Config(cell=cell, attention=attention, embedding=16, hidden=16, source_ids=30, target_ids=25)).double().eval()
    lengths = torch.tensor([7, 2, 5])
    ids = torch.randint(4, 30, (3, 7), generator=torch.Generator().manual_seed(1))
    ids[torch.arange(7) >= lengths.unsqueeze(1)] = PADDING
    with torch.inference_mode():
        tokens, copied, _ = Search(module)(ids, lengths)
        weights = module.look(ids, lengths, tokens)
    assert weights.shape == (*tokens.shape, 7)
    torch.testing.assert_close(weights.sum(2), torch.ones_like(weights[:, :, 0]))
    assert not weights[1, :, 2:].any()
    written = tokens != PADDING
    assert written.sum() > 10
    assert torch.equal(weights.argmax(2)[written], copied[written])


def test_without_attention_there_is_nothing_to_look_at(tmp_path):
    gathered = gather(looked_at(tmp_path, steps=2, attention="none"), VIEWS)
    assert gathered.left_out == {"attention": "it has no attention: the whole sentence goes through one vector"}
    assert list(gathered.plots) == ["translations"]


def test_a_classifier_is_no_translator(subject_of):
    assert gather(subject_of("logreg.best"), VIEWS).left_out == dict.fromkeys(VIEWS, "it is no translator")


@pytest.mark.parametrize("kind", ["word", "bpe"])
def test_translations_are_the_modules(kind, untrained):
    found = gather(untrained(kind), ["translations"]).plots["translations"]
    pairs = dict(zip(SENTENCES["German"], SENTENCES["English"], strict=True))
    assert len(set(found.sources)) == 12
    assert found.references == tuple(pairs[source] for source in found.sources)
    module = untrained(kind).module
    reads, writes = (Vocabulary.from_bytes(stored.numpy()) for stored in (module.source, module.target))
    for source, made, score in zip(found.sources, found.translations, found.scores, strict=True):
        read = reads.encode([source])
        with torch.inference_mode():
            tokens, copied, expected = module.translate(torch.from_numpy(read.ids), torch.from_numpy(read.lengths))
        assert made == writes.decode(tokens.numpy(), copied.numpy(), read.words)[0]
        assert score == pytest.approx(float(expected), abs=1e-5)
    assert found.text().splitlines()[0] == f"{found.sources[0]} → {found.translations[0]}"
    assert found.facts()["sentences"][2]["reference"] == found.references[2]


def test_no_sentence_of_the_data_is_shown(subject):
    """A corpus may often not be given away, and a card is."""
    plots = gather(subject).plots
    told = "".join(str(plot.facts()) + plot.text() + plot.shows + plot.lesson for plot in plots.values())
    assert set(VIEWS) <= plots.keys()
    assert sum(source in told for source in SENTENCES["German"]) == 12
    assert not [source for source, _ in PAIRS if source in told]


def test_attention_names_what_was_read_and_written(subject):
    found = gather(subject, ["attention"]).plots["attention"]
    reads, writes = (Vocabulary.from_bytes(stored.numpy()) for stored in (subject.module.source, subject.module.target))
    texts = [text for text in subject.module.sentences()[0] if 5 <= reads.encode([text]).lengths[0] <= 14]
    for text, one in zip(texts[:3], found.sentences, strict=True):
        read = reads.encode([text])
        source, lengths = torch.from_numpy(read.ids), torch.from_numpy(read.lengths)
        assert one.read == tuple(read.words[0])
        with torch.inference_mode():
            tokens, copied, _ = subject.module.translate(source, lengths)
            weights = subject.module.look(source, lengths, tokens)[0, : len(one.written)].numpy()
        np.testing.assert_allclose(one.weights, weights, atol=1e-6)
        np.testing.assert_allclose(one.weights.sum(1), 1, atol=1e-5)
        whole = writes.decode(tokens.numpy(), copied.numpy(), read.words)[0]
        said = "".join(one.written).replace("‹", "").replace("›", "")
        assert whole.replace(" ", "").startswith(said)
        assert (whole.replace(" ", "") == said) == (not one.cut)


def test_pieces_of_words_have_hyphens(untrained):
    found = gather(untrained("bpe", 150), ["attention"]).plots["attention"]
    for one in found.sentences:
        assert any(piece.endswith("-") for piece in one.read)
        assert one.read[-1] == ""
        words = "".join(piece[:-1] if piece.endswith("-") else f"{piece} " for piece in one.read).split()
        assert " ".join(words).lower() in {" ".join(words_of(text)).lower() for text in SENTENCES["German"]}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("view", VIEWS)
def test_both_are_drawn_on_either_card(view, theme, subject, untrained):
    for one in (subject, untrained("bpe", 150)):
        sheet = gather(one, [view]).plots[view].draw(THEMES[theme])
        assert 500 < sheet.width <= 1008
        assert sheet.encode().startswith(b"\x89PNG")
        assert sheet.encode("svg").startswith(b"<?xml")


def test_the_curves_of_a_translator_show_its_bleu(subject):
    lines = [
        {"kind": "step", "step": step, "epoch": 1, "examples": 128, "loss": 8 / step, "accuracy": 0.1} for step in range(1, 40)
    ] + [
        {"kind": "epoch", "step": 20 * epoch, "epoch": epoch, "seconds": 1.0, "train_loss": 5.0 / epoch, "train_accuracy": 0.1}
        | {"validation_loss": 4.0 / epoch, "validation_perplexity": 55.0, "validation_bleu": bleu}
        for epoch, bleu in ((1, 0.01), (2, 30.0))
    ]
    curves = gather(replace(subject, lines=lines), ["curves"]).plots["curves"]
    assert curves.metrics == ["loss", "bleu", "accuracy"]
    sheet = curves.draw(THEMES["light"])
    assert [text.get_text() for text in sheet.figure.texts].count("bleu") == 2
    assert sheet.figure.axes[1].get_yscale() == "linear"  # what grows is no cost, from however little
    assert "validation bleu 30" in curves.shows


@pytest.mark.parametrize("kind", ["word", "bpe"])
@pytest.mark.parametrize("corpus", ["multi30k.de-en", "multi30k.cs-en", "multi30k.fr-en"])
def test_the_language_is_found(corpus, kind, zoo_registry):
    try:
        dataset = load_dataset(zoo_registry.dataset(corpus), own=None, name=None, progress=Progress())
    except DataError as error:
        pytest.skip(f"no Multi30k: {error}")
    train = {name: array[:3000] for name, array in dataset.splits["train"].items()}
    reads, writes = (Vocabulary.fit(train[side], side=side, kind=kind, largest=4000) for side in ("source", "target"))
    language = {"de": "German", "cs": "Czech", "fr": "French"}[corpus.split(".")[1][:2]]
    assert tuple(sentences(reads)) == SENTENCES[language]
    assert tuple(known_to(writes)) == SENTENCES["English"]


def test_a_language_that_is_none_of_ours_is_not_known():
    text = ["La rapida volpe marrone salta sopra il cane pigro.", "Gli uomini leggono libri lunghi sotto alberi vecchi."] * 3
    assert known_to(Vocabulary.fit(text, side="target", least=1)) is None


def test_sentences_say_the_same_in_each_language():
    assert {len(set(texts)) for texts in SENTENCES.values()} == {28}


def test_sentences_near_to_the_corpus_come_first():
    """A vocabulary of the second half of our sentences knows those best."""
    texts = np.array(SENTENCES["German"], dtype=object)
    vocabulary = Vocabulary.fit([*texts[14:]] * 3, side="source", kind="word", least=2, largest=400)
    assert set(by_strangeness(vocabulary, texts)[:14]) == set(range(14, 28))
