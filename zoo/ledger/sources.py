"""Which of a plugin's files a model's figures depend on."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from zoo.spec import ModelSpec


def source_hash(spec: ModelSpec, *others: str) -> str:
    """SHA-256 of the plugin's files that build, train and feed a model: the modules its references name, with what these import
    from their own package.

    The package's `__init__.py` is left out: what it declares of this model, config and recipe, is compared by itself, and a
    plugin must be able to declare one model more without its others having to be trained anew. What zoo itself brings is left
    out too; the record names its version.

    Args:
        spec: of the model.
        others: further references, `"module:function"`, that decide its figures.
    """
    references = [spec.build, spec.task, *others, *([spec.parent.adopt] if spec.parent else [])]
    if spec.recipe and isinstance(spec.recipe.loss, str):
        references.append(spec.recipe.loss)
    found: dict[str, Path] = {}
    for reference in references:
        module = reference.partition(":")[0]
        if module.partition(".")[0] != "zoo":
            _gather(module, found)
    digest = hashlib.sha256()
    for name, path in sorted(found.items()):
        digest.update(f"{name}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _gather(module: str, found: dict[str, Path]) -> None:
    """The files of `module` and of what it imports from its own package."""
    parent = module.rpartition(".")[0]
    if module in found or not parent or parent in found:  # or a name within a module, which would be imported to look for it
        return
    try:
        place = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # a name within a module
        return
    if place is None or place.origin is None:
        return
    path = Path(place.origin)
    if path.name == "__init__.py":
        return
    found[module] = path
    package = module.partition(".")[0]
    for name in _imported(ast.parse(path.read_bytes())):
        if name.partition(".")[0] == package:
            _gather(name, found)


def _imported(tree: ast.AST) -> Iterator[str]:
    """Names of modules that a file may import, absolutely; some are names within a module and lead nowhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
