"""The translator: its cells are torch's, its search is the textbook's, and what it learns is a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from zoo.errors import UsageError
from zoo.spec import CrossEntropy, replaced
from zoo.text import BEGIN, END, PADDING, UNKNOWN
from zoo.training.build import make_task
from zoo.training.distributed import Group
from zoo.training.options import Options, check_solver
from zoo.training.translation import LONGEST as LONGEST_LEARNED
from zoo.training.translation import POOL, Translation
from zoo_seq2seq import Config
from zoo_seq2seq.cells import Cell, Encoder
from zoo_seq2seq.model import Translator, build
from zoo_seq2seq.search import LONGEST, Search

SMALL = Config(embedding=16, hidden=16, source_ids=30, target_ids=25, dropout=0.0)
LENGTH = 9
KINDS = [
    replaced(SMALL, cell=cell, attention=attention, feeding=cell != "rnn")
    for cell in ("gru", "lstm", "rnn")
    for attention in ("general", "additive", "none")
]


def lively(config: Config) -> Translator:
    """Random weights that make up their mind, in float64."""
    torch.manual_seed(0)
    module = build(config).double().eval()
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(2.5)
        module.bias[END] += 1.5
    return module


def sentences(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random ids of random lengths, padded."""
    generator = torch.Generator().manual_seed(1)
    lengths = torch.randint(1, LENGTH + 1, (count,), generator=generator)
    lengths[0] = LENGTH
    ids = torch.randint(4, 30, (count, LENGTH), generator=generator)
    ids[torch.arange(LENGTH) >= lengths.unsqueeze(1)] = PADDING
    ids[torch.arange(count), lengths - 1] = END
    return ids, lengths


def by_the_book(module: Translator, ids: list[int], width: int, penalty: float) -> tuple[list[int], list[int], float]:
    """Beam search over one sentence, with lists and a sort; width 1 is greedy."""
    if ids == [END]:
        return [], [], 0.0
    encoded = module.encode(torch.tensor([ids]), torch.tensor([len(ids)]))
    barred = {PADDING, BEGIN} | (set() if module.attention is not None else {UNKNOWN})
    beams: list[tuple[Any, ...]] = [([], [], 0.0, False, encoded["state"], module.first_fed(encoded))]
    for _ in range(LONGEST[0] * len(ids) + LONGEST[1]):
        found: list[tuple[Any, ...]] = []
        for tokens, copied, total, done, state, fed in beams:
            if done:
                found.append((tokens, copied, total, True, state, fed))
                continue
            gates = module.cell.word(module.write(torch.tensor([tokens[-1] if tokens else BEGIN])))
            readout, after, weights = module.step(gates, fed, state, encoded)
            looked = int(weights.argmax())
            likely = module.logits(readout).log_softmax(1)[0].tolist()
            for token, share in enumerate(likely):
                if token not in barred:
                    next_fed = module.next_fed(readout, fed)
                    found.append(([*tokens, token], [*copied, looked], total + share, token == END, after, next_fed))
        beams = sorted(found, key=lambda one: -one[2] / len(one[0]) ** penalty)[:width]
        if all(done for _, _, _, done, _, _ in beams):
            break
    tokens, copied, total = beams[0][:3]
    return tokens, copied, total / len(tokens) ** penalty


@pytest.mark.parametrize(("width", "penalty"), [(1, 1.0), (3, 1.0), (5, 0.6)])
@pytest.mark.parametrize("config", KINDS, ids=lambda config: f"{config.cell}-{config.attention}")
def test_the_search_is_the_textbooks(config, width, penalty):
    module = lively(config)
    ids, lengths = sentences(6)
    search = Search(module, width=width, penalty=penalty)
    search.margins = True
    with torch.inference_mode():
        tokens, copied, score, margin = search(ids, lengths)
        for place, sentence in enumerate(ids):
            expected = by_the_book(module, sentence[sentence != PADDING].tolist(), width, penalty)
            written = len(expected[0])
            assert tokens[place, :written].tolist() == expected[0]
            assert not tokens[place, written:].any()
            assert copied[place, :written].tolist() == expected[1]
            assert score[place].item() == pytest.approx(expected[2], abs=1e-9)
    assert (margin > 0).all()
    assert margin[lengths > 1].isfinite().all()


