"""A long list in one response, which is searched for debugged pods while it arrives.

Since Kubernetes 1.34 the API server answers such a request from its memory and encodes one pod at a time, whereas it
reads each page from etcd. Neither side ever holds the whole list.
"""

from __future__ import annotations

import json
import zlib
from itertools import islice
from typing import TYPE_CHECKING

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.http.errors import HttpError
from kubectl_dshell.kube.rest.api import ANSWER_SECONDS
from kubectl_dshell.kube.rest.body import unpacked
from kubectl_dshell.kube.rest.unreachable import unreachable
from kubectl_dshell.kube.rest.untrusted_json import text_at
from kubectl_dshell.kube.watch.skim import ITEMS, NEXT, PodsOfPage, debugged_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.kube.rest.api import Api

LARGEST_POD = 16 * 1024 * 1024
_PIECES = 16
"""Searched together: 1 MiB."""
_LONGEST_HEAD = 4096


def whole_list(api: Api, path: str, query: list[tuple[str, str]]) -> Iterator[tuple[PodsOfPage, str, bool]]:
    """The debugged pods piece by piece, the version of the list, and whether the piece is the last.

    Raises:
        ApiError, BadConfig, ConnectionLost: as for a request. Malformed: not as an API server writes a list.
    """
    seconds = api.connection.timeout or ANSWER_SECONDS
    response = api.open(path, query, read_seconds=seconds, encoding=api.connection.encoding)
    search = Search()
    try:
        pieces = unpacked(response)
        while not search.ended:
            data = b"".join(islice(pieces, _PIECES))
            yield search.feed(data, last=not data), search.version, search.ended
    except (OSError, HttpError) as error:
        raise unreachable(api.connection, error) from error
    except zlib.error as error:
        raise Malformed(f"the API server's response is not valid gzip: {error}") from error
    finally:
        response.close()


class Search:
    """Takes the JSON of a list in pieces; the pods in each must be read before the next."""

    def __init__(self) -> None:
        self.version = ""
        self.ended = False
        self._rest = b""
        self._begun = False

    def feed(self, data: bytes, *, last: bool) -> PodsOfPage:
        """The debugged pods that are complete by now.

        Raises:
            Malformed: not as an API server writes a list.
        """
        text = self._rest + data
        try:
            start = 0 if self._begun else self._begin(text)
            end = _whole_end(text) if last else text.rfind(NEXT, start) + 1
            places = list(debugged_in(text[:end], start)) if end else []
        except (ValueError, RecursionError) as error:
            raise Malformed(f"the list of pods is malformed: {error}") from error
        self._rest, self.ended = text[end:], last
        if len(self._rest) > LARGEST_POD:
            raise Malformed(f"a pod of more than {LARGEST_POD >> 20} MiB")
        return PodsOfPage(text, places)

    def _begin(self, text: bytes) -> int:
        """The position of the first pod."""
        start = text.find(ITEMS, 0, _LONGEST_HEAD)
        if start < 0:
            raise ValueError("it does not begin with its metadata")
        head = json.loads(text[: start + len(ITEMS)] + b"]}")
        self.version = text_at(head, "metadata", "resourceVersion")
        if not self.version or text_at(head, "metadata", "continue"):
            raise ValueError("it is not whole")
        self._begun = True
        return start + len(ITEMS)


def _whole_end(text: bytes) -> int:
    if not text.rstrip().endswith(b"]}"):
        raise ValueError("it has no end")
    return len(text)
