"""What follows from a config that `--set config.…` has changed."""

from __future__ import annotations

from zoo.errors import UsageError
from zoo.spec import ModelSpec, replaced
from zoo_word2vec import Config
from zoo_word2vec.recipes import exports, outputs

RANGES: dict[str, tuple[int, int | None]] = {
    "numbers": (1, 10_000),
    "window": (1, 100),
    "chunk": (1, 1_000),
    "least": (1, None),
    "most": (4, None),
    "sample": (0, None),
}


def configure(spec: ModelSpec) -> tuple[ModelSpec, None]:
    """The spec with outputs as wide as its vectors.

    Raises:
        UsageError: a number that makes no sense.
    """
    config = spec.config
    assert isinstance(config, Config)
    for name, (least, most) in RANGES.items():
        value = getattr(config, name)
        if value < least or (most and value > most):
            right = f"at least {least}" if value < least else f"at most {most:,}"
            raise UsageError(f"config.{name} of {spec.id} is {value}; it should be {right}.", hint=f"zoo show {spec.id}")
    return replaced(spec, outputs=outputs(config.numbers), exports=exports(config.numbers)), None
