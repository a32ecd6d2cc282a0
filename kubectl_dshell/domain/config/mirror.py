"""Registry mirrors: another beginning for the reference of an image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")
MIRROR_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
DEFAULT_REGISTRY = "docker.io"


def registry_of(reference: str) -> str:
    """The first part if it is a registry (distribution/reference `splitDockerDomain`), else empty."""
    first = reference.partition("/")[0]
    return first if "." in first or ":" in first or first == "localhost" else ""


def normalised(image: str) -> str:
    """`busybox:1.37` as container runtimes read it: docker.io/library/busybox:1.37."""
    first, slash, rest = image.partition("/")
    if not slash or not registry_of(image):
        first, rest = DEFAULT_REGISTRY, image
    if first == "index.docker.io":
        first = DEFAULT_REGISTRY
    if first == DEFAULT_REGISTRY and "/" not in rest:
        rest = f"library/{rest}"
    return f"{first}/{rest}"


def mirrored(image: str, mirrors: Mapping[str, T]) -> tuple[str, T] | None:
    """What follows the longest prefix that is in `mirrors`, and the mirror; None if there is no such prefix.

    Prefixes end at a slash, or with the name of the image.
    """
    whole = normalised(image)
    fitting = {form: mirror for prefix, mirror in mirrors.items() for form in _forms(prefix) if _begins(whole, form)}
    if not fitting:
        return None
    longest = max(fitting, key=len)
    return whole[len(longest) :], fitting[longest]


def _forms(prefix: str) -> Iterator[str]:
    """`docker.io/busybox` is an image, as well as the repositories of a user."""
    yield prefix
    registry, _, name = prefix.partition("/")
    if registry == DEFAULT_REGISTRY and name and "/" not in name:
        yield f"{registry}/library/{name}"


def _begins(whole: str, prefix: str) -> bool:
    if not whole.startswith(prefix):
        return False
    follows = whole[len(prefix) : len(prefix) + 1]
    return follows in ("", "/") or ("/" in prefix and follows in (":", "@"))
