"""Translation: sentences are read as ids, and each word of the translation is learned from those before it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from zoo.data.dataset import Split
from zoo.errors import UsageError
from zoo.progress import Progress
from zoo.spec import CrossEntropy
from zoo.text import PADDING, Vocabulary
from zoo.text.batches import like_length
from zoo.training.bleu import scored
from zoo.training.task import Score, Task

if TYPE_CHECKING:
    from zoo.progress import Advance
    from zoo.training.task import Resident

LONGEST = 200
"""Ids of a sentence that are learned from and looked at while training; what comes after them is cut off."""
POOL = 50
"""Batches whose sentences are sorted by length together: enough for rows of like length, few enough to stay random."""
AT_ONCE = 256
"""Sentences that are translated at once."""
WORDS_AT_ONCE = 4096
"""Ids of a batch, padding counted, when a split is evaluated."""
SILENT = Progress()


class Translator(Protocol):
    """What the task asks of a module.

    Attributes:
        source: the vocabulary that reads, uint8 (`zoo.text.Vocabulary.to_bytes`).
        target: the vocabulary that writes.
    """

    source: Tensor
    target: Tensor

    def __call__(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """int64 [batch, length], int64 [batch] and int64 [batch, time] → logits [words, target ids] of all that is no padding."""
        ...

    def translate(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        """int64 [batch, length] and int64 [batch] → tokens int64 [batch, time], copied int64 [batch, time], score [batch]."""
        ...


@runtime_checkable
class Shown(Protocol):
    """What the views ask of such a module beside."""

    def look(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor | None:
        """int64 [batch, length], [batch] and [batch, time] → weights [batch, time, length] of the attention; `None` without one."""
        ...

    def sentences(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Sentences that may be given away, str [sentences], and the same in the other language; `None` where there are none."""
        ...


class Sentences(dict[str, Tensor]):
    """A split as ids, with its text.

    Args:
        tensors: `source` int64 [n, length], `lengths` int64 [n] on the CPU, `target` int64 [n, time], `times` int64 [n] on the CPU.
        words: of the sources as they stood in the text [n, length].
        references: the translations, str [n].
    """

    def __init__(self, tensors: Mapping[str, Tensor], words: np.ndarray, references: np.ndarray) -> None:
        super().__init__(tensors)
        self.words, self.references = words, references


