"""Finds the pods with debug containers in the JSON of a list, without parsing the others: ten times as fast.

The API server writes the metadata of a list first, and the name of each item first. Quotes within strings are escaped,
so the search terms occur only as keys; each match is then parsed as JSON and checked.
"""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.pod.copied import COPY_OF
from kubectl_dshell.kube.rest.untrusted_json import at

if TYPE_CHECKING:
    from collections.abc import Iterator

_EPHEMERAL, _COPY = b'"ephemeralContainers"', f'"{COPY_OF}"'.encode()
ITEMS = b'"items":['
_FIRST = b'{"metadata":{"name":'
NEXT = b"}," + _FIRST
"""From the end of a pod to the name of the next; the templates that a pod contains are no elements of a list."""
_PIECE = 65536  # most pods are smaller


def is_debugged(pod: object) -> bool:
    """Whether the pod has debug containers, as ephemeral ones or as a copy of another pod.

    A malformed one counts, which its parser should report.
    """
    if not isinstance(pod, dict):
        return True
    spec = pod.get("spec") or {}
    return not isinstance(spec, dict) or bool(spec.get("ephemeralContainers")) or _claims_to_be_copy(pod)


def may_be_debugged(line: bytes) -> bool:
    """Whether the JSON of a pod has to be looked at."""
    return _EPHEMERAL in line or _COPY in line


def _claims_to_be_copy(pod: dict[str, Any]) -> bool:
    annotations = at(pod, "metadata", "annotations")
    return isinstance(annotations, dict) and COPY_OF in annotations


class PodsOfPage:
    """Pods that are known to be valid JSON, by their position in the page.

    Each is parsed only when it is reached, since objects need far more memory than JSON.
    """

    def __init__(self, body: bytes, places: list[tuple[int, int]]) -> None:
        self._body, self._places = body, places

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (json.loads(self._body[begin:end]) for begin, end in self._places)


def debugged_in(body: bytes, end: int) -> Iterator[tuple[int, int]]:
    """Positions of pods with debug containers after `end`; raises ValueError."""
    first = {key: body.find(key, end) for key in (_EPHEMERAL, _COPY)}
    while ahead := [place for place in first.values() if place >= 0]:
        found = min(ahead)
        begin = body.rindex(_FIRST, end, found)
        pod, after = _object(body, begin)
        if after <= found:
            raise ValueError("not of the item before")
        if is_debugged(pod):
            yield begin, after
        end = after
        first = {key: body.find(key, end) if 0 <= place < end else place for key, place in first.items()}


def _object(body: bytes, begin: int) -> tuple[dict[str, Any], int]:
    """The JSON object at `begin` and its end; raises ValueError."""
    decoder, size = json.JSONDecoder(), _PIECE
    while True:
        text, read = codecs.utf_8_decode(body[begin : begin + size], "strict", False)  # noqa: FBT003  # incremental, not final
        try:
            pod, after = decoder.raw_decode(text)
        except ValueError:
            if begin + size >= len(body):
                raise
            size *= 4
        else:
            return pod, begin + read - len(text[after:].encode())  # the pod itself may be far larger than what follows