@pytest.mark.parametrize("width", [1, 4])
def test_a_sentence_is_translated_alike_in_any_company(width):
    module = lively(SMALL)
    ids, lengths = sentences(8)
    search = Search(module, width=width)
    with torch.inference_mode():
        together = search(ids, lengths)
        for place in range(len(ids)):
            alone = search(ids[place : place + 1, : int(lengths[place])], lengths[place : place + 1])
            size = min(alone[0].shape[1], together[0].shape[1])
            assert torch.equal(alone[0][0, :size], together[0][place, :size])
            torch.testing.assert_close(alone[2][0], together[2][place])


@pytest.mark.parametrize("width", [1, 4])
def test_nothing_is_said_of_an_empty_sentence(width):
    module = lively(SMALL)
    ids, lengths = sentences(3)
    ids[1], lengths[1] = torch.tensor([END] + [PADDING] * (LENGTH - 1)), 1
    search = Search(module, width=width)
    search.margins = True
    with torch.inference_mode():
        tokens, _, score, margin = search(ids, lengths)
    assert not tokens[1].any()
    assert score[1] == 0
    assert margin[1] == float("inf")
    assert tokens[0].any()


def test_a_margin_is_what_it_takes_to_turn_the_answer():
    """Where a word is made likelier by more than the gap at its step, the search turns there."""
    module = lively(SMALL)
    ids, lengths = sentences(1)
    search = Search(module)
    search.margins = True
    with torch.inference_mode():
        tokens, _, _, margin = search(ids, lengths)
        first = tokens[0, 0]
        encoded = module.encode(ids, lengths)
        gates = module.cell.word(module.write(torch.tensor([BEGIN])))
        readout, _, _ = module.step(gates, module.first_fed(encoded), encoded["state"], encoded)
        likely = module.logits(readout).log_softmax(1)[0] + search.barred
        best, second = likely.topk(2).values
        assert margin[0] <= best - second
        module.bias[likely.topk(2).indices[1]] += float(best - second) * 1.01 + 1e-9
        assert search(ids, lengths)[0][0, 0] != first


@pytest.mark.parametrize(("kind", "other"), [("rnn", nn.RNNCell), ("gru", nn.GRUCell), ("lstm", nn.LSTMCell)])
def test_cells_are_torchs(kind, other):
    torch.manual_seed(0)
    cell, theirs = Cell(kind, 5, 3, 4), other(8, 4)
    with torch.no_grad():
        theirs.weight_ih.copy_(torch.cat([cell.word.weight, cell.fed.weight], 1))
        theirs.weight_hh.copy_(cell.past.weight)
        theirs.bias_ih.copy_(cell.word.bias)
        theirs.bias_hh.copy_(cell.past.bias)
    word, fed, state = torch.randn(7, 5), torch.randn(7, 3), torch.randn(7, 8 if kind == "lstm" else 4)
    ours = cell(cell.word(word), fed, state)
    if kind == "lstm":
        expected = torch.cat(theirs(torch.cat([word, fed], 1), tuple(state.chunk(2, 1))), 1)
    else:
        expected = theirs(torch.cat([word, fed], 1), state)
    torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_the_encoder_does_not_read_beyond_the_end(kind):
    torch.manual_seed(0)
    encoder = Encoder(kind, 5, 4, 2, 0.0).eval()
    words, lengths = torch.randn(3, 6, 5), torch.tensor([6, 1, 3])
    outputs, last = encoder(words, lengths)
    changed = words.clone()
    changed[1, 1:], changed[2, 3:] = 9.0, -9.0
    again, again_last = encoder(changed, lengths)
    assert torch.equal(outputs, again)
    assert torch.equal(last, again_last)
    assert not outputs[1, 1:].any()


def test_learning_sees_what_the_search_sees():
    """The loss of a translation that the search has found is the search's own score."""
    module = lively(SMALL)
    ids, lengths = sentences(4)
    with torch.inference_mode():
        tokens, _, score = Search(module)(ids, lengths)
        logits = module(ids, lengths, tokens)
    kept = tokens != PADDING
    likely = logits.log_softmax(1)[torch.arange(int(kept.sum())), tokens[kept]]
    ended = [found for found in range(4) if END in tokens[found]]
    assert ended
    at = 0
    for place in range(4):
        size = int(kept[place].sum())
        if lengths[place] == 1:
            continue
        # What the search may never write still has its share of the probabilities.
        assert likely[at : at + size].mean().item() == pytest.approx(score[place].item(), abs=1e-9)
        at += size


