"""The words of a copy: which end is in a pod, and which file there."""

from __future__ import annotations

import re
from dataclasses import dataclass

_POD = r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
_REMOTE = re.compile(rf"(?:(?P<namespace>{_POD})/)?(?P<pod>{_POD}):(?P<path>.*)", re.ASCII | re.DOTALL)

STREAM = "-"
"""Our stdout, as an end of a copy."""


@dataclass(frozen=True, slots=True)
class RemotePath:
    """Files of a pod. `path` is below the app's root, without a slash at either end; empty is the root itself."""

    namespace: str | None
    pod: str
    path: str
    folder: bool
    """Written so that it can only be a directory: "etc/"."""
    contents: bool
    """What is in the directory is meant, not the directory: "etc/.", or the root."""

    @property
    def last(self) -> str:
        """What it will be called here, perhaps a pattern; "." for what is in a directory."""
        return "." if self.contents else self.path.rpartition("/")[2]

    @property
    def pattern(self) -> str:
        """As copy_out.sh is asked for it."""
        if self.contents:
            return f"{self.path}/." if self.path else ""
        return f"{self.path}/" if self.folder else self.path


def parse_copy_spec(word: str) -> RemotePath | str:
    """[NAMESPACE/]POD:PATH, or a file here: a word without a colon, or one that begins with "." or "/".

    Raises ValueError, with what is wrong.
    """
    if ":" not in word or word.startswith((".", "/")):
        return word
    match = _REMOTE.fullmatch(word)
    if not match:
        raise ValueError(f"{word!r} is not [NAMESPACE/]POD:PATH; for a local file of that name write ./{word}")
    raw = match["path"]
    if not raw:
        raise ValueError(f"{word!r} has no path; write {word}/ for the app's root")
    path = clean(raw)
    contents = not path or raw.endswith("/.")
    return RemotePath(match["namespace"], match["pod"], path, raw.endswith("/") or contents, contents)


def clean(path: str) -> str:
    """Below the root, whatever the dots and slashes say: the top is its own parent."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
