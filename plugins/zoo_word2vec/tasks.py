"""Learning word vectors from running text: what skip-gram, bag of words and softmax have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from zoo.data.dataset import Split
from zoo.errors import DataError, UsageError
from zoo.registry import registry
from zoo.spec import CrossEntropy, ModelSpec, NegativeSampling, Recipe, to_plain
from zoo.training.judged import judge_words, load_lists
from zoo.training.task import Score, Task
from zoo.training.words import WordVectors, spell, words_of
from zoo_word2vec import Config
from zoo_word2vec.configure import configure
from zoo_word2vec.draws import Alias
from zoo_word2vec.positions import STRETCH, Epoch, gathered, kept, windows_of

if TYPE_CHECKING:
    from zoo.progress import Progress
    from zoo.training.task import Resident

T = TypeVar("T")
NOISE_POWER = 0.75
"""Of a word's count, to which its chance as a noise word is proportional (arXiv 1310.4546, 2.2)."""
TABLE = 1 << 27
"""Numbers of the table of windows, which grows with their square: half a gigabyte."""
NOISE = TABLE // STRETCH
"""Noise words of a position at most: where each has its own, those of a stretch are then half a gigabyte."""
SAMPLES, SAMPLE = 50, 4096
"""Stretches of the text, and tokens of each, that the loss is measured on; spread over all of it."""


