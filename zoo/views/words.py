"""What word vectors have learned: which words they put side by side."""

from __future__ import annotations

import numpy as np

from zoo.report.neighbours import Neighbours
from zoo.report.word_map import Projection, WordMap
from zoo.text.similarity import unit
from zoo.training.words import words_of
from zoo.views.subject import LeftOut, Subject

LEAST = 30
"""Words of a vocabulary that has something to look at."""
MAPPED = 400
"""Words on the map."""
LOOKED_UP = 16
"""Words whose neighbours are shown."""
NEAREST = 10
"""Neighbours of each."""
COMMONEST = 50
"""Words that are left out, as most of them are function words, of a text in another language than English."""
PERPLEXITY = 30.0
"""Of t-SNE: neighbours that a word is to keep, about; its authors' range is 5 to 50."""
SKLEARN = "A second map, by t-SNE, needs scikit-learn: `pip install 'onnx-zoo[words]'`."
# English words that hold sentences together and mean little by themselves; "s", "t" and the like are what contractions leave.
LISTED = """
a about above accordingly across after again against all almost alone along already also although always am among an and another
any are as at away be became because become been before behind being below between beyond both but by came can cannot come could d
did do does doing done down during each either else enough especially etc even ever every few first for from further gave get give
given go had has have having he hence her here hers herself him himself his how however i if in indeed instead into is it its
itself just last least less let like ll m made make making many may me might mine more moreover most much must my myself near
neither never nevertheless next no nor not now of off often on once one only onto or other others otherwise ought our ours
ourselves out over own part per perhaps put quite rather re s same say see seem seems seen several shall she should since so some
still such t take taken than that the their theirs them themselves then there thereby therefore therein thereof these they thing
things this those though three through throughout thus till to together too toward towards two under until unto up upon us used ve
very was way we well were what whatever when where whereas wherever whether which while who whole whom whose why will with within
without would yet you your yours yourself
"""
FUNCTION = frozenset(LISTED.split())


def words(subject: Subject) -> WordMap:
    """The commonest words that carry meaning, on planes.

    Raises:
        LeftOut: the module holds no word vectors, or too few.
    """
    names, vectors, counts, meaning = _read(subject)
    rows = meaning[:MAPPED]
    units = unit(vectors[rows].astype(np.float64))  # [words, numbers]
    points, shares = components(units)
    placed = embedded(units)
    return WordMap(
        id=subject.id,
        words=tuple(names[row] for row in rows),
        counts=counts[rows],
        pca=Projection("Principal components", points, shares),
        tsne=None if placed is None else Projection("t-SNE", placed),
        missing="" if placed is not None else SKLEARN,
    )


def neighbours(subject: Subject) -> Neighbours:
    """Words at evenly spread ranks, with their nearest words of all.

    Raises:
        LeftOut: the module holds no word vectors, or too few.
    """
    names, vectors, counts, meaning = _read(subject)
    places = np.unique(np.geomspace(1, len(meaning), LOOKED_UP).round().astype(np.int64)) - 1
    rows = meaning[places]
    units = unit(vectors)
    cosines = units[rows] @ units.T  # [looked up, words]
    cosines[np.arange(len(rows)), rows] = -np.inf
    nearest = np.argsort(-cosines, 1, kind="stable")[:, :NEAREST]
    return Neighbours(
        id=subject.id,
        words=tuple(names[row] for row in rows),
        counts=counts[rows],
        nearest=tuple(tuple(names[row] for row in line) for line in nearest.tolist()),
        cosines=np.take_along_axis(cosines, nearest, 1).astype(np.float64),
        among=len(names) - 1,
    )


def _read(subject: Subject) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Words, vectors float32 [words, numbers], counts int64 [words], and rows of the words that carry meaning."""
    module = subject.word_vectors
    names = words_of(module)
    if len(names) < LEAST:
        raise LeftOut(f"it knows {len(names)} words; from {LEAST} on there is something to see")
    meaning = meaningful(names)
    if len(meaning) < NEAREST:
        raise LeftOut(f"only {len(meaning)} of its {len(names)} words are neither numbers nor function words")
    return names, module.vectors.detach().cpu().numpy(), module.counts.cpu().numpy(), meaning


def meaningful(names: list[str]) -> np.ndarray:
    """Rows of the words that are neither numbers nor function words, int64 [found].

    Function words are the English ones of a list; where that knows less than half of the commonest words, the text is in another
    language, and the commonest words count as such.

    Args:
        names: of the words, the commonest first.
    """
    top = min(COMMONEST, len(names) // 5)
    english = 2 * sum(name in FUNCTION for name in names[:top]) >= top
    kept = [
        row
        for row, name in enumerate(names)
        if not any(letter.isnumeric() for letter in name) and (name not in FUNCTION if english else row >= top)
    ]
    return np.array(kept, np.int64)


def components(units: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """The two principal components and their shares of the variance.

    Args:
        units: float64 [words, numbers].

    Returns:
        float64 [words, 2]; which of both directions is positive follows from the words, not from the library.
    """
    left, sizes, _ = np.linalg.svd(units - units.mean(0), full_matrices=False)
    points = np.zeros((len(units), 2))  # of vectors with one number there is one component
    points[:, : len(sizes)] = (left * sizes)[:, :2]
    farthest = points[np.abs(points).argmax(0), [0, 1]]
    shares = np.append(sizes**2, 0.0)[:2] / max(float((sizes**2).sum()), 1e-30)
    return points * np.where(farthest < 0, -1.0, 1.0), (float(shares[0]), float(shares[1]))


def embedded(units: np.ndarray) -> np.ndarray | None:
    """Places by t-SNE (van der Maaten & Hinton 2008), the widest direction across: float64 [words, 2]; the same for the same words.
    `None` where scikit-learn is not installed.

    Args:
        units: float64 [words, numbers], at least four words.
    """
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        return None
    perplexity = min(PERPLEXITY, (len(units) - 1) / 3)
    start = "pca" if units.shape[1] > 1 else "random"  # of one number there are no two components
    # Of vectors of length 1 the distance follows from the cosine.
    found = TSNE(perplexity=perplexity, init=start, learning_rate="auto", random_state=0, n_jobs=1).fit_transform(units)
    return components(found.astype(np.float64))[0]
