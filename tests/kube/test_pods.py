"""Pods read, changed and watched, against an API server on loopback."""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kubectl_dshell.errors import ApiError, NameTaken, NotFound, PermissionDenied, PodNotFound, UsageError
from kubectl_dshell.kube.auth.credentials import Static
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.pods import Pods
from kubectl_dshell.kube.rest.api import Api
from kubectl_dshell.kube.rest.request_trace import RequestTrace
from kubectl_dshell.kube.watch.liveness import DEAF_SECONDS, Delivery, WatchLiveness
from tests.kube.loopback import Crowd, Peer, Server
from tests.kube.rig import answering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PODS = "/api/v1/namespaces/ns/pods"


def pods(server: Server) -> Pods:
    connection = Connection(f"http://127.0.0.1:{server.port}", "default", "test", "jane", Static())
    return Pods(Api(connection, sleep=lambda _seconds: None))


def pod(version: int, phase: str = "Pending") -> dict[str, Any]:
    return {"metadata": {"name": "web", "resourceVersion": str(version)}, "status": {"phase": phase}}


def line(kind: str, object_: object) -> bytes:
    return json.dumps({"type": kind, "object": object_}).encode() + b"\n"


def changes(server: Server, *, seconds: float = 20.0) -> Iterator[dict[str, Any] | None]:
    return pods(server).pod_changes("ns", "web", "5", time.monotonic() + seconds)


def first_versions(found: Iterator[dict[str, Any] | None], count: int) -> list[str]:
    versions: list[str] = []
    for change in found:
        if change is not None:
            versions.append(change["metadata"]["resourceVersion"])
        if len(versions) == count:
            break
    return versions


def watching(*pieces: bytes, last: bool = True, heads: list[str] | None = None) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.request()
        if heads is not None:
            heads.append(peer.head)
        peer.begin_watch()
        for piece in pieces:
            peer.chunk(piece)
        if last:
            peer.chunk(b"")

    return script


def test_a_pod_is_asked_for_by_its_quoted_name() -> None:
    heads: list[str] = []

    def script(peer: Peer) -> None:
        peer.request()
        heads.append(peer.head)
        peer.answer("200 OK", pod(1))

    server = Server(script)

    assert pods(server).get_pod("ns", "a/b") == pod(1)
    server.finish()
    assert heads == [f"GET {PODS}/a%2Fb HTTP/1.1"]


@pytest.mark.parametrize(
    ("namespace", "path"), [("ns", PODS), (None, "/api/v1/pods")], ids=["one namespace", "all namespaces"]
)
def test_pods_are_listed_page_by_page(namespace: str | None, path: str) -> None:
    heads: list[str] = []

    def page(body: object) -> Callable[[Peer], None]:
        def script(peer: Peer) -> None:
            peer.request()
            heads.append(peer.head)
            peer.answer("200 OK", body)

        return script

    server = Server(
        page({"metadata": {"continue": "a=b"}, "items": [pod(1)]}),
        page({"metadata": {"continue": ""}, "items": None}),
    )

    assert list(pods(server).list_pods(namespace)) == [pod(1)]
    server.finish()
    assert heads == [f"GET {path}?limit=10 HTTP/1.1", f"GET {path}?limit=500&continue=a%3Db HTTP/1.1"]


@pytest.mark.parametrize(("dry_run", "query"), [(False, ""), (True, "?dryRun=All")], ids=["real", "dry run"])
def test_an_ephemeral_container_is_added_by_its_subresource(dry_run: bool, query: str) -> None:
    seen: list[object] = []

    def script(peer: Peer) -> None:
        body = peer.request()
        seen.extend([peer.head, json.loads(body)])
        peer.answer("200 OK", pod(2))

    server = Server(script)

    assert pods(server).add_ephemeral_container("ns", "web", {"name": "d"}, dry_run=dry_run) == pod(2)
    server.finish()
    assert seen == [
        f"PATCH {PODS}/web/ephemeralcontainers{query} HTTP/1.1",
        {"spec": {"ephemeralContainers": [{"name": "d"}]}},
    ]