class Text(Task):
    """The split `train` holds `token`, ids by falling frequency with -1 at a line's end; `test` the words with their counts."""

    metric = "text_loss"
    higher_is_better = False
    loss_allowed = 0.01
    fixed_shapes = False
    drawn: ClassVar[bool] = True

    @property
    def config(self) -> Config:
        """Of the network, with the number of words."""
        assert isinstance(self.spec.config, Config)
        return self.spec.config

    @property
    def options(self) -> NegativeSampling:
        """How noise words are drawn; where the loss has none, one is drawn and not looked at."""
        loss = self.recipe.loss if self.recipe else None
        return loss if isinstance(loss, NegativeSampling) else NegativeSampling(shared=1)

    @classmethod
    def check(cls, spec: ModelSpec, recipe: Recipe) -> None:
        """See `Task.check`: the loss is the model's own, and what is held in memory has a bound.

        Raises:
            UsageError: it is another one, or a number makes no sense, or windows, chunks and shared noise words are too many.
        """
        assert spec.recipe is not None
        kind = type(spec.recipe.loss)
        if not isinstance(recipe.loss, kind) or (kind is CrossEntropy and recipe.loss != CrossEntropy()):
            name = to_plain(spec.recipe.loss)["name"]
            said = (
                f"The loss of {spec.id} is {name}{', without options' if kind is CrossEntropy else ''}; no other is learned by it."
            )
            raise UsageError(said, hint=f"zoo show {spec.id}")
        configure(spec)  # each number by itself
        if (negative := getattr(recipe.loss, "negative", 1)) > NOISE:
            raise UsageError(f"loss.negative={negative} takes too much memory; at most {NOISE} can be had, and 5 to 20 are usual.")
        config, shared = spec.config, getattr(recipe.loss, "shared", 1)
        assert isinstance(config, Config)
        if (config.window + 1) ** 2 * config.chunk * (config.span + shared) > TABLE:
            said = f"config.window={config.window}, config.chunk={config.chunk} and loss.shared={shared} take too much memory"
            raise UsageError(f"{said}; a smaller chunk takes less.", hint=f"zoo train {spec.id} --set config.chunk=8")

    @cached_property
    def counts(self) -> Tensor:
        """Of each word of the vocabulary, int64 [words]."""
        return torch.from_numpy(np.array(self.dataset.splits["test"]["count"][: self.config.words], np.int64))

    def prepare(self, module: nn.Module) -> None:
        """The module's words are those of the text."""
        assert isinstance(module, WordVectors)
        words = self.dataset.splits["test"]["word"][: self.config.words]
        spelled = torch.frombuffer(bytearray(spell(words)), dtype=torch.uint8).to(module.spelled.device)
        if module.spelled.any() and not torch.equal(module.spelled, spelled):
            raise UsageError(f"The weights that {self.spec.id} is to begin with are of other words, or of another order of them.")
        module.spelled.copy_(spelled)
        module.counts.copy_(self.counts)

    def resident(self, split: Split, device: torch.device) -> Resident:
        """The text, where the split has one, else the words' counts."""
        name = "token" if "token" in split else "count"
        return super().resident({name: split[name]}, device)

    def order(self, train: Resident, batch: int, seed: int, epoch: int) -> Any:
        """The text as it stands; slices are `Positions`."""
        return self.epoch(train["token"], batch, seed, epoch)

    def epoch(self, tokens: Tensor, batch: int, seed: int, number: int, kind: type[Epoch] = Epoch) -> Epoch:
        """A pass over `tokens`."""
        device = tokens.device
        always, never = torch.ones(1), torch.zeros(1)  # a line's end, and rarer words; torch.rand is below 1
        keep = self.once("keep", device, lambda: torch.cat([self.keep.float(), always, never]).to(device))
        noise = self.once("noise", device, lambda: Alias(self.counts.numpy().astype(np.float64) ** NOISE_POWER, device))
        return kind(tokens, keep, noise, self.options, self.config, batch, seed, number)

    @cached_property
    def keep(self) -> Tensor:
        """With which probability each word is kept, float64 [words]."""
        return kept(self.counts, self.config.sample)

    def once(self, name: str, device: torch.device, make: Callable[[], T]) -> T:
        """What `make` gives; made once for each device."""
        if (name, device) not in self._made:
            self._made[name, device] = make()
        found: T = self._made[name, device]
        return found

    @cached_property
    def _made(self) -> dict[tuple[str, torch.device], Any]:
        return {}

    def windows(self, batch: Resident) -> Tensor:
        """Weights of each position's pairs, float32 [chunks, chunk, span + shared] (`windows_of`)."""
        codes = batch["codes"]
        table = self.once("windows", codes.device, lambda: windows_of(self.config, self.options).to(codes.device))
        return gathered(table, codes.view(-1, self.config.chunk))

    def batch(self, split: Resident, part: Any, chosen: Any) -> Resident:  # noqa: ARG002 - an epoch cuts itself
        """The `Positions` themselves."""
        return part  # type: ignore[no-any-return]

    @abstractmethod
    def measured(self, module: WordVectors, batch: Resident) -> tuple[Tensor, Tensor]:
        """The loss of all pairs of a batch, summed, and how many there are: scalars."""

    def evaluate(self, module: nn.Module, split: Resident) -> dict[str, float]:
        """The loss for each pair of words, in nats, on stretches of the split's text; of one without text, of the text that was
        learned from. The draws are always the same."""
        assert isinstance(module, WordVectors)
        tokens = _sampled(split["token"]) if "token" in split else self._sample.to(module.vectors.device)
        with torch.inference_mode():
            epoch = self.epoch(tokens, SAMPLE, 0, 0)
            parts = (epoch[start : start + SAMPLE] for start in range(0, len(tokens), SAMPLE))
            found = [torch.stack(self.measured(module, part)).double() for part in parts]
        total, pairs = torch.stack(found).sum(0).tolist()
        if not pairs:
            raise UsageError(f"The text that {self.spec.id} is measured on has no two words of its vocabulary in one line.")
        return {"text_loss": total / pairs}

    @cached_property
    def _sample(self) -> Tensor:
        return _sampled(self.resident(self.dataset.splits["train"], torch.device("cpu"))["token"])

    def judge(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, float]:  # noqa: ARG002 - answers have no loss
        """Nothing: what an answer is worth, only people can say (`score`)."""
        return {}

    def score(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, Score]:
        """Similarities and analogies beside what people say (`zoo.training.judged`), of the vectors that a graph gives."""
        known = answers["known"].astype(bool)
        return self._judged(answers["vector"][known], list(split["word"][known]))

    def examine(
        self, module: nn.Module, split: Split, device: torch.device, progress: Progress
    ) -> tuple[dict[str, Score], dict[str, np.ndarray]]:
        """See `Task.examine`: the loss, where the words are the data's, and what `score` gives of the module's own vectors."""
        assert isinstance(module, WordVectors)
        words, found = words_of(module), dict[str, Score]()
        if words == list(self.dataset.splits["test"]["word"][: len(words)]):
            found = {name: Score(value) for name, value in self.evaluate(module, self.resident(split, device)).items()}
        try:
            return found | self._judged(module.vectors.detach().float().cpu().numpy(), words, progress), {}
        except DataError as error:  # the lists are not part of the text; what can be measured without them is
            progress.note(f"warning: {error}")
            return found, {}

    def given(self, split: Split) -> dict[str, np.ndarray]:
        """The words.

        Raises:
            UsageError: the split is running text.
        """
        if "word" not in split:
            hint = f"zoo eval --run {self.spec.id}"
            raise UsageError(f"An artifact of {self.spec.id} is asked for words; the split is running text.", hint=hint)
        return super().given(split)

    def _judged(self, vectors: np.ndarray, words: list[str], progress: Progress | None = None) -> dict[str, Score]:
        from zoo.progress import Progress

        return judge_words(vectors, words, load_lists(registry(), progress or Progress()))


def _sampled(tokens: Tensor) -> Tensor:
    """Stretches spread over a text, one after the other."""
    if len(tokens) <= SAMPLES * SAMPLE:
        return tokens
    starts = np.linspace(0, len(tokens) - SAMPLE, SAMPLES).astype(np.int64)
    return torch.cat([tokens[start : start + SAMPLE] for start in starts])
