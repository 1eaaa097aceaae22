"""Vocabulary ↔ bytes: a line with the format's name, its version and the SHA-256 of the rest; then JSON in UTF-8."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from zoo.errors import IntegrityError
from zoo.text.vocabulary import SPECIAL, Vocabulary

NAME = b"zoo vocabulary"
VERSION = 1


def to_bytes(vocabulary: Vocabulary) -> np.ndarray:
    """uint8 [bytes]; equal vocabularies give equal bytes."""
    content = {
        "side": vocabulary.side,
        "kind": vocabulary.kind,
        "surfaces": vocabulary.surfaces[SPECIAL:],
        "forms": _grouped(vocabulary),
        "left": [number for number, flag in enumerate(vocabulary.left) if flag],
        "right": [number for number, flag in enumerate(vocabulary.right) if flag],
        "sentence_case": vocabulary.sentence_case,
        "merges": vocabulary.merges,
        "names": sorted(vocabulary.names),
    }
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    head = b"%s %d %s\n" % (NAME, VERSION, hashlib.sha256(body).hexdigest().encode())
    return np.frombuffer(head + body, np.uint8).copy()


def from_bytes(stored: np.ndarray | bytes) -> Vocabulary:
    """The vocabulary again.

    Raises:
        IntegrityError: not what `to_bytes` wrote.
    """
    data = stored if isinstance(stored, bytes) else np.asarray(stored, np.uint8).tobytes()
    head, _, body = data.partition(b"\n")
    parts = head.removeprefix(NAME).split()
    if not head.startswith(NAME) or len(parts) != 2:
        raise IntegrityError(f"These {len(data)} bytes are no vocabulary; one begins with {NAME.decode()!r}.")
    if parts[0] != b"%d" % VERSION:
        raise IntegrityError(f"The vocabulary is of version {parts[0].decode(errors='replace')}; this zoo reads version {VERSION}.")
    if hashlib.sha256(body).hexdigest().encode() != parts[1]:
        raise IntegrityError(f"The vocabulary is damaged: its {len(body)} bytes do not have the SHA-256 that they should.")
    try:
        return _made(json.loads(body))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IntegrityError(f"The vocabulary holds something else than one of version {VERSION} should: {error}.") from error


def _grouped(vocabulary: Vocabulary) -> list[list[str]]:
    """For each id its ways of writing."""
    groups: list[list[str]] = [[] for _ in vocabulary.surfaces[SPECIAL:]]
    for form in sorted(vocabulary.forms):
        groups[vocabulary.forms[form] - SPECIAL].append(form)
    return groups if vocabulary.forms else []


def _made(content: dict[str, Any]) -> Vocabulary:
    """What was stored.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: the hash is right, but another program made it of something else.
    """
    surfaces = ("",) * SPECIAL + tuple(content["surfaces"])
    if content["side"] not in ("source", "target") or content["kind"] not in ("word", "bpe"):
        raise ValueError(f"side {content['side']!r}, kind {content['kind']!r}")
    if len(content["forms"]) > len(content["surfaces"]):
        raise ValueError("more groups of forms than ids")
    if any(not SPECIAL <= number < len(surfaces) for merge in content["merges"] for number in merge):
        raise ValueError("a merge of an id that there is not")
    flags = {}
    for name in ("left", "right"):
        held = set(content[name])
        flags[name] = tuple(number in held for number in range(len(surfaces)))
    return Vocabulary(
        side=content["side"],
        kind=content["kind"],
        surfaces=surfaces,
        left=flags["left"],
        right=flags["right"],
        forms={form: number for number, group in enumerate(content["forms"], SPECIAL) for form in group},
        sentence_case=content["sentence_case"],
        merges=tuple((left, right, made) for left, right, made in content["merges"]),
        names=frozenset(content["names"]),
    )