@pytest.fixture(scope="module")
def task(zoo_registry) -> Translation:
    spec = zoo_registry.model("seq2seq.gru-attention")
    from zoo.data.load import load_dataset
    from zoo.errors import DataError
    from zoo.progress import Progress

    try:
        dataset = load_dataset(zoo_registry.dataset(spec.dataset), own=None, name=None, progress=Progress())
    except DataError as error:
        pytest.skip(f"no Multi30k: {error}")
    made = make_task(spec, spec.recipe, dataset)
    assert isinstance(made, Translation)
    return made


@pytest.fixture(scope="module")
def training(task):
    return task.resident({name: array[:3000] for name, array in task.dataset.splits["train"].items()}, torch.device("cpu"))


def test_an_epoch_has_every_sentence_once_and_little_padding(task, training):
    orders = [task.order(training, 64, seed=3, epoch=epoch) for epoch in (0, 0, 1)]
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])
    ids = padded = shuffled = 0
    for order, plain in ((orders[0], False), (torch.arange(3000), True)):
        assert order.sort().values.tolist() == list(range(3000))
        for part in order.split(64):
            times = training["times"][part]
            if plain:
                shuffled += len(part) * int(times.max())
            else:
                ids, padded = ids + int(times.sum()), padded + len(part) * int(times.max())
    assert padded < 1.1 * ids < shuffled
    assert POOL * 64 > 3000  # one pool here: all of it is sorted


def test_shares_of_a_batch_add_up_to_its_loss(task, training):
    """Two processes get, after averaging, what one alone gets: each id of the target counts the same."""
    config = replaced(SMALL, source_ids=len(task.vocabularies[0]), target_ids=len(task.vocabularies[1]))
    torch.manual_seed(0)
    module = build(config).eval()
    with torch.no_grad():
        module.bias[END] += 5  # which is right once in each sentence, so that short ones have more of their ids right
    chosen = torch.arange(10, 31)
    loss, metrics = task.loss(module, task.batch(training, chosen, chosen))
    parts = []
    for group in (Group(rank=rank, size=2) for rank in range(2)):
        part, weight = group.share(chosen)
        parts.append(group.weighed(*task.loss(module, task.batch(training, part, chosen)), weight, summed=task.summed))
    torch.testing.assert_close(sum(part[0] for part in parts) / 2, loss)
    assert metrics["accuracy"] > 0
    torch.testing.assert_close(sum(part[1]["accuracy"] for part in parts) / 2, metrics["accuracy"])


def test_unknown_words_are_copied(task):
    reads, writes = task.vocabularies
    read = reads.encode(np.array(["Ein Mann namens Qwertz läuft."], dtype=object))
    place = list(read.words[0]).index("Qwertz")
    assert read.ids[0, place] == UNKNOWN
    known = writes.encode_target(np.array(["A man runs."], dtype=object))[0][0].tolist()
    tokens = np.array([[known[0], UNKNOWN, *known[2:]]])
    copied = np.array([[0, place, *[0] * (len(known) - 2)]])
    assert writes.decode(tokens, copied, read.words).tolist() == ["A Qwertz runs."]


def test_a_loss_with_other_options_is_refused(task):
    other = make_task(task.spec, replaced(task.recipe, loss=CrossEntropy(l2=0.1)), task.dataset)
    with pytest.raises(UsageError, match="its loss is cross-entropy, with label smoothing"):
        _ = other.options


def test_long_sentences_are_cut_while_training_and_whole_where_they_are_judged(task):
    split = {name: np.array(["ein Mann " * 150], dtype=object) for name in ("source", "target")}
    assert task.resident(split, torch.device("cpu"))["lengths"].tolist() == [LONGEST_LEARNED]
    whole = task._sentences(split, torch.device("cpu"), None)
    assert (whole["lengths"].tolist(), whole["times"].tolist()) == ([301], [301])


def test_its_steps_cannot_be_captured(task):
    with pytest.raises(UsageError, match=r"the batches of seq2seq\.gru-attention differ in length"):
        check_solver(task.spec, task.recipe, Options(captured=True))
