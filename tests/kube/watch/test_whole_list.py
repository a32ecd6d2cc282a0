"""A long list in one response: found in it is what parsing all of it would find, or the pages are read."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.pods import Pods
from kubectl_dshell.kube.rest.api import Api
from kubectl_dshell.kube.watch.pager import _is_whole_better
from kubectl_dshell.kube.watch.whole_list import LARGEST_POD, Search, whole_list
from tests.kube.loopback import Peer, Server
from tests.kube.rig import answering, connection
from tests.kube.watch.test_pager import NESTED, TRAP, listed, pod

NEW = {"major": "1", "minor": "36"}
MANY = 5000


def found_in(search: Search, pieces: list[bytes]) -> list[dict[str, Any]]:
    found = [one for piece in pieces for one in search.feed(piece, last=False)]
    assert not search.ended
    return found + list(search.feed(b"", last=True))


@given(
    items=st.lists(st.tuples(st.text(max_size=4), st.lists(st.text(), max_size=2)), max_size=6),
    cuts=st.lists(st.integers(1, 80)),
)
def test_where_the_response_is_cut_does_not_matter(items: list[tuple[str, list[str]]], cuts: list[int]) -> None:
    pods = [pod(f"p{number}", *debug, note=text + TRAP) for number, (text, debug) in enumerate(items)]
    rest = listed(*pods) + b"\n"
    head = rest.index(b'"items":[') + len(b'"items":[')
    pieces, rest = [rest[:head]], rest[head:]
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]

    search = Search()
    found = found_in(search, [*pieces, rest])

    assert found == [one for one in pods if "ephemeralContainers" in one["spec"]]
    assert (search.version, search.ended) == ("7", True)


@pytest.mark.parametrize(("compressed", "asked"), [(True, "gzip"), (False, "identity")])
def test_compression_is_asked_for_unless_it_is_disabled(compressed: bool, asked: str) -> None:
    seen: list[str] = []

    def script(peer: Peer) -> None:
        peer.request()
        seen.append(peer.headers["accept-encoding"])
        peer.answer("200 OK", listed(pod("a", "x")))

    server = Server(script)
    api = Api(replace(connection(server.port), compressed=compressed))
    list(whole_list(api, "/api/v1/pods", []))

    server.finish()
    assert seen == [asked]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'{"kind":"Status"}', id="no list"),
        pytest.param(listed(pod("a", "x"), spaced=True), id="with blanks"),
        pytest.param(listed(pod("a", "x"), following="t"), id="a page"),
        pytest.param(listed(pod("a", "x"))[:-1], id="cut off at its end"),
        pytest.param(listed(pod("a", "x"), pod("b", "x"))[:-40], id="cut off in a pod"),
        pytest.param(listed({**pod("a"), "spec": {**NESTED, "ephemeralContainers": [{"name": "x"}]}}), id="nested"),
        pytest.param(b" " * 5000 + listed(pod("a")), id="a long head"),
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"metadata":{"resourceVersion":"7"},"items":[' + b"[" * 100_000, id="deep"),
    ],
)
def test_what_is_not_as_an_api_server_writes_it_is_malformed(text: bytes) -> None:
    with pytest.raises(Malformed):
        found_in(Search(), [text])


def test_a_pod_without_an_end_is_not_kept() -> None:
    search = Search()
    search.feed(listed(pod("a"))[:-2], last=False)

    with pytest.raises(Malformed, match="a pod of more than 16 MiB"):
        found_in(search, [b"x" * 2_000_000] * (LARGEST_POD // 2_000_000 + 1))


@pytest.mark.parametrize(
    ("answer", "remaining", "better"),
    [
        (NEW, MANY, True),
        ({"major": "1", "minor": "34+"}, MANY, True),
        ({"major": "1", "minor": "33"}, MANY, False),
        ({"major": "2", "minor": "36"}, MANY, False),
        ({"major": "1", "minor": ""}, MANY, False),
        ({"major": 1, "minor": 36}, MANY, False),
        ([], MANY, False),
    ],
)
def test_only_a_server_that_encodes_pod_by_pod_is_asked_for_all(
    answer: object, remaining: int, *, better: bool
) -> None:
    server = Server(answering("200 OK", answer))

    assert _is_whole_better(Api(connection(server.port)), remaining) is better
    server.finish()


@pytest.mark.parametrize("remaining", [0, 999, 50_001, -1, 10**30])
def test_short_lists_and_those_that_take_too_long_come_in_pages(remaining: int) -> None:
    server = Server()

    assert not _is_whole_better(Api(connection(server.port)), remaining)
    server.finish()


def first_page(peer: Peer) -> None:
    peer.request()
    meta = {"resourceVersion": "6", "continue": "t1", "remainingItemCount": MANY}
    peer.answer("200 OK", json.dumps({"kind": "PodList", "metadata": meta, "items": [pod("a", "x")]}).encode())


def compressed(peer: Peer) -> None:
    peer.request()
    assert "limit" not in peer.head
    assert peer.headers["accept-encoding"] == "gzip"
    peer.answer("200 OK", gzip.compress(listed(pod("a", "x"), pod("b"), pod("c", "x"))), "Content-Encoding: gzip")


def broken(peer: Peer) -> None:
    peer.request()
    whole = gzip.compress(listed(pod("a", "x"), pod("b"), pod("c", "x")))
    peer.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(whole))
    peer.sock.sendall(whole[:-20])


def names(server: Server) -> list[str]:
    found = Pods(Api(connection(server.port), sleep=lambda _seconds: None)).list_debugged(None)
    return [one["metadata"]["name"] for one in found]


def test_many_pods_come_in_one_response() -> None:
    server = Server(first_page, answering("200 OK", NEW), compressed)

    assert names(server) == ["a", "c"]
    server.finish()


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(broken, id="broken off"),
        pytest.param(answering("200 OK", b"\x1f\x8b\x08 no gzip", "Content-Encoding: gzip"), id="not gzip"),
        pytest.param(answering("504 Gateway Timeout", b"late"), id="a timeout"),
        pytest.param(answering("429 Too Many Requests", {"kind": "Status", "message": "slow down"}), id="refused"),
        pytest.param(answering("200 OK", listed(pod("a", "x"), pod("c", "x"), following="t")), id="not whole"),
    ],
)
def test_if_that_fails_the_pages_are_read(whole: Any) -> None:
    rest = answering("200 OK", listed(pod("b"), pod("c", "x")))
    server = Server(first_page, answering("200 OK", NEW), whole, rest)

    assert names(server) == ["a", "c"]
    server.finish()
