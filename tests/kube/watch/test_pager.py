"""Lists in pages: what is skimmed from a page is what parsing all of it would find."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.errors import ApiError, Malformed
from kubectl_dshell.kube.pods import Pods
from kubectl_dshell.kube.rest.api import Api
from kubectl_dshell.kube.rest.response import HttpResponse
from kubectl_dshell.kube.watch.pager import Page, pages, parse
from tests.kube.loopback import Peer, Server
from tests.kube.rig import connection

TRAP = '"ephemeralContainers":[{"metadata":{"name":"'


def pod(name: str, *debug: str, **more: Any) -> dict[str, Any]:
    entries = {"ephemeralContainers": [{"name": one} for one in debug]} if debug else {}
    meta = {"name": name, "uid": f"uid-{name}", "annotations": {"last-applied": TRAP}}
    return {"metadata": meta, "spec": {"containers": [], **entries, **more}, "status": {}}


def found_in(text: bytes) -> Page:
    return parse(HttpResponse(200, body=text), debugged=True)


def listed(*pods: dict[str, Any], following: str = "", spaced: bool = False) -> bytes:
    meta = {"resourceVersion": "7"} | ({"continue": following} if following else {})
    document = {"kind": "PodList", "apiVersion": "v1", "metadata": meta, "items": list(pods)}
    return json.dumps(document, separators=None if spaced else (",", ":")).encode()


def copied(name: str) -> dict[str, Any]:
    """A copy of a pod, whose debug container is its own."""
    whole = pod(name)
    whole["metadata"]["annotations"]["kubectl-dshell/copy-of"] = "web/app"
    return whole


NESTED = {"volumes": [{"ephemeral": {"volumeClaimTemplate": {"metadata": {"name": "x"}}}}]}


@pytest.mark.parametrize(
    ("items", "names"),
    [
        pytest.param([], [], id="none"),
        pytest.param([pod("a"), pod("b")], [], id="none debugged"),
        pytest.param([pod("a"), pod("b", "x"), pod("c"), pod("d", "y", "z")], ["b", "d"], id="some"),
        pytest.param([pod("a", "x"), pod("b", "x")], ["a", "b"], id="all"),
        pytest.param([{**pod("a"), "spec": {**NESTED, "ephemeralContainers": [{"name": "x"}]}}], ["a"], id="nested"),
        pytest.param([{**pod("a"), "spec": {"ephemeralContainers": []}}], [], id="an empty list"),
        pytest.param([{"spec": {"ephemeralContainers": [{}]}, "metadata": {"name": "a"}}], ["a"], id="another order"),
        pytest.param(
            [pod("a"), copied("b"), pod("c", "x"), pod("d"), copied("e"), copied("f"), pod("g", "y")],
            ["b", "c", "e", "f", "g"],
            id="copies",
        ),
        pytest.param([{**pod("a", "x"), "metadata": copied("a")["metadata"]}, pod("b")], ["a"], id="both"),
    ],
)
@pytest.mark.parametrize("spaced", [False, True], ids=["as the API server writes", "with blanks"])
def test_only_debugged_pods_are_found(items: list[dict[str, Any]], names: list[str], *, spaced: bool) -> None:
    page = found_in(listed(*items, following="next", spaced=spaced))

    assert [one["metadata"]["name"] for one in page.pods] == names
    assert (page.version, page.following) == ("7", "next")
    assert list(page.pods) == [one for one in items if one["metadata"]["name"] in names]


@given(st.lists(st.tuples(st.text(max_size=4), st.lists(st.text(), max_size=2)), max_size=6))
def test_any_text_in_a_pod_misleads_nobody(items: list[tuple[str, list[str]]]) -> None:
    pods = [pod(f"p{number}", *debug, note=text + TRAP) for number, (text, debug) in enumerate(items)]

    assert list(found_in(listed(*pods)).pods) == [one for one in pods if "ephemeralContainers" in one["spec"]]


def test_what_is_no_list_is_told() -> None:
    with pytest.raises(ApiError, match="returned 200 with a web page"):
        found_in(b"<html>")


def answers(*bodies: object, heads: list[str]) -> Server:
    def script(body: object) -> Any:
        def play(peer: Peer) -> None:
            peer.request()
            heads.append(peer.head.split()[1])
            status = "200 OK" if isinstance(body, bytes) else "410 Gone"
            peer.answer(status, body)

        return play

    return Server(*map(script, bodies))


def expired(following: str) -> dict[str, Any]:
    return {
        "kind": "Status",
        "code": 410,
        "reason": "Expired",
        "message": "too old",
        "metadata": {"continue": following},
    }


def asked(head: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(head).query).items()}


def names_of(found: list[Page]) -> list[str]:
    return [one["metadata"]["name"] for page in found for one in page.pods]


def test_pages_follow_one_another() -> None:
    heads: list[str] = []
    server = answers(listed(pod("a", "x"), following="t1"), listed(pod("b", "x")), heads=heads)

    found = list(pages(Api(connection(server.port)), "/api/v1/pods", [("labelSelector", "a=b")], debugged=True))

    server.finish()
    assert names_of(found) == ["a", "b"]
    first = {"labelSelector": "a=b", "limit": "10"}
    assert [asked(head) for head in heads] == [first, first | {"limit": "500", "continue": "t1"}]


def test_a_list_that_is_always_too_old_has_an_end() -> None:
    heads: list[str] = []
    tokens = [expired(f"t{number}") for number in range(2, 8)]
    server = answers(listed(pod("a", "x"), following="t1"), *tokens, heads=heads)

    with pytest.raises(ApiError, match="too old"):
        list(pages(Api(connection(server.port)), "/api/v1/pods", [], debugged=True))

    server.finish()


def test_a_list_that_grew_too_old_goes_on_with_the_rest_as_it_is_now() -> None:
    heads: list[str] = []
    server = answers(listed(pod("a", "x"), following="t1"), expired("t2"), listed(pod("b", "x")), heads=heads)

    found = list(pages(Api(connection(server.port)), "/api/v1/pods", [], debugged=True))

    server.finish()
    assert names_of(found) == ["a", "b"]
    assert [asked(head).get("continue") for head in heads] == [None, "t1", "t2"]


def test_or_is_fetched_whole_and_no_pod_is_told_twice() -> None:
    heads: list[str] = []
    server = answers(
        listed(pod("a", "x"), following="t1"), expired(""), listed(pod("a", "x"), pod("b", "x")), heads=heads
    )

    found = list(Pods(Api(connection(server.port))).list_debugged(None))

    server.finish()
    assert [one["metadata"]["name"] for one in found] == ["a", "b"]
    assert asked(heads[2]) == {"limit": "0"}


def test_a_first_page_that_is_refused_is_no_page() -> None:
    server = answers(expired("t2"), heads=[])

    with pytest.raises(ApiError, match="too old"):
        list(pages(Api(connection(server.port)), "/api/v1/pods", [], debugged=True))
    server.finish()


def test_pages_travel_compressed() -> None:
    asked_for: list[str] = []

    def script(peer: Peer) -> None:
        peer.request()
        asked_for.append(peer.headers["accept-encoding"])
        peer.answer("200 OK", gzip.compress(listed(pod("a", "x"))), "Content-Encoding: gzip")

    server = Server(script)

    assert names_of(list(pages(Api(connection(server.port)), "/api/v1/pods", [], debugged=True))) == ["a"]
    server.finish()
    assert asked_for == ["gzip"]


def fat(name: str) -> dict[str, Any]:
    return pod(name, "x", note="x" * 3_000_000)


def test_a_page_that_is_too_large_is_asked_for_again_with_fewer_pods_and_the_next_ones_have_fewer() -> None:
    heads: list[str] = []
    three = [fat("a"), fat("b"), fat("c")]
    server = answers(listed(*three), listed(*three[:1], following="t1"), listed(*three[1:]), heads=heads)

    found = list(pages(Api(connection(server.port)), "/api/v1/pods", [], debugged=True))

    server.finish()
    assert names_of(found) == ["a", "b", "c"]
    assert [asked(head) for head in heads] == [{"limit": "10"}, {"limit": "1"}, {"limit": "1", "continue": "t1"}]


class Refusing:
    """Takes no page with more than so many pods, as a client that bounds what it reads; any that begins at `until`."""

    def __init__(self, most: int, pods: int = 20, until: int = 20) -> None:
        self.most, self.pods, self.until, self.limits = most, pods, until, list[int]()

    def read(self, path: str, query: list[tuple[str, str]], *, largest: int) -> HttpResponse:
        limit = int(dict(query)["limit"])
        assert largest == (32 if limit == 1 else 8) * 1024 * 1024
        self.limits.append(limit)
        begin = int(dict(query).get("continue", "0"))
        if limit > self.most and begin < self.until:
            raise Malformed("the answer is larger than 64 MiB")
        end = min(self.pods, begin + limit)
        more = str(end) if end < self.pods else ""
        return HttpResponse(200, body=listed(*(pod(f"p{n}", "x") for n in range(begin, end)), following=more))


@pytest.mark.parametrize(("most", "limits"), [(10, [10, 500, 62, 10]), (1, [10, 1, 500, 62, 10, 1, 10, 1])])
def test_a_page_that_is_refused_for_its_size_is_asked_for_with_fewer_pods(most: int, limits: list[int]) -> None:
    api: Any = Refusing(most)

    found = list(pages(api, "/api/v1/pods", [], debugged=True))

    assert names_of(found) == [f"p{n}" for n in range(20)]
    assert api.limits[: len(limits)] == limits


def test_pages_grow_again_after_the_large_pods() -> None:
    api: Any = Refusing(100, pods=2000, until=72)

    found = list(pages(api, "/api/v1/pods", [], debugged=True))

    assert names_of(found) == [f"p{n}" for n in range(2000)]
    assert api.limits == [10, 500, 62, 124, 248, 496, 500, 500, 500]


def test_pages_that_are_half_full_do_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one would not fit, and be asked for twice."""
    size = len(listed(*(pod(f"p{n}", "x") for n in range(10, 72)), following="72"))
    api: Any = Refusing(100, pods=2000, until=2000)

    found = pages(api, "/api/v1/pods", [], debugged=True)
    next(found)
    monkeypatch.setattr("kubectl_dshell.kube.watch.pager._USUAL_BYTES", 2 * size - 1)
    list(islice(found, 2))

    assert api.limits == [10, 500, 62, 62]