class Translation(Task):
    """The splits hold `source` and `target`, arrays of str; the module is a `Translator`."""

    metric = "bleu"
    higher_is_better = True
    loss_allowed = 0.5
    fixed_shapes = False

    @cached_property
    def vocabularies(self) -> tuple[Vocabulary, Vocabulary]:
        """Of the source and the target, fitted on the training split."""
        return vocabularies(self.spec.config, self.dataset.splits["train"])

    def prepare(self, module: nn.Module) -> None:
        """The module's vocabularies are those of the training split."""
        for name, vocabulary in zip(("source", "target"), self.vocabularies, strict=True):
            buffer: Tensor = getattr(module, name)
            buffer.copy_(torch.from_numpy(vocabulary.to_bytes().copy()))

    def resident(self, split: Split, device: torch.device) -> Sentences:
        """Ids of a split's sentences on the device; lengths stay on the CPU, where batches are cut."""
        return self._sentences(split, device, LONGEST)

    def _sentences(self, split: Split, device: torch.device, longest: int | None) -> Sentences:
        reads, writes = self.vocabularies
        read = reads.encode(split["source"], longest=longest)
        target, times = writes.encode_target(split["target"], longest=longest)
        tensors = {
            "source": torch.from_numpy(read.ids).to(device),
            "lengths": torch.from_numpy(read.lengths),
            "target": torch.from_numpy(target).to(device),
            "times": torch.from_numpy(times),
        }
        return Sentences(tensors, read.words, split["target"])

    def order(self, train: Resident, batch: int, seed: int, epoch: int) -> Tensor:
        """Batches of sentences of like length, int64 [examples] on the CPU: sentences are shuffled, sorted by length pool by pool,
        and their batches shuffled."""
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        times, lengths = train["times"], train["lengths"]
        shuffled = torch.randperm(len(times), generator=generator)
        key = times * (LONGEST + 1) + lengths
        pools = [pool[key[pool].argsort(stable=True)] for pool in torch.split(shuffled, POOL * batch)]
        batches = torch.split(torch.cat(pools), batch)
        # The short last batch stays the last: batches are cut from the order at multiples of their size.
        whole = [found for found in batches if len(found) == batch]
        mixed = torch.randperm(len(whole), generator=generator).tolist()
        return torch.cat([*(whole[place] for place in mixed), *(found for found in batches if len(found) < batch)])

    def batch(self, split: Resident, part: Tensor, chosen: Tensor) -> Resident:
        """Sentences cut to the longest among them, and `share`, the target ids of the whole batch that this part stands for."""
        part, chosen = part.cpu(), chosen.cpu()
        lengths, times = split["lengths"][part], split["times"][part]
        at = part.to(split["source"].device)
        share = float(split["times"][chosen].sum()) * len(part) / len(chosen)
        return {
            "source": split["source"][at, : int(lengths.max())],
            "lengths": lengths,
            "target": split["target"][at, : int(times.max())],
            "share": torch.tensor(share),
        }

    def whole(self, split: Resident) -> Resident:
        """All sentences as one batch."""
        everything = torch.arange(len(split["times"]))
        return self.batch(split, everything, everything)

    def loss(self, module: nn.Module, batch: Resident) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy in nats, mean over the target's ids, END counted; and the share of ids that were the most probable."""
        options = self.options
        logits = module(batch["source"], batch["lengths"], batch["target"]).float()  # [words, target ids]
        right = batch["target"][batch["target"] != PADDING]
        summed = functional.cross_entropy(logits, right, reduction="sum", label_smoothing=options.label_smoothing)
        return summed / batch["share"], {"accuracy": (logits.detach().argmax(1) == right).float().sum() / batch["share"]}

    @property
    def options(self) -> CrossEntropy:
        """The recipe's loss.

        Raises:
            UsageError: it is no loss of a translator.
        """
        options = self.recipe.loss if self.recipe else CrossEntropy()
        if not isinstance(options, CrossEntropy) or options.l1 or options.l2 or options.naive:
            raise UsageError(
                f"{self.spec.id} is a translator; its loss is cross-entropy, with label smoothing and no other option.",
                hint=f"zoo show {self.spec.id}",
            )
        return options

    def evaluate(self, module: nn.Module, split: Resident) -> dict[str, float]:
        """Loss (nats an id, without smoothing), perplexity, and BLEU of greedy translations."""
        assert isinstance(split, Sentences)
        was = module.training
        module.eval()
        try:
            likely, translations = self._measured(module, split, SILENT)
        finally:
            module.train(was)
        return {**likely, **scores(translations, split.references)}

    def examine(
        self, module: nn.Module, split: Split, device: torch.device, progress: Progress
    ) -> tuple[dict[str, Score], dict[str, np.ndarray]]:
        """See `Task.examine`; with the module's own vocabularies, whatever data the split is of.

        Returns:
            `loss` (nats an id), `perplexity` and what `score` gives of greedy translations; and these, as `translation`.
        """
        self.vocabularies = vocabularies_of(module)
        sentences = self._sentences(split, device, None)  # whole, as a graph reads them
        likely, translations = self._measured(module, sentences, progress)
        answers = {"translation": translations}
        return {**{name: Score(value) for name, value in likely.items()}, **self.score(answers, split)}, answers

    def _measured(self, module: nn.Module, split: Sentences, progress: Progress) -> tuple[dict[str, float], np.ndarray]:
        """Loss and perplexity, and greedy translations, str [sentences]."""
        with torch.inference_mode():
            loss = self._loss(module, split, progress)
            return {"loss": loss, "perplexity": float(np.exp(min(loss, 100.0)))}, self._translated(module, split, progress)

    def _loss(self, module: nn.Module, split: Sentences, progress: Progress) -> float:
        total, ids = 0.0, 0
        with progress.bar(f"{self.spec.id}: loss", len(split["lengths"]), unit="sentences") as advance:
            for part in _by_length(split["lengths"], split["times"]):
                batch = self.batch(split, part, part)
                right = batch["target"][batch["target"] != PADDING]
                logits = module(batch["source"], batch["lengths"], batch["target"]).float()
                total += float(functional.cross_entropy(logits, right, reduction="sum"))
                ids += len(right)
                advance(len(part))
        return total / ids

    def _translated(self, module: Any, split: Sentences, progress: Progress) -> np.ndarray:
        """Greedy translations, str [sentences]."""
        with progress.bar(f"{self.spec.id}: translating", len(split["lengths"]), unit="sentences") as advance:
            return self._each(module, split, advance)

    def _each(self, module: Any, split: Sentences, advance: Advance) -> np.ndarray:
        writes = self.vocabularies[1]
        translations = np.empty(len(split["lengths"]), object)
        order = split["lengths"].argsort(stable=True)
        sizes = split["lengths"].tolist()
        for batch in like_length(order.tolist(), sizes, most=AT_ONCE, padded=WORDS_AT_ONCE):
            part = torch.tensor(batch)
            lengths = split["lengths"][part]
            longest = int(lengths.max())
            source = split["source"][part.to(split["source"].device), :longest]
            tokens, copied, _ = module.translate(source, lengths.to(source.device))
            translations[part.numpy()] = writes.decode(
                tokens.cpu().numpy(), copied.cpu().numpy(), split.words[part.numpy(), :longest]
            )
            advance(len(part))
        return translations

    def judge(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, float]:
        """BLEU of a graph's translations."""
        return scores(answers["translation"], split["target"])

    def given(self, split: Split) -> dict[str, np.ndarray]:
        """The sources."""
        return {self.spec.inputs[0].name: split["source"]}

    def score(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, Score]:
        """BLEU and chrF, with sacreBLEU's signatures (`zoo.training.bleu`)."""
        return scored(answers["translation"], split["target"])


def vocabularies_of(module: Any) -> tuple[Vocabulary, Vocabulary]:
    """Those that a trained `Translator` holds: of the source, and of the target."""
    reads, writes = (Vocabulary.from_bytes(stored.cpu().numpy()) for stored in (module.source, module.target))
    return reads, writes


def vocabularies(config: Any, train: Split) -> tuple[Vocabulary, Vocabulary]:
    """Of the source and the target, as a config with `text`, `least` and `words` asks for."""
    reads, writes = (
        Vocabulary.fit(train[side], side=side, kind=config.text, least=config.least, largest=config.words)
        for side in ("source", "target")
    )
    return reads, writes


def scores(translations: np.ndarray, references: np.ndarray) -> dict[str, float]:
    """BLEU alone, by which epochs are compared and certificates judge."""
    return {name: score.value for name, score in scored(translations, references, ("bleu",)).items()}


def _by_length(lengths: Tensor, times: Tensor) -> list[Tensor]:
    """Batches of like length whose padded ids stay below a bound: int64 [sentences] each."""
    order = (times * (int(lengths.max()) + 1) + lengths).argsort(stable=True)
    found = like_length(order.tolist(), times.tolist(), most=AT_ONCE, padded=WORDS_AT_ONCE)
    return [torch.tensor(batch) for batch in found]