@pytest.mark.parametrize("dry_run", [False, True], ids=["real", "dry run"])
def test_what_admission_changed_in_it_is_traced(dry_run: bool) -> None:
    stored = [{"name": "other", "image": "c:1"}, "junk", {"name": "d", "image": "b:1", "imagePullPolicy": "Always"}]

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", {**pod(2), "spec": {"ephemeralContainers": stored}})

    server, lines = Server(script), list[str]()
    connection = Connection(f"http://127.0.0.1:{server.port}", "default", "test", "jane", Static())
    sent = {"name": "d", "image": "a:1", "imagePullPolicy": "Always", "terminationMessagePath": "/x", "resources": {}}

    Pods(Api(connection, RequestTrace(1, lines.append))).add_ephemeral_container("ns", "web", sent, dry_run=dry_run)

    server.finish()
    assert lines == [
        "d in web: admission changed image: a:1 -> b:1",
        "d in web: admission removed resources: {}",
        "d in web: admission removed terminationMessagePath: /x",
    ]


def test_what_a_dry_run_has_told_is_not_told_of_the_real_one_that_follows() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", {**pod(2), "spec": {"ephemeralContainers": [{"name": "d", "image": "b:1"}]}})

    server, lines = Server(script, script, script), list[str]()
    connection = Connection(f"http://127.0.0.1:{server.port}", "default", "test", "jane", Static())
    asking = Pods(Api(connection, RequestTrace(1, lines.append)))
    told = []
    for dry_run in (True, False, False):
        asking.add_ephemeral_container("ns", "web", {"name": "d", "image": "a:1"}, dry_run=dry_run)
        told.append(len(lines))
        lines.clear()

    server.finish()
    assert told[1] == 0
    assert told[0] == told[2] > 0


def test_a_watch_names_the_pod_and_where_to_begin() -> None:
    heads: list[str] = []
    server = Server(watching(line("MODIFIED", pod(6)), heads=heads))

    assert first_versions(changes(server), 1) == ["6"]

    server.finish()
    query = parse_qs(urlsplit(heads[0].split(" ")[1]).query)
    assert query["fieldSelector"] == ["metadata.name=web"]
    assert query["resourceVersion"] == ["5"]
    assert query["watch"] == ["1"]


def test_lines_cut_anywhere_are_whole_events() -> None:
    stream = line("MODIFIED", pod(6)) + line("BOOKMARK", pod(7)) + b"\n" + line("MODIFIED", pod(8))
    server = Server(watching(*(stream[start : start + 7] for start in range(0, len(stream), 7))))

    assert first_versions(changes(server), 2) == ["6", "8"]
    server.finish()


def test_silence_ticks_without_losing_half_a_line() -> None:
    ticked: list[float] = []

    def script(peer: Peer) -> None:
        peer.request()
        peer.begin_watch()
        whole = line("MODIFIED", pod(6))
        peer.chunk(whole[:10])
        peer.sock.sendall(b"%x\r\n%s" % (len(whole) - 10, whole[10:20]))
        peer.sock.settimeout(0.2)
        while len(ticked) < 2:
            try:
                peer.sock.recv(1)
            except TimeoutError:
                continue
        peer.sock.sendall(whole[20:] + b"\r\n")

    server = Server(script)
    found = []
    for change in changes(server):
        if change is not None:
            found.append(change)
            break
        ticked.append(time.monotonic())

    server.finish()
    assert found == [pod(6)]
    assert 0.3 < ticked[1] - ticked[0] < 2


def test_an_ended_watch_goes_on_where_it_was() -> None:
    heads: list[str] = []
    server = Server(
        watching(line("MODIFIED", pod(6)), heads=heads),
        watching(line("MODIFIED", pod(7)), last=False, heads=heads),
        watching(line("MODIFIED", pod(8)), heads=heads),
    )

    assert first_versions(changes(server), 3) == ["6", "7", "8"]

    server.finish()
    assert [parse_qs(urlsplit(head.split(" ")[1]).query)["resourceVersion"] for head in heads] == [["5"], ["6"], ["7"]]


