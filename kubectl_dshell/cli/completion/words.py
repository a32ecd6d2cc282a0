"""Words between a shell and the program."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9._/:@%+,=-]+", re.ASCII)
"""What no shell gives a meaning to within a word."""
_LONGEST = 4096
_REPLACED = "\ufffd"
"""Takes the place of bytes that are not UTF-8: the name itself is not known."""


def is_offered(word: str, *, quoted: bool) -> bool:
    """Whether a name, which somebody else may have chosen, can stand on a terminal and on a command line.

    `quoted`: the shell's script quotes what it inserts. kubectl's does so from cobra 1.9 on; before, `$(...)` in a
    name would be run with the line.
    """
    if not word or len(word) > _LONGEST or not word.isprintable() or _REPLACED in word:
        return False
    return quoted or _PLAIN.fullmatch(word) is not None


def unquoted(word: str) -> str:
    """A word as bash has it on the line, without its quotes and backslashes; a quote may be open."""
    found, quote, rest = [], "", iter(word)
    for letter in rest:
        if letter == "\\" and quote != "'":
            following = next(rest, "")
            found.append(following if not quote or following in '"\\$`' else letter + following)
        elif letter == quote:
            quote = ""
        elif letter in "'\"" and not quote:
            quote = letter
        else:
            found.append(letter)
    return "".join(found)