def test_a_single_pod_that_is_refused_for_its_size_is_told() -> None:
    api: Any = Refusing(0)

    with pytest.raises(Malformed, match="64 MiB"):
        list(pages(api, "/api/v1/pods", [], debugged=True))


def test_a_list_whose_tokens_all_differ_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubectl_dshell.kube.watch.pager._MOST_PAGES", 7)

    class Endless:
        asked = 0

        def read(self, path: str, query: list[tuple[str, str]], *, largest: int) -> HttpResponse:
            self.asked += 1
            return HttpResponse(200, body=listed(following=str(self.asked)))

    api: Any = Endless()

    with pytest.raises(Malformed, match="does not end: it has more than 7 pages"):
        list(pages(api, "/api/v1/pods", [], debugged=True))

    assert api.asked == 7


def test_a_list_without_an_end_is_told() -> None:
    server = answers(listed(pod("a", "x"), following="t"), listed(pod("b", "x"), following="t"), heads=[])

    with pytest.raises(Malformed, match="does not end"):
        list(pages(Api(connection(server.port)), "/api/v1/pods", [], debugged=True))
    server.finish()


@pytest.mark.parametrize("items", ['["x"]', '[{"spec":7}]', "[null]", "[[]]"])
def test_what_is_no_pod_is_passed_on_for_whoever_parses_it_to_say(items: str) -> None:
    assert found_in(b'{"metadata":{}, "items": %s}' % items.encode()).pods == json.loads(items)


@pytest.mark.parametrize(
    "body", ['{"metadata":{},"items":{"a":1}}', '{"metadata":[],"items":[]}', '{"items":[],"metadata":{"continue":7}}']
)
def test_what_is_no_list_of_pods_is_malformed(body: str) -> None:
    with pytest.raises(Malformed):
        found_in(body.encode())
