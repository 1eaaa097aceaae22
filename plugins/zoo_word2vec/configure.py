"""What follows from a config that `--set config.…` has changed."""

from __future__ import annotations

from zoo.errors import UsageError
from zoo.spec import ModelSpec, replaced
from zoo_word2vec import Config
from zoo_word2vec.recipes import KNOWN, NEIGHBOURS, SIMILARITY, analogy, sentence, vector

LEAST = {"numbers": 1, "window": 1, "chunk": 1, "least": 1, "most": 2, "sample": 0}


def configure(spec: ModelSpec) -> tuple[ModelSpec, None]:
    """The spec with outputs as wide as its vectors.

    Raises:
        UsageError: a number that makes no sense.
    """
    config = spec.config
    assert isinstance(config, Config)
    for name, least in LEAST.items():
        if (value := getattr(config, name)) < least:
            raise UsageError(f"config.{name} of {spec.id} is {value}; it should be at least {least}.", hint=f"zoo show {spec.id}")
    numbers = config.numbers
    of_word = next(tensor for tensor in spec.outputs if tensor.name == "vector")
    outputs = (NEIGHBOURS, SIMILARITY, vector(of_word.meaning, numbers), KNOWN)
    exports = {**spec.exports, "analogy": analogy(numbers), "sentence": sentence(numbers)}
    return replaced(spec, outputs=outputs, exports=exports), None
