"""Pods as an opponent writes them: whatever stands in one, it is parsed, told and chosen from, or named and passed by."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubectl_dshell.commands.fanout.targets import TargetQuery, find
from kubectl_dshell.commands.manage.cleanup import CleanupRequest, choose
from kubectl_dshell.commands.manage.list import ListRequest, list_chosen
from kubectl_dshell.commands.pod_copy.plan import CopyPlan, plan_copy
from kubectl_dshell.domain.access.identity import identify
from kubectl_dshell.domain.access.privilege import Privilege, Profile, security_context
from kubectl_dshell.domain.access.target import choose_target
from kubectl_dshell.domain.debug_container.cleanup_result import failed, left_to
from kubectl_dshell.domain.debug_container.joinable import describe as describe_session
from kubectl_dshell.domain.debug_container.joinable import joinable, newest, refusal
from kubectl_dshell.domain.debug_container.listing import ListedContainer, ListFilter, SortKey, sorted_by
from kubectl_dshell.domain.debug_container.purpose import purpose
from kubectl_dshell.domain.debug_container.staleness import staleness, who_is_in
from kubectl_dshell.domain.debug_container.status import HolderReport, debug_containers
from kubectl_dshell.domain.pod.pod import Pod, called, parse_pod
from kubectl_dshell.domain.pod.reference import Reference, WorkloadKind
from kubectl_dshell.domain.pod.selection import jobs_at_work, newest_ready_first, selector_of
from kubectl_dshell.domain.pod.start_failure import StartMonitor, describe
from kubectl_dshell.domain.pod.unreadable import UnreadablePod, told
from kubectl_dshell.domain.text.duration import age
from kubectl_dshell.domain.text.invocation import PLAIN
from kubectl_dshell.errors import DshellError, Malformed, NotFound
from kubectl_dshell.output.cleanup_report import format_endings, format_line, next_steps, not_ended, question
from kubectl_dshell.output.debug_containers.formats import format_debug_containers, format_document_of, format_name
from kubectl_dshell.output.document import Format
from kubectl_dshell.output.escape import escape
from tests.commands.world import FakeCluster, World, request
from tests.pods import running

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Json = Any
WIDEST = 20_000
"""Characters of a row of -o wide: ten cells of which each is bounded."""

WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            *("²", "9" * 5000, "999999999", "-1", "0", "00", "1e9", "\u0663", "+5", " 5"),
            *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"),
            *("2026-01-01T00:00:00Z", "2026-W01-1", "10000-01-01T00:00:00Z", "2026-01-01T00:00:00.123456789Z"),
            *("../../x", "/tmp/x", "..", ".", "a" * 300, "a\nb", "\x1b]0;x\x07", "\u2028", "\u202e", "\ud800", "\0"),
            *("$(id)", "'; id; '", "$$", "x" * 5000, "Running", "True", "windows", "unconfined", "localhost/"),
            *("a" * 64 + " 0:0", "a" * 64 + " ²:0", "containerd://../../x", "CrashLoopBackOff", "ErrImagePull"),
            *("ephemeralContainers", '"ephemeralContainers"', "dshell-", "dshell-x", "app", "Always"),
        ]
    ),
)
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([0, -1, 2**31, 2**32, 2**63, 10**400, True, False, 1e400])
)
JUNK = st.recursive(
    st.one_of(st.none(), WORDS, NUMBERS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)


def valid() -> Json:
    """All that is read, each once, so that every place can be changed."""
    env = {"DSHELL_OWNER": "ada", "DSHELL_REASON": "ticket", "DSHELL_LIMIT": "28800", "DSHELL_HOLDER": "h"}
    env |= {"DSHELL_PROTOCOL": "2 abcd2345 4"}
    env |= {"DSHELL_MEASURED": "a" * 64 + " 0:0", "DSHELL_VERSION": "1", "OTHER": "$$x"}
    security = {
        "runAsUser": 65532,
        "runAsGroup": 0,
        "privileged": False,
        "capabilities": {"add": ["X"], "drop": ["ALL"]},
        "seccompProfile": {"type": "Localhost", "localhostProfile": "p"},
        "appArmorProfile": {"type": "RuntimeDefault"},
        "seLinuxOptions": {"level": "s0"},
    }
    ours = {
        "name": "dshell-abcde",
        "image": "busybox:1.37",
        "imagePullPolicy": "Always",
        "targetContainerName": "app",
        "stdin": True,
        "env": [{"name": name, "value": value} for name, value in env.items()],
        "securityContext": security,
    }
    ended = {"exitCode": 3, "reason": "Error", "message": "m", "startedAt": "2026-01-01T00:00:00Z"}
    ended["finishedAt"] = "2026-01-01T00:00:00Z"
    waiting = {"reason": "ErrImagePull", "message": "m: a: b"}
    return {
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "u",
            "resourceVersion": "7",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "deletionTimestamp": None,
            "annotations": {"container.apparmor.security.beta.kubernetes.io/app": "localhost/x"},
            "ownerReferences": [{"uid": "u"}],
        },
        "spec": {
            "nodeName": "node-1",
            "os": {"name": "linux"},
            "securityContext": security,
            "containers": [{"name": "app", "securityContext": security}],
            "initContainers": [{"name": "side", "restartPolicy": "Always"}, {"name": "init"}],
            "ephemeralContainers": [ours, {**ours, "name": "debugger-x8z4p"}, {"name": "x"}],
            "selector": {
                "matchLabels": {"a": "b"},
                "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}],
            },
        },
        "status": {
            "phase": "Running",
            "active": 1,
            "conditions": [
                {"type": "Ready", "status": "True"},
                {"type": "PodScheduled", "status": "False", "message": "m"},
            ],
            "containerStatuses": [{**running("app"), "lastState": {"terminated": ended}}],
            "initContainerStatuses": [running("side"), {"name": "init", "state": {"terminated": ended}}],
            "ephemeralContainerStatuses": [
                running("dshell-abcde"),
                {"name": "debugger-x8z4p", "state": {"terminated": ended}},
                {"name": "x", "state": {"waiting": waiting}},
            ],
        },
    }


def furnished() -> Json:
    """The same with all that a copy takes over."""
    pod = valid()
    volumes = [
        {"name": "a", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}, {"configMap": {"name": "c"}}]}},
        {"name": "b", "downwardAPI": {"items": [{"resourceFieldRef": {"containerName": "app"}}]}},
        {"name": "c", "ephemeral": {"volumeClaimTemplate": {}}},
        {"name": "d", "emptyDir": {}},
    ]
    app = {
        "name": "app",
        "image": "shop/web:1",
        "env": [{"name": "A", "value": "b"}],
        "envFrom": [{"secretRef": {"name": "s"}}],
        "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}},
        "volumeMounts": [{"name": name, "mountPath": f"/{name}"} for name in "abcd"],
        "volumeDevices": [{"name": "c", "devicePath": "/dev/c"}],
        "workingDir": "/",
    }
    taken = {"tolerations": [{}], "dnsPolicy": "None", "hostUsers": False, "dnsConfig": {}, "serviceAccountName": "w"}
    pod["spec"] |= {"containers": [app], "volumes": volumes, **taken}
    return pod


def places(json_: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys: list[Any] = (
        list(json_) if isinstance(json_, dict) else list(range(len(json_))) if isinstance(json_, list) else []
    )
    return [path, *(place for key in keys for place in places(json_[key], (*path, key)))]


PLACES = places(valid())


def changed(json_: Json, path: tuple[Any, ...], value: Json) -> Json:
    if not path:
        return value
    try:
        if isinstance(json_, dict):
            return {**json_, path[0]: changed(json_[path[0]], path[1:], value)}
        return [changed(one, path[1:], value) if n == path[0] else one for n, one in enumerate(json_)]
    except (KeyError, TypeError):  # another change has taken that place away
        return json_


@st.composite
def mutated(draw: Any) -> Json:
    pod = valid()
    for _ in range(draw(st.integers(1, 3))):
        pod = changed(pod, draw(st.sampled_from(PLACES)), draw(st.one_of(WORDS, NUMBERS, JUNK)))
    return pod


def stamped(name: str, value: str) -> Json:
    at = next(place for place in PLACES if place[-1:] == ("value",) and valid_at(place[:-1])["name"] == name)
    return changed(valid(), at, value)


def valid_at(path: tuple[Any, ...]) -> Json:
    pod = valid()
    for key in path:
        pod = pod[key]
    return pod


PODS = st.one_of(mutated(), mutated(), JUNK)
LIVES = st.one_of(st.none(), st.builds(HolderReport, *[st.integers(0, 999_999_999)] * 4))


def only_ours(work: Callable[[], object]) -> object:
    try:
        return work()
    except DshellError as error:
        found = error
    assert len(found.message) < WIDEST
    return found


def one_line_each(text: str) -> None:
    for line in text.removesuffix("\n").split("\n"):
        assert all(not unicodedata.category(c).startswith("C") and c not in "\u2028\u2029" for c in line), repr(line)
        assert len(line) < WIDEST


@given(PODS, LIVES, st.sampled_from([None, *SortKey]), st.sampled_from([None, 0, 999_999_999]))
@example(stamped("DSHELL_LIMIT", "²"), None, None, None)
@example(stamped("DSHELL_LIMIT", "9" * 5000), None, None, None)
@example(stamped("DSHELL_MEASURED", "a" * 64 + " ²:0"), None, None, None)
@example(stamped("DSHELL_OWNER", "x\n  shop/web forged (ada)\u2028\x1b[2J" * 99), None, None, None)
@example(changed(valid(), ("metadata", "namespace"), "../../x"), None, None, None)
@example(changed(valid(), ("spec", "containers"), []), None, None, None)
@settings(deadline=None)
def test_any_pod_is_understood_and_shown_or_malformed(
    json_: Json, live: HolderReport | None, key: SortKey | None, older_than: int | None
) -> None:
    pod = only_ours(lambda: parse_pod(json_))
    assert isinstance(pod, Pod | Malformed)
    if isinstance(pod, Malformed):
        unclear = UnreadablePod(*called(json_), pod.message)
        one_line_each(escape(told([unclear])))
        json.loads(format_document_of([], [unclear], 0, Format.JSON))
        return
    choice = ListFilter(older_than=older_than)
    listed = []
    for container in debug_containers(pod):
        answered = _with(container, live)
        assert len(staleness(answered, NOW, older_than)) < 100
        assert len(who_is_in(answered)) < 100
        listed.append(choice.judge(answered, NOW))
        assert choice.wants(listed[-1], NOW) in (True, False)
    shown(sorted_by(listed, key))


def _with(container: Any, live: HolderReport | None) -> Any:
    return replace(container, live=live)


def shown(listed: list[ListedContainer]) -> None:
    rows = len(listed) + 1
    for form in ("", "wide"):
        table = format_debug_containers(listed, form, NOW, everywhere=True, with_heads=True)
        assert table.count("\n") == rows
        one_line_each(table)
    for one in listed:
        name = format_name(one, everywhere=True)
        assert name.count("\n") == 1
        one_line_each(name)
        assert len(describe_session(one.container, NOW)) < WIDEST
        assert one.container.state
    text = format_document_of(listed, [], 0, Format.JSON)
    assert text.isascii()
    document = json.loads(text)
    as_yaml = format_document_of(listed, [], 0, Format.YAML)
    one_line_each(as_yaml)
    assert yaml.safe_load(as_yaml) == document or "\\ud" in text  # YAML has no halves of characters
    found = [one.container for one in listed]
    endings = [failed(s, s.message) for s in found] + [left_to(s, "2 clients", PLAIN) for s in found]
    lines = "".join(map(format_line, endings))
    assert lines.count("\n") == len(endings)
    one_line_each(lines)
    one_line_each(escape("\n".join([*next_steps(endings), *not_ended(endings, []), question(found, NOW)])))
    assert format_endings(endings, [], Format.JSON).isascii()


@given(PODS, st.lists(JUNK, max_size=2), st.sampled_from([None, "app", "init", "x", "nope"]))
@example(stamped("DSHELL_MEASURED", "a" * 64 + " ²:0"), [], None)
@example(stamped("DSHELL_LIMIT", "²"), [], None)
@example(changed(valid(), ("spec", "containers"), []), [], None)
@example(changed(changed(valid(), ("spec", "containers"), []), ("spec", "initContainers"), []), [], None)
@settings(deadline=None)
def test_any_pod_is_a_target_or_refused(json_: Json, events: list[Json], wanted: str | None) -> None:
    pod = only_ours(lambda: parse_pod(json_))
    if not isinstance(pod, Pod):
        return
    target = only_ours(lambda: choose_target(pod, wanted, NOW))
    for name in [one.name for one in pod.ephemeral]:
        watch = StartMonitor(name)
        for _ in range(2):
            assert isinstance(only_ours(partial(watch.judge, pod, events)), DshellError | None)
        assert len(describe(pod, name, events)) < 3000
    for entry in pod.ephemeral:
        assert len(purpose(entry.spec).owner) >= 0
    live = joinable(debug_containers(pod), lambda container: container.owner == "ada")
    newest(live)
    for container in debug_containers(pod):
        assert isinstance(refusal(container, pod, NOW, "again"), NotFound | None)
    if not isinstance(target, DshellError):
        found: Any = target
        identity = identify(pod, found.container, None)
        for profile in Profile:
            asked = Privilege(profile, cap_add=("SYS_PTRACE",), cap_drop=("MKNOD",))
            json.dumps(security_context(asked, pod, found.container, identity))


SPECS = places(FURNISHED := furnished())


@st.composite
def remodelled(draw: Any) -> Json:
    pod = FURNISHED
    for _ in range(draw(st.integers(1, 3))):
        pod = changed(pod, draw(st.sampled_from(SPECS)), draw(st.one_of(WORDS, NUMBERS, JUNK)))
    return pod


@given(st.one_of(remodelled(), PODS), st.sampled_from([None, "app", "init"]), st.booleans())
@example(FURNISHED, None, True)
@settings(deadline=None)
def test_any_pod_is_copied_or_refused(json_: Json, wanted: str | None, account: bool) -> None:
    world = World(pod=json_)

    copied = only_ours(lambda: plan_copy(request(container=wanted), world.ports(), service_account=account))

    if isinstance(copied, CopyPlan):
        json.dumps(copied.manifest)
        assert [one["name"] for one in copied.manifest["spec"]["containers"]] == [copied.container]
        assert copied.manifest["metadata"]["labels"].keys() == {"app.kubernetes.io/managed-by"}


@given(JUNK, st.lists(PODS, max_size=3), mutated())
@settings(deadline=None)
def test_any_workload_selects_or_is_refused(junk: Json, pods: list[Json], workload: Json) -> None:
    assert len(newest_ready_first(pods)) == len(pods)
    for kind in (WorkloadKind.SERVICE, WorkloadKind.DEPLOYMENT):
        for one in (junk, workload):
            assert isinstance(only_ours(partial(selector_of, Reference(kind, "web"), one)), str | DshellError)
    assert isinstance(only_ours(lambda: jobs_at_work(workload, pods)), list | DshellError)


class Crowd(FakeCluster):
    """A list of pods, the one of an opponent among them; nobody waits for anything."""

    def __init__(self, pods: list[Json]) -> None:
        super().__init__()
        self.pods = pods

    def list_pods(self, namespace: str | None, selector: str = "") -> Any:
        yield from self.pods

    list_debugged = list_pods


@given(PODS, st.booleans())
@settings(deadline=None, max_examples=60)
def test_the_others_are_listed_chosen_and_entered_past_any_pod(json_: Json, stale: bool) -> None:
    good = changed(valid(), ("metadata", "name"), "good")
    state = "dshell-state holder=ok sessions=0 silent=99 kept=0 left=99"
    world = World(cluster=Crowd([json_, good]), state=state)

    listed = list_chosen(ListRequest(None, choice=ListFilter(stale=stale)), world.ports())
    chosen = choose(CleanupRequest(stale=stale), world.ports())
    found = find(TargetQuery((), "", None, None, every=True), world.ports())

    assert any(one.container.pod == "good" for one in listed.found)
    assert any(container.pod == "good" for container in chosen.containers)
    assert any(one.place.pod == "good" for one in found)
    broken = isinstance(only_ours(lambda: parse_pod(json_)), Malformed)
    assert (len(listed.unclear), len(chosen.unclear)) == (broken, broken)
    for line in world.said:
        one_line_each(escape(line))


def test_ages_and_ends_are_calculated_at_the_edges_of_time() -> None:
    pod = changed(
        valid(), ("status", "ephemeralContainerStatuses", 0, "state", "running", "startedAt"), "9000-12-31T23:59:59Z"
    )
    pod = changed(pod, next(p for p in PLACES if p[-1:] == ("value",) and valid_at(p) == "28800"), "999999999")
    shown([ListFilter().judge(container, NOW) for container in debug_containers(parse_pod(pod))])
    assert age(timedelta.max)
