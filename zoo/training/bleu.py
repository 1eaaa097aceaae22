"""How good translations are, by sacreBLEU and with its signatures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.training.task import Score


def scored(
    translations: np.ndarray, references: np.ndarray, names: Sequence[str] = ("bleu", "bleu_cased", "chrf")
) -> dict[str, Score]:
    """Figures of a corpus (arXiv 1804.08771), each 0 … 100.

    Args:
        translations: str [sentences].
        references: str [sentences], one of each.
        names: of those wanted.

    Returns:
        `bleu`, tokenised by 13a and lower-cased, the zoo's own figure; `bleu_cased`, the same with case; `chrf` (chrF2, with case;
        Popović 2015, WMT15).
    """
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    metrics = {"bleu": BLEU(lowercase=True, tokenize="13a"), "bleu_cased": BLEU(tokenize="13a"), "chrf": CHRF()}
    theirs, ours = [str(text) for text in translations], [[str(text) for text in references]]
    found = {name: float(metrics[name].corpus_score(theirs, ours).score) for name in names}
    return {name: Score(value, str(metrics[name].get_signature())) for name, value in found.items()}
