"""Word vectors: a word goes in, the words used like it come out.

| model | learns to tell | from |
|---|---|---|
| `word2vec.skipgram` | a word's neighbours from noise words | the word's vector |
| `word2vec.cbow` | a word from noise words | the mean of its neighbours' vectors |
| `word2vec.softmax` | which of all words is a neighbour, of the 2,000 commonest | the word's vector |

Each exports three graphs: `neighbours` (a word → ten words with their cosines, its vector, whether it is known), `analogy`
(three words → ten) and `sentence` (a sentence → the mean of its words' vectors).

Sources: Mikolov, Chen, Corrado & Dean 2013 (arXiv 1301.3781); Mikolov, Sutskever, Chen, Corrado & Dean 2013 (arXiv 1310.4546);
where these leave something open, the program word2vec.c that came with them.
"""

from __future__ import annotations

from collections.abc import Iterable

from zoo.hookspecs import hookimpl
from zoo.spec import CommandSpec, ModelSpec, Spec


class Config(Spec):
    """Shape of the network, and what it is shown of a text.

    Args:
        numbers: of a word's vector.
        window: most words to each side of a word that are its context; each position draws 1 … `window` (arXiv 1301.3781, 3.2).
        chunk: positions whose scores are one matrix product, where vectors change after a batch.
        sample: a word of frequency f is kept with probability √(sample/f) + sample/f; 0 keeps all.
        least: words that occur fewer times are left out.
        most: words of the vocabulary at most, the commonest.
        words: of the vocabulary; the data decide.
        letters: bytes of all of them; the data decide.
    """

    numbers: int = 100
    window: int = 5
    chunk: int = 32
    sample: float = 1e-3
    least: int = 5
    most: int = 200_000
    words: int | None = None
    letters: int | None = None

    @property
    def span(self) -> int:
        """Words of a chunk, with those that its first and last positions see beside it."""
        return self.chunk + 2 * self.window


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """Skip-gram, continuous bag of words, and the softmax over all words that both approximate."""
    from zoo_word2vec.recipes import MODELS

    return MODELS


@hookimpl
def zoo_commands() -> Iterable[CommandSpec]:
    """`zoo vectors`."""
    yield CommandSpec(
        name="vectors", help="Write word vectors as files that gensim and TensorBoard read.", target="zoo_word2vec.command:command"
    )
