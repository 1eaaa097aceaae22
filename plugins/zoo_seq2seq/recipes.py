"""The translators, row by row: network, recipe and goals."""

from __future__ import annotations

from zoo.spec import AdamW, CrossEntropy, ModelSpec, OneCycle, Recipe, Reference, TensorSpec
from zoo_seq2seq import Config

TEXT = TensorSpec(name="text", dtype="string", shape=("batch",), meaning="a sentence in the source language")
TRANSLATION = TensorSpec(name="translation", dtype="string", shape=("batch",), meaning="the sentence in the target language")
SCORE = TensorSpec(
    name="score",
    dtype="float32",
    shape=("batch",),
    meaning="natural log of the translation's probability over its number of ids",
    high=0,
)
OURS = "goal of this zoo: sacreBLEU, lower-cased, 13a, test split"

RECIPE = Recipe(
    optimiser=AdamW(lr=2e-3, beta2=0.98, weight_decay=0.01),
    schedule=OneCycle(warmup=0.1),
    batch_size=128,
    epochs=20,
    loss=CrossEntropy(label_smoothing=0.1),
    clip=1.0,
    precision="auto",
    keep="best",
)


def model(
    tag: str,
    summary: str,
    source: str,
    config: Config,
    goal: float | None = None,
    dataset: str = "multi30k.de-en",
) -> ModelSpec:
    """One row."""
    return ModelSpec(
        architecture="seq2seq",
        tag=tag,
        summary=summary,
        source=source,
        task="zoo.training.translation:Translation",
        build="zoo_seq2seq.model:build",
        fit="zoo_seq2seq.fitting:fit",
        config=config,
        recipe=RECIPE,
        dataset=dataset,
        inputs=(TEXT,),
        outputs=(TRANSLATION, SCORE),
        exports={"greedy": "zoo_seq2seq.export:greedy", "beam": "zoo_seq2seq.export:beam"},
        references=(Reference(metric="bleu", value=goal, rule="at_least", source=OURS),) if goal else (),
    )


MODELS = (
    model(
        "gru-attention",
        "GRU, both ways, with attention and input feeding",
        "Bahdanau, Cho & Bengio 2015, arXiv 1409.0473; Luong, Pham & Manning 2015, arXiv 1508.04025",
        Config(),
        35.0,
    ),
    model(
        "lstm-attention",
        "LSTM, both ways, with attention and input feeding",
        "Luong, Pham & Manning 2015, arXiv 1508.04025",
        Config(cell="lstm"),
        35.0,
    ),
    model(
        "gru",
        "GRU without attention: the whole sentence in one vector, fed at every step",
        "Cho et al. 2014, arXiv 1406.1078",
        Config(attention="none"),
        24.0,
    ),
    model(
        "lstm",
        "LSTM without attention",
        "Sutskever, Vinyals & Le 2014, arXiv 1409.3215",
        Config(cell="lstm", attention="none"),
        20.0,
    ),
    model(
        "rnn",
        "Elman's network without attention, for comparison",
        "Elman 1990, Cognitive Science 14(2), 179-211",
        Config(cell="rnn", attention="none"),
    ),
    model(
        "help-pl-en",
        "GRU with attention over byte pairs, Polish to English: software help",
        "Bahdanau, Cho & Bengio 2015, arXiv 1409.0473; Sennrich, Haddow & Birch 2016, arXiv 1508.07909",
        Config(text="bpe", words=6_000),
        30.0,
        dataset="lohelp.pl-en",
    ),
)
"""In the order of the listing; the first is the default."""
