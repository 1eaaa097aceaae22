"""Text for translators: the same words and ids in Python as in the exported graph.

    marks.py        which characters are white space, which are punctuation marks
    tokens.py       text → words and marks
    vocabulary.py   words ↔ ids, the two sides of a translator
    fitting.py      training sentences → vocabulary
    pairs.py        byte-pair encoding: words → pieces
    stored.py       vocabulary ↔ bytes
    batches.py      texts of like length together
    corpus.py       running text → a memory map of word ids
    similarity.py   word vectors → figures

Nothing here imports torch or onnx. The twin of `encode` and `decode` in ONNX is `zoo.exporting.text`.
"""

from zoo.text.tokens import normalise, well_formed, words_of
from zoo.text.vocabulary import BEGIN, END, PADDING, UNKNOWN, Encoded, Vocabulary

__all__ = ["BEGIN", "END", "PADDING", "UNKNOWN", "Encoded", "Vocabulary", "normalise", "well_formed", "words_of"]