@pytest.mark.parametrize(
    "too_old",
    [
        pytest.param(answering("410 Gone", {"kind": "Status", "code": 410, "reason": "Expired"}), id="410 at once"),
        pytest.param(
            watching(line("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})),
            id="410 as an event",
        ),
    ],
)
def test_a_version_that_is_too_old_is_replaced(too_old: Callable[[Peer], None]) -> None:
    heads: list[str] = []
    server = Server(too_old, answering("200 OK", pod(90)), watching(line("MODIFIED", pod(91)), heads=heads))

    assert first_versions(changes(server), 2) == ["90", "91"]

    server.finish()
    assert "resourceVersion=90" in heads[0]


def test_a_deleted_pod_ends_the_watch() -> None:
    server = Server(watching(line("MODIFIED", pod(6)), line("DELETED", pod(7))))

    with pytest.raises(NotFound, match="pod web in namespace ns was deleted"):
        list(changes(server))
    server.finish()


def test_where_watching_is_forbidden_the_pod_is_fetched() -> None:
    forbidden = answering("403 Forbidden", {"kind": "Status", "reason": "Forbidden", "code": 403})
    gone = answering("404 Not Found", {"kind": "Status", "reason": "NotFound", "code": 404})
    server = Server(forbidden, *(answering("200 OK", pod(version)) for version in (5, 6, 6, 7)), gone)
    found: list[dict[str, Any] | None] = []

    with pytest.raises(NotFound, match="was deleted"):
        found.extend(changes(server))

    server.finish()
    assert found == [None, pod(6), None, pod(7)]


def test_the_watch_ends_at_the_deadline() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.begin_watch()
        peer.sock.recv(1)

    server = Server(script)
    began = time.monotonic()

    assert set(changes(server, seconds=0.7)) == {None}

    assert 0.6 < time.monotonic() - began < 5
    server.finish()


def test_a_server_in_trouble_is_asked_again() -> None:
    server = Server(
        answering("429 Too Many Requests", {}),
        answering("503 Service Unavailable", b""),
        answering("200 OK", pod(5)),
        watching(line("MODIFIED", pod(6))),
    )

    assert first_versions(changes(server), 2) == ["5", "6"]
    server.finish()


HTML = "Content-Type: text/html"


def empty(peer: Peer) -> None:
    peer.request()
    peer.answer("200 OK", b"")


def broken(peer: Peer) -> None:
    peer.request()
    peer.begin_watch()
    peer.chunk(line("MODIFIED", pod(6))[:20])


def silent(peer: Peer) -> None:
    peer.request()
    peer.begin_watch()
    peer.sock.sendall(b"1000\r\n" + line("MODIFIED", pod(6))[:20])
    assert peer.sock.recv(1) == b""


def nonsense(peer: Peer) -> None:
    peer.request()
    peer.begin_watch()
    peer.chunk(b'{"type":"MODIFIED"}\n')


@pytest.mark.parametrize(
    "deaf",
    [
        pytest.param(watching(), id="ends at once"),
        pytest.param(empty, id="empty"),
        pytest.param(broken, id="broken in a line"),
        pytest.param(silent, id="held back"),
        pytest.param(nonsense, id="nonsense"),
        pytest.param(answering("504 Gateway Timeout", b"<html>", HTML), id="a gateway that waits for the end"),
        pytest.param(answering("200 OK", b"<html>", HTML), id="a page"),
    ],
)
def test_a_watch_that_tells_nothing_is_looked_after(deaf: Callable[[Peer], None]) -> None:
    """The connection that holds the watch is still open when the pod is read over another."""
    both = Crowd(deaf, answering("200 OK", pod(6, "Running")))
    connection = Connection(f"http://127.0.0.1:{both.port}", "default", "test", "jane", Static())
    found = Pods(Api(connection)).pod_changes("ns", "web", "5", time.monotonic() + 20)
    began = time.monotonic()

    assert first_versions(found, 1) == ["6"]

    found.close()  # type: ignore[attr-defined]  # it is a generator
    assert time.monotonic() - began < 6, "2 s, and what a busy machine adds"
    both.finish()


def test_a_start_that_is_told_asks_for_nothing_else() -> None:
    def told(peer: Peer) -> None:
        peer.request()
        peer.begin_watch()
        time.sleep(DEAF_SECONDS * 0.6)
        peer.chunk(line("MODIFIED", pod(6)))
        time.sleep(DEAF_SECONDS * 0.6)
        peer.chunk(line("MODIFIED", pod(7)))

    server = Server(told)

    assert first_versions(changes(server), 2) == ["6", "7"]
    server.finish()


def test_a_watch_that_has_told_something_is_looked_after_less_and_less() -> None:
    watching = WatchLiveness("5", 0.0)
    watching.begin(0.0)
    watching.heard("6", 0.0)
    looks = []
    for tick in range(1, 240):
        if watching.may_be_deaf(tick / 2):
            looks.append(tick / 2)
            assert not watching.looked("6", tick / 2)
    assert len(looks) < 12
    assert watching.looked("7", 120.0)
    assert watching.may_be_deaf(120.0 + DEAF_SECONDS)


def looks(delivery: Delivery, seconds: int) -> int:
    """How often a pod is read while its watch has nothing to tell."""
    watching, count = WatchLiveness("5", 0.0, delivery), 0
    watching.begin(0.0)
    for tick in range(1, 2 * seconds):
        if watching.may_be_deaf(tick / 2):
            watching.looked("5", tick / 2)
            count += 1
    return count


def test_where_one_watch_has_told_something_the_others_are_looked_after_less() -> None:
    """In many pods: while their containers start slowly, each would be read every other second."""
    delivery = Delivery()
    first = WatchLiveness("5", 0.0, delivery)
    first.begin(0.0)

    before = looks(delivery, 20)
    first.heard("6", 0.0)
    after = looks(delivery, 20)

    assert (before, after) == (9, 3)


def test_where_one_watch_has_missed_something_all_are_looked_after_again() -> None:
    delivery = Delivery()
    first = WatchLiveness("5", 0.0, delivery)
    first.begin(0.0)
    first.heard("6", 0.0)
    assert first.looked("7", 2.0)

    assert looks(delivery, 20) == 9


def test_another_refusal_of_the_watch_is_told() -> None:
    server = Server(answering("400 Bad Request", {"kind": "Status", "message": "bad selector"}))

    with pytest.raises(ApiError, match="bad selector"):
        list(changes(server))
    server.finish()


NO_POD = answering("404 Not Found", {"kind": "Status", "message": 'pods "web" not found'})
NO_RIGHT = answering("403 Forbidden", {"kind": "Status", "message": "pods is forbidden"})
NO_SELECTOR = answering("400 Bad Request", {"kind": "Status", "message": "unable to parse"})
NAME_TAKEN = answering("422 Unprocessable Entity", {"kind": "Status", "message": "x may not be changed"})


@pytest.mark.parametrize(
    ("refuse", "ask", "error", "said"),
    [
        pytest.param(NO_POD, lambda p: p.get_pod("ns", "web"), PodNotFound, 'no pod "web" in namespace ns', id="get"),
        pytest.param(
            NO_RIGHT, lambda p: p.get_pod("ns", "web"), PermissionDenied, "may not get pods in namespace ns", id="rbac"
        ),
        pytest.param(
            NO_RIGHT,
            lambda p: list(p.list_pods("ns")),
            PermissionDenied,
            "may not list pods in namespace ns",
            id="list",
        ),
        pytest.param(
            NO_RIGHT, lambda p: list(p.list_debugged(None)), PermissionDenied, "list pods in all namespaces", id="all"
        ),
        pytest.param(
            NO_SELECTOR,
            lambda p: list(p.list_pods("ns", "a b")),
            UsageError,
            "'a b' is not a valid label",
            id="selector",
        ),
        pytest.param(
            NO_RIGHT, lambda p: list(p.watch_debugged("ns")), PermissionDenied, "may not watch pods in", id="watch"
        ),
        pytest.param(
            NAME_TAKEN,
            lambda p: p.add_ephemeral_container("ns", "web", {"name": "dshell-x"}),
            NameTaken,
            "web already has a debug container dshell-x",
            id="patch",
        ),
    ],
)
def test_a_refusal_is_explained_by_what_was_asked(
    refuse: Callable[[Peer], None], ask: Callable[[Pods], object], error: type[Exception], said: str
) -> None:
    server = Server(refuse)

    with pytest.raises(error, match=re.escape(said)) as caught:
        ask(pods(server))

    server.finish()
    assert isinstance(caught.value.__cause__, ApiError)


@pytest.mark.parametrize(
    ("status", "body", "events"),
    [
        pytest.param("200 OK", {"items": [{"reason": "Pulled"}]}, [{"reason": "Pulled"}], id="allowed"),
        pytest.param("200 OK", {"items": None}, [], id="none"),
        pytest.param("403 Forbidden", {"kind": "Status"}, [], id="forbidden"),
    ],
)
def test_events_are_those_of_the_pod(status: str, body: object, events: list[object]) -> None:
    heads: list[str] = []

    def script(peer: Peer) -> None:
        peer.request()
        heads.append(peer.head)
        peer.answer(status, body)

    server = Server(script)

    assert pods(server).events("ns", "web", "u-1") == events
    server.finish()
    assert "/namespaces/ns/events?" in heads[0]
    assert "involvedObject.name%3Dweb%2CinvolvedObject.uid%3Du-1" in heads[0]


@pytest.mark.parametrize(
    ("status", "body", "architecture"),
    [
        pytest.param("200 OK", {"status": {"nodeInfo": {"architecture": "arm64"}}}, "arm64", id="allowed"),
        pytest.param("200 OK", {"status": {"nodeInfo": ["arm64"]}}, "", id="malformed"),
        pytest.param("403 Forbidden", {"kind": "Status"}, "", id="forbidden"),
    ],
)
def test_the_architecture_of_a_node_is_empty_for_whoever_may_not_get_it(
    status: str, body: object, architecture: str
) -> None:
    heads: list[str] = []

    def script(peer: Peer) -> None:
        peer.request()
        heads.append(peer.head)
        peer.answer(status, body)

    server = Server(script)

    assert pods(server).node_architecture("node-1") == architecture
    server.finish()
    assert heads[0].startswith("GET /api/v1/nodes/node-1 ")


@pytest.mark.parametrize(
    ("status", "body", "name"),
    [
        pytest.param("201 Created", {"status": {"userInfo": {"username": "jane"}}}, "jane", id="told"),
        pytest.param("403 Forbidden", {"kind": "Status"}, "", id="forbidden"),
        pytest.param("404 Not Found", b"404 page not found", "", id="a server too old to know"),
        pytest.param("201 Created", {}, "", id="an empty review"),
    ],
)
def test_who_we_are_is_what_the_server_says(status: str, body: object, name: str) -> None:
    server = Server(answering(status, body))

    assert pods(server).whoami() == name
    server.finish()


def test_a_watch_is_read_where_descriptors_are_many() -> None:
    """select() knows none above 1023."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(2048, hard)), hard))
    spare = os.open("/dev/null", os.O_RDONLY)
    held = [fcntl.fcntl(spare, fcntl.F_DUPFD, 0) for _ in range(1100)]

    def script(peer: Peer) -> None:
        peer.request()
        peer.begin_watch()
        time.sleep(0.3)  # so that it has to be waited for
        peer.chunk(line("MODIFIED", pod(6)))

    try:
        server = Server(script)
        assert first_versions(changes(server), 1) == ["6"]
        server.finish()
    finally:
        for number in (*held, spare):
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
