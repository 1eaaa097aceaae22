"""Characters that part words: white space, which vanishes, and punctuation marks, which are tokens of their own.

Every entry is one code point: splitting at single code points gives the same pieces in any order, which is how the graph does it,
one character after the other.
"""

from __future__ import annotations

SPACES = (
    " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
    "\u200b\u2060\ufeff"
)
"""Unicode's white space, and three characters of no width that stand in texts by accident. Not the joiners U+200C and U+200D, which
belong to words of some scripts and to emoji."""
MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" + "„“”‚‘’«»‹›…–—−¿¡·•∙°§№€£×→"
"""Every one is a token, inside a word too: `d'un` is d ' un, `man's` is man ' s, `schwarz-weißer` is schwarz - weißer. So the parts
are counted together with the words they are, which no rule for one language achieves in all of them (French joins its apostrophe
to the word before, English to the word after)."""
OPENING = "([{„‚«‹¿¡"
"""Of two marks that touch, the second hangs on the first, but for these: they hang on what follows."""
SIMILAR = {
    "„": '"', "“": '"', "”": '"', "«": '"', "»": '"', "‹": "'", "›": "'", "‚": "'", "‘": "'", "’": "'", "`": "'",
    "–": "-", "—": "-", "−": "-", "…": ".", "×": "x", "•": "-", "·": "-", "∙": "-",
}  # fmt: skip
"""What stands in for a mark that the training sentences of the source never held."""
