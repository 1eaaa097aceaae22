"""How Sphinx builds these pages: `python -m sphinx -W -b html docs docs/_build`.

Nothing is fetched by the pages: furo takes the reader's own fonts, and there are no trackers.
"""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from typing import Any

project = "Zoo"
author = "The Zoo authors"
copyright = author  # noqa: A001 - Sphinx's name
version = release = version_of("onnx-zoo")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["html_image"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "Zoo"
html_copy_source = False
html_show_sphinx = False
pygments_style, pygments_dark_style = "friendly", "github-dark"

highlight_language = "text"  # of blocks that name none

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
# What `zoo.recipes` has names for.
autodoc_type_aliases = {
    "Positive": "float > 0",
    "NotNegative": "float >= 0",
    "Share": "0 <= float <= 1",
    "Decay": "0 <= float < 1",
    "Count": "int >= 1",
    "Pixels": "int >= 0",
}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
napoleon_attr_annotations = False

CODE = re.compile(r"(`[^`]+`)")


def to_rest(lines: list[str]) -> list[str]:
    """Zoo's docstrings are plain text with `code` in backticks, sections as Google has them, and examples set in by four blanks.

    As reStructuredText that is literal text in two backticks, no other mark-up, and a `::` before what is set in.
    """
    found: list[str] = []
    section = literal = False
    for line in lines:
        if literal and (not line or line.startswith("    ")):
            found.append(line)
            continue
        literal = False
        if line and not line.startswith(" "):
            section = re.fullmatch(r"(Args|Attributes|Raises|Returns):", line) is not None
        if line.startswith("    ") and not section and found and not found[-1]:
            found += ["::", "", line]
            literal = True
            continue
        parts = CODE.split(line)
        parts[::2] = (re.sub(r"([\\*|_])", r"\\\1", part) for part in parts[::2])
        # An escaped blank ends the code where a letter follows: `Spec`s.
        parts[1::2] = (
            f"`{part}`" + ("\\ " if after[:1].isalnum() else "") for part, after in zip(parts[1::2], parts[2::2], strict=True)
        )
        found.append("".join(parts))
    return found


def _docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:  # noqa: ARG001 - Sphinx's signature
    # Of a constant or a property napoleon takes what stands before the first colon for its type, unless another line is first.
    lines[:] = ["..", ""] * (what in ("attribute", "data", "property")) + to_rest(lines)


def _skip(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:  # noqa: ARG001 - Sphinx's signature
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field number") else None


def setup(app: Any) -> None:
    """Docstrings are turned before napoleon reads their sections; a named tuple's fields stand among its arguments alone."""
    app.connect("autodoc-process-docstring", _docstring, priority=0)
    app.connect("autodoc-skip-member", _skip)
