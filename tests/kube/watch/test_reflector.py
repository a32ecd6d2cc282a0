"""Pods watched through whatever happens to the API server, against one on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kubectl_dshell.domain.pod.watch_event import Happened, PodEvent
from kubectl_dshell.errors import ConnectionLost, PermissionDenied
from kubectl_dshell.kube.pods import Pods
from kubectl_dshell.kube.rest.api import Api
from tests.kube.loopback import Peer, Server
from tests.kube.rig import answering, connection
from tests.kube.test_pods import line, watching
from tests.kube.watch.test_pager import asked, listed, pod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STATUS_410 = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}


def at(version: int, one: dict[str, Any]) -> dict[str, Any]:
    return one | {"metadata": one["metadata"] | {"resourceVersion": str(version)}}


def following(server: Server) -> Iterator[PodEvent | None]:
    return Pods(Api(connection(server.port), sleep=lambda _seconds: None)).watch_debugged("ns", "a=b", "web")


def told(found: Iterator[PodEvent | None], count: int) -> list[tuple[str, list[str]]]:
    """The first events, as what happened to which pods."""
    events: list[tuple[str, list[str]]] = []
    while len(events) < count:
        event = next(found)
        if event is not None:
            events.append((str(event.happened), [one["metadata"]["name"] for one in event.pods]))
    return events


def breaking(peer: Peer) -> None:
    peer.request()


def a_list(*pods: dict[str, Any], heads: list[str] | None = None) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.request()
        if heads is not None:
            heads.append(peer.head)
        peer.answer("200 OK", listed(*pods))

    return script


def test_all_are_listed_then_changes_of_debugged_pods_are_told() -> None:
    heads: list[str] = []
    events = (
        line("MODIFIED", at(8, pod("quiet"))),
        line("MODIFIED", at(9, pod("web", "x"))),
        line("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": "12"}, "spec": {}}),
        line("DELETED", at(13, pod("web", "x"))),
    )
    server = Server(a_list(pod("web", "x"), heads=heads), watching(*events, heads=heads), watching(heads=heads))
    found = following(server)

    assert told(found, 3) == [("listed", ["web"]), ("changed", ["web"]), ("deleted", ["web"])]
    assert next(found) is None  # the second watch has ended, too
    server.finish()
    first, *watches = [asked(head.split()[1]) for head in heads]
    assert first == {"labelSelector": "a=b", "fieldSelector": "metadata.name=web", "limit": "10"}
    assert [(watch["resourceVersion"], watch["allowWatchBookmarks"]) for watch in watches] == [
        ("7", "true"),
        ("13", "true"),
    ]


def test_a_long_list_comes_in_pages() -> None:
    def first(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", listed(pod("a", "x"), following="t"))

    server = Server(first, a_list(pod("b", "x")))
    found = following(server)

    pages = [next(found), next(found)]
    server.finish()
    assert [(page.pods[0]["metadata"]["name"], page.first, page.last) for page in pages if page] == [
        ("a", True, False),
        ("b", False, True),
    ]


def test_where_watches_tell_nothing_it_is_listed_anew_now_and_then() -> None:
    server = Server(a_list(pod("web", "x")), watching(), watching(), watching(), a_list(pod("other", "x")))

    assert told(following(server), 2) == [("listed", ["web"]), ("listed", ["other"])]
    server.finish()


@pytest.mark.parametrize("how", ["as an event", "as an answer"])
def test_a_version_that_is_too_old_is_listed_anew(how: str) -> None:
    gone = watching(line("ERROR", STATUS_410)) if how == "as an event" else answering("410 Gone", STATUS_410)
    server = Server(a_list(pod("web", "x")), gone, a_list(pod("other", "x")))

    assert told(following(server), 2) == [("listed", ["web"]), ("listed", ["other"])]
    server.finish()


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(answering("500 Internal Server Error", {"kind": "Status", "message": "etcd"}), id="500"),
        pytest.param(answering("429 Too Many Requests", {"kind": "Status", "message": "slow down"}), id="429"),
        pytest.param(breaking, id="a connection that breaks"),
    ],
)
def test_a_failure_is_told_once_and_survived(failure: Callable[[Peer], None]) -> None:
    change = watching(line("MODIFIED", at(9, pod("web", "x"))))
    server = Server(a_list(pod("web", "x")), failure, failure, change)

    expected = [("listed", ["web"]), ("lost", []), ("resumed", []), ("changed", ["web"])]
    assert told(following(server), 4) == expected
    server.finish()


def test_who_an_api_server_that_just_started_does_not_know_yet_waits() -> None:
    unknown = answering("403 Forbidden", {"kind": "Status", "code": 403, "message": "RBAC: not yet"})
    server = Server(a_list(pod("web", "x")), breaking, unknown, watching(line("ADDED", at(9, pod("b", "x")))))

    expected = [("listed", ["web"]), ("lost", []), ("resumed", []), ("changed", ["b"])]
    assert told(following(server), 4) == expected
    server.finish()


@pytest.mark.parametrize(
    ("scripts", "error"),
    [
        pytest.param([answering("403 Forbidden", {"kind": "Status", "message": "no"})], PermissionDenied, id="no list"),
        pytest.param([breaking] * 6, ConnectionLost, id="nobody there"),
        pytest.param(
            [a_list(pod("web", "x")), answering("403 Forbidden", {"kind": "Status", "message": "no"})],
            PermissionDenied,
            id="no watch",
        ),
    ],
)
def test_what_does_not_pass_is_raised(scripts: list[Callable[[Peer], None]], error: type[Exception]) -> None:
    server = Server(*scripts)

    with pytest.raises(error):
        told(following(server), 3)
    server.finish()


def test_what_is_lost_says_why() -> None:
    server = Server(a_list(), breaking)
    found = following(server)

    assert next(found) == PodEvent(Happened.LISTED)
    lost = next(event for event in found if event)
    server.finish()
    assert lost.happened is Happened.LOST
    assert "cannot be reached" in lost.why
