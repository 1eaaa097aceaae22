"""Small texts, and the networks that learn from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zoo import paths
from zoo.data.dataset import Dataset, texts
from zoo.registry import registry
from zoo.spec import replaced, to_plain
from zoo.text.corpus import read_corpus
from zoo.training.build import build_module, fitted_config, make_task, with_config

LETTERS = "the cat sat on the mat and the dog sat by the cat\nthe dog and the cat ran\non and on the dog ran by the mat\n"


def dataset_of(text: str) -> Dataset:
    """A text as the data set of the plugin gives it."""
    corpus = read_corpus(lambda: [text.encode()], paths.data_home() / "corpora", text)
    words = {"word": texts(corpus.words), "count": corpus.counts}
    return Dataset(id="small", splits={"train": {"token": corpus.tokens}, "test": words}, classes=(), origin="a test")


def network(model: str, text: str = LETTERS, recipe=None, **config):
    """Task, module and data set of `word2vec.model` for a text."""
    spec = registry().model(f"word2vec.{model}")
    dataset = dataset_of(text)
    shape = replaced(spec.config, **{"least": 1, "numbers": 6, "sample": 0.0, **config})
    spec, _ = with_config(spec, fitted_config(spec, shape, dataset))
    task = make_task(spec, replaced(spec.recipe, **(recipe or {})), dataset)
    module = build_module(spec, to_plain(spec.config))
    task.prepare(module)
    return task, module, dataset


def written(folder: Path, text: str, name: str = "text.txt") -> Path:
    """A file of text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def lines_of(tokens: np.ndarray) -> list[list[int]]:
    """Ids by line."""
    found: list[list[int]] = [[]]
    for token in tokens.tolist():
        if token < 0:
            found.append([])
        else:
            found[-1].append(token)
    return [line for line in found if line]
