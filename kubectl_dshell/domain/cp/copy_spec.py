"""Parses the arguments of a copy: whether one names a pod, and the path in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_POD = r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
_REMOTE = re.compile(rf"(?:(?P<namespace>{_POD})/)?(?P<pod>{_POD}):(?P<path>.*)", re.ASCII | re.DOTALL)

STREAM = "-"
"""Standard output as the destination of a copy."""


@dataclass(frozen=True, slots=True)
class RemotePath:
    """Files in a pod. `path` is relative to the app's root, without a slash at either end; empty is the root itself."""

    namespace: str | None
    pod: str
    path: str
    folder: bool
    """Written so that only a directory can match: "etc/"."""
    contents: bool
    """The contents of the directory, not the directory itself: "etc/.", or the root."""

    @property
    def last(self) -> str:
        """The name of the local copy, possibly a pattern; "." for the contents of a directory."""
        return "." if self.contents else self.path.rpartition("/")[2]

    @property
    def pattern(self) -> str:
        """The argument for copy_out.sh."""
        if self.contents:
            return f"{self.path}/." if self.path else ""
        return f"{self.path}/" if self.folder else self.path


def parse_copy_spec(word: str) -> RemotePath | str:
    """[NAMESPACE/]POD:PATH, or a local path: an argument without a colon, or one that starts with "." or "/".

    Raises ValueError with the reason.
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
    """Normalized and always below the root: the parent of the root is the root."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
