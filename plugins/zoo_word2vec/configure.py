"""What follows from a config that `--set config.…` has changed."""

from __future__ import annotations

from zoo.errors import UsageError
from zoo.spec import ModelSpec, replaced
from zoo_word2vec import Config
from zoo_word2vec.recipes import KNOWN, NEIGHBOURS, SIMILARITY, analogy, sentence, vector

LEAST = {"numbers": 1, "window": 1, "chunk": 1, "least": 1, "most": 4, "sample": 0}
MOST = {"numbers": 10_000, "window": 100, "chunk": 1_000}
TABLE = 1 << 27
"""Numbers of the table of windows, which grows with their square: half a gigabyte."""


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
    for name, most in MOST.items():
        if (value := getattr(config, name)) > most:
            raise UsageError(f"config.{name} of {spec.id} is {value}; it should be at most {most:,}.", hint=f"zoo show {spec.id}")
    if (config.window + 1) ** 2 * config.chunk * 2 * (config.chunk + config.window) > TABLE:
        said = f"config.window={config.window} with config.chunk={config.chunk} takes too much memory; a smaller chunk takes less."
        raise UsageError(said, hint=f"zoo train {spec.id} --set config.window={config.window} --set config.chunk=8")
    numbers = config.numbers
    of_word = next(tensor for tensor in spec.outputs if tensor.name == "vector")
    outputs = (NEIGHBOURS, SIMILARITY, vector(of_word.meaning, numbers), KNOWN)
    exports = {**spec.exports, "analogy": analogy(numbers), "sentence": sentence(numbers)}
    return replaced(spec, outputs=outputs, exports=exports), None
