"""The word vectors of the zoo."""

from __future__ import annotations

from zoo.spec import SGD, AdamW, Export, LinearDecay, ModelSpec, NegativeSampling, Recipe, TensorSpec
from zoo_word2vec import Config

ANSWERS = 10
WORD = TensorSpec(name="word", dtype="string", shape=("batch",), meaning="a word: small, with a capital letter, or in capitals")
NEIGHBOURS = TensorSpec(
    name="neighbours", dtype="string", shape=("batch", ANSWERS), meaning="the nearest words; empty where the word is not known"
)
SIMILARITY = TensorSpec(
    name="similarity", dtype="float32", shape=("batch", ANSWERS), meaning="cosine with each; 0 where the word is not known"
)
KNOWN = TensorSpec(name="known", dtype="bool", shape=("batch",), meaning="whether the word is known")
LAST = 1e-4
"""What the learning rate falls to."""


def vector(meaning: str, numbers: int) -> TensorSpec:
    """An output that is a vector."""
    return TensorSpec(name="vector", dtype="float32", shape=("batch", numbers), meaning=meaning)


def analogy(numbers: int) -> Export:
    """Three words → the words that complete the analogy."""
    a, b, c = (
        TensorSpec(name=name, dtype="string", shape=("batch",), meaning=meaning)
        for name, meaning in (("a", "is to b"), ("b", "as c"), ("c", "is to the answers"))
    )
    answers = TensorSpec(
        name="answers", dtype="string", shape=("batch", ANSWERS), meaning="nearest to b - a + c; empty where a word is not known"
    )
    known = TensorSpec(name="known", dtype="bool", shape=("batch",), meaning="whether all three words are known")
    return Export(
        target="zoo_word2vec.export:analogy",
        inputs=(a, b, c),
        outputs=(answers, SIMILARITY, vector("b - a + c, of unit vectors", numbers), known),
    )


def sentence(numbers: int) -> Export:
    """A sentence → the mean of its words' vectors."""
    text = TensorSpec(name="text", dtype="string", shape=("batch",), meaning="a sentence")
    known = TensorSpec(name="known", dtype="bool", shape=("batch",), meaning="whether any of its words is known")
    mean = vector("the mean of the vectors of the words that are known; zeros where none is", numbers)
    return Export(target="zoo_word2vec.export:sentence", inputs=(text,), outputs=(mean, known))


def outputs(numbers: int) -> tuple[TensorSpec, ...]:
    """Of the graph of neighbours."""
    return NEIGHBOURS, SIMILARITY, vector("of the word; zeros where it is not known", numbers), KNOWN


def exports(numbers: int) -> dict[str, str | Export]:
    """All graphs."""
    return {"neighbours": "zoo_word2vec.export:neighbours", "analogy": analogy(numbers), "sentence": sentence(numbers)}


def model(tag: str, summary: str, source: str, task: str, config: Config, recipe: Recipe) -> ModelSpec:
    """A model of word vectors."""
    return ModelSpec(
        architecture="word2vec",
        tag=tag,
        summary=summary,
        source=source,
        task=task,
        build="zoo_word2vec.model:build",
        fit="zoo_word2vec.fitting:fit",
        configure="zoo_word2vec.configure:configure",
        config=config,
        recipe=recipe,
        dataset="text.sotu",
        inputs=(WORD,),
        outputs=outputs(config.numbers),
        exports=exports(config.numbers),
    )


def sampled(rate: float, shared: int) -> Recipe:
    """As word2vec.c trains: plain gradient descent, its rate falling in a line to almost nothing.

    Args:
        rate: to begin with. word2vec.c has 0.025 for skip-gram, 0.05 for bag of words; a fifth more was better for texts of two
            and three million words, by three of four lists each.
        shared: noise words of a chunk, where vectors change after a batch. A position of bag of words has one pair where one of
            skip-gram has six, and as many times less noise; so many more words can stand for it, and must, or each would weigh too
            much.
    """
    return Recipe(
        optimiser=SGD(lr=rate),
        batch_size=1024,
        epochs=5,
        schedule=LinearDecay(end=LAST / rate),
        loss=NegativeSampling(shared=shared),
    )


MODELS = (
    model(
        "skipgram",
        "Skip-gram with negative sampling",
        "Mikolov, Sutskever, Chen, Corrado & Dean 2013, arXiv 1310.4546",
        "zoo_word2vec.negative:SkipGram",
        Config(),
        sampled(0.03, 32),
    ),
    model(
        "cbow",
        "Continuous bag of words with negative sampling",
        "Mikolov, Chen, Corrado & Dean 2013, arXiv 1301.3781, section 3.1",
        "zoo_word2vec.negative:BagOfWords",
        Config(),
        sampled(0.06, 64),
    ),
    model(
        "softmax",
        "Skip-gram with the whole softmax over one-hot words, for teaching",
        "Mikolov, Chen, Corrado & Dean 2013, arXiv 1301.3781, section 3.2",
        "zoo_word2vec.softmax:Softmax",
        Config(most=2000),
        Recipe(optimiser=AdamW(lr=2e-3), batch_size=2048, epochs=2, schedule=LinearDecay(end=0.05)),
    ),
)
