"""An artifact's pages (Markdown) as HTML that the browser page can show: text escaped, pictures of the artifact alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

CARDS = {"README.md": "card.html", "certificate.md": "certificate.html"}
"""A page of an artifact → what it becomes."""
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
"""Metadata for a hub of models, which is no text."""


def card(contents: Mapping[str, bytes], path: str) -> dict[str, bytes]:
    """File name → HTML of the pages among an artifact's files.

    Args:
        contents: the artifact's files.
        path: where they lie, relative to the page, with its last `/`.
    """
    made = {}
    for name, target in CARDS.items():
        if name in contents:
            made[target] = html(contents[name].decode(errors="replace"), path, contents).encode()
    return made


def html(markdown: str, path: str, pictures: Mapping[str, bytes]) -> str:
    """Markdown as HTML. Tags in it are text, links that run something are dropped, as is a picture that is not among `pictures`."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(_FRONT.sub("", markdown))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):  # the page's own headings are above them
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        if style := token.attrs.pop("style", None):  # of a column, which the page's content policy would refuse
            token.attrs["align"] = str(style).removeprefix("text-align:")
        _mend(token.children or (), path, pictures)
    return str(parser.renderer.render(tokens, parser.options, {}))


def _mend(tokens: Sequence[Token], path: str, pictures: Mapping[str, bytes]) -> None:
    """Let pictures come from the artifact, or not at all, and links lead to the web, or nowhere."""
    tags = []
    for token in tokens:
        if token.type == "image":
            name = str(token.attrs.get("src", ""))
            if name in pictures:
                sha256 = hashlib.sha256(pictures[name]).hexdigest()
                token.attrs |= {"src": f"{path}{name}?sha256={sha256}", "loading": "lazy"}
            else:
                token.type = "text"
        elif token.type == "link_open":
            away = str(token.attrs.get("href", "")).startswith(("https://", "http://"))
            tags.append("a" if away else "span")
            token.tag, token.attrs = tags[-1], {"href": token.attrs["href"], "rel": "noreferrer"} if away else {}
        elif token.type == "link_close":
            token.tag = tags.pop()
