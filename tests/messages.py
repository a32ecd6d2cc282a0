"""All messages of the program, each made by the function that words it; those of the verbs by `command_messages`.

To add one, append (title, callable) to a section. The callable returns the text, or an error to be shown as the
program shows it, or raises that error.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from kubectl_dshell.commands.fanout.once import ran_before
from kubectl_dshell.commands.session import fallback_shell
from kubectl_dshell.domain import fanout
from kubectl_dshell.domain.access.custom import parse_custom
from kubectl_dshell.domain.access.down import choose_down
from kubectl_dshell.domain.access.facts import Facts
from kubectl_dshell.domain.access.identity import UNKNOWN, Identity, Source, why_disbelieved
from kubectl_dshell.domain.access.root_access import how_to_enter, why_denied
from kubectl_dshell.domain.access.target import Target, choose_target
from kubectl_dshell.domain.access.volumes import refuse_unknown_user, volumes_of
from kubectl_dshell.domain.cp import archive_safety
from kubectl_dshell.domain.cp.archive_safety import MemberType
from kubectl_dshell.domain.cp.copy_spec import RemotePath, parse_copy_spec
from kubectl_dshell.domain.cp.requested_names import RequestedNames
from kubectl_dshell.domain.debug_container import cleanup_result, joinable
from kubectl_dshell.domain.debug_container.admission import admission_changes
from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome, CleanupResult
from kubectl_dshell.domain.debug_container.end_message import parse_end_message
from kubectl_dshell.domain.debug_container.listing import ListedContainer
from kubectl_dshell.domain.debug_container.purpose import differences
from kubectl_dshell.domain.debug_container.seal import Seal
from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec
from kubectl_dshell.domain.debug_container.staleness import staleness, who_is_in
from kubectl_dshell.domain.debug_container.status import HolderReport, debug_containers
from kubectl_dshell.domain.pod import start_failure, termination
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.pod.indexed_job import parse_job
from kubectl_dshell.domain.pod.pod import parse_pod
from kubectl_dshell.domain.pod.reference import Reference, WorkloadKind, parse_reference
from kubectl_dshell.domain.pod.selection import selector_of
from kubectl_dshell.domain.pod.start_failure import StartMonitor
from kubectl_dshell.domain.pod.unreadable import UnreadablePod, told
from kubectl_dshell.domain.shard import parse_shard
from kubectl_dshell.domain.text.bounds import shortened
from kubectl_dshell.domain.text.duration import parse_duration
from kubectl_dshell.domain.text.invocation import PLAIN, Invocation
from kubectl_dshell.errors import ApiError, DshellError, NoImageVolumes, NotFound, TooManyOpenFiles, TooManyThreads
from kubectl_dshell.files.archive_source import ArchiveSource
from kubectl_dshell.files.staging import Staging
from kubectl_dshell.kube.auth.credentials import Static
from kubectl_dshell.kube.auth.exec_credential import InvalidExecCredential, parse_exec_credential
from kubectl_dshell.kube.auth.user_terminal import UserTerminal
from kubectl_dshell.kube.connection import resolve
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.http.chunked import ChunkedBody
from kubectl_dshell.kube.http.errors import CutShort, HttpError
from kubectl_dshell.kube.kubeconfig import yaml_reader
from kubectl_dshell.kube.kubeconfig.header import bearer
from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry
from kubectl_dshell.kube.net.endpoint import endpoint
from kubectl_dshell.kube.refusals import ApiRequest, denied, translate_api_error
from kubectl_dshell.kube.rest.failure import failure
from kubectl_dshell.kube.rest.response import HttpResponse
from kubectl_dshell.kube.rest.unreachable import unreachable
from kubectl_dshell.output import cleanup_report
from kubectl_dshell.output.debug_containers.table import state_cell
from kubectl_dshell.output.failure import format_failure
from tests import command_messages
from tests.pods import STARTER, make_pod, pod_json, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.debug_container.status import DebugContainer

    Message = tuple[str, Callable[[], object]]

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
COPY_ENTRY = {"name": "dshell-k7x2p", "env": [{"name": "DSHELL_TOOLS", "value": "/.dshell"}]}
RETRY = "kubectl dshell web-6d4f -n shop"
NAME = "dshell-k7x2p"


def facts(**changes: Any) -> Facts:
    usual: dict[str, Any] = {"pid": 7, "uid": (101,) * 4, "gid": (101,) * 4, "caps": 0, "dumpable": True}
    ours: dict[str, Any] = {"our_uid": 101, "our_gid": 101, "our_caps": 0, "left": 28800, "holder_alive": True}
    return Facts(**usual | {"root_open": False} | ours | changes)


def spec(**changes: Any) -> DebugSpec:
    usual: dict[str, Any] = {"target": "app", "image": "busybox:1.37", "pull_policy": None, "limit": 28800}
    usual |= {"security": {"runAsUser": 65532, "runAsGroup": 65532}, "owner": "ada", "version": "1.0.0", "env": ()}
    return DebugSpec(**usual | changes)


def container(name: str = NAME, state: dict[str, Any] | None = None, **changes: Any) -> DebugContainer:
    """One of ours in web, unless its name is another tool's."""
    entry = container_spec(name, spec(), ["sh"], STARTER)
    if not name.startswith("dshell-"):
        entry = {"name": name, "image": "busybox", "targetContainerName": "app", "stdin": True}
    status = {"name": name, "state": state or {"running": {"startedAt": "2026-01-01T11:00:00Z"}}}
    (found,) = debug_containers(make_pod(ephemeral=[entry], ephemeral_statuses=[status]))
    return replace(found, **changes)


def target(container_name: str | None = None, deleting: bool = False, **words: Any) -> object:
    json = pod_json(**words)
    if deleting:
        json["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:20Z"
    return choose_target(parse_pod(json), container_name, NOW)


def app(state: dict[str, Any], last: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [{"name": "app", "state": state, "lastState": last or {}}]


PRIVATE = (
    "failed to pull and unpack image: unexpected status from HEAD request to https://registry/tools: 401 Unauthorized"
)


def start(reason: str, message: str, architecture: str = "", **pod_spec: Any) -> object:
    statuses = [{"name": NAME, "state": {"waiting": {"reason": reason, "message": message}}}]
    monitor = StartMonitor(NAME, {"Failed to pull image"}, lambda _node: architecture)
    pod = make_pod(spec=pod_spec, ephemeral=[{"name": NAME, "image": "tools:1"}], ephemeral_statuses=statuses)
    return monitor.judge(pod)


def start_in(phase: str) -> object:
    return StartMonitor(NAME).judge(make_pod(ephemeral=[{"name": NAME, "image": "tools:1"}], phase=phase))


def copied(state: dict[str, Any], phase: str = "Pending") -> object:
    """A copy of a pod that does not start."""
    entry = {"name": NAME, "image": "shop/web:1", "env": [{"name": "DSHELL_TOOLS", "value": "/.dshell"}]}
    tools = {"name": "dshell-tools", "image": {"reference": "tools:1"}}
    spec = {"containers": [entry], "volumes": [tools]}
    pod = make_pod(spec=spec, statuses=[{"name": NAME, "state": state}], phase=phase)
    return StartMonitor(NAME, {"ErrImagePull"}).judge(pod._replace(name="web-dshell-k7x2p"))


def copied_waiting(reason: str, message: str) -> object:
    return copied({"waiting": {"reason": reason, "message": message}})


def exited_at_once() -> object:
    ended = {"terminated": {"exitCode": 1, "message": "sh: syntax error"}}
    pod = make_pod(ephemeral=[{"name": NAME, "image": "tools:1"}], ephemeral_statuses=[{"name": NAME, "state": ended}])
    return StartMonitor(NAME).judge(pod)


def before(state: dict[str, Any], name: str = NAME) -> object:
    entry = container_spec(name, spec(), ["sh"], STARTER) if name == NAME else {"name": name, "image": "busybox"}
    pod = make_pod(ephemeral=[entry], ephemeral_statuses=[{"name": name, "state": state}])
    return ran_before(pod, name, RETRY)


def join(one: DebugContainer) -> object:
    pod = make_pod(ephemeral=[{"name": one.name, "stdin": True}])
    return joinable.refusal(one, pod, NOW, RETRY)


def malformed(*path: str, value: object) -> object:
    json = pod_json()
    field: Any = json
    for name in path[:-1]:
        field = field[name]
    field[path[-1]] = value
    return parse_pod(json)


ASKED = [RemotePath(None, "web", "logs/app.log", folder=False, contents=False)]


def take(name: str, kind: str = "file") -> None:
    RequestedNames(ASKED).take(name, kind)


def result(name: str, code: int | None, error: DshellError | None = None) -> fanout.RunResult:
    return fanout.RunResult(ContainerRef("shop", name, "app"), 1.0, code, error)


def cleaned(outcome: CleanupOutcome, why: str = "") -> CleanupResult:
    return CleanupResult(container(), outcome, why)


def end_text(words: str) -> object:
    message = parse_end_message(words)
    return message and f"the debug container {NAME} {message.text}"


def stale(**changes: Any) -> object:
    return staleness(container(**changes), NOW, 1800)


def state(live: HolderReport | None = None, *, stale: bool = False, phase: dict[str, Any] | None = None) -> object:
    return state_cell(ListedContainer(container(state=phase, live=live), stale, ""))


LIVE = HolderReport(clients=2, silent=3, kept=0, left=3600)
OLD = NOW - timedelta(days=2)
SERVICE = Reference(WorkloadKind.SERVICE, "web")
ENDED: dict[str, Any] = {"exitCode": 137, "finishedAt": "2026-01-01T11:57:00Z"}
MISSED = "ended after 50 s without its first client"
END_MESSAGES = ("ended by the cluster", "ended by a client", "ended after 50 s without a client")
ADMITTED = {"imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log", "stdin": False}
OTHER = spec(target="proxy", image="tools:1", owner="ben", version="2.0.0", limit=3600, env=(("A", "1"),))
AS_ROOT = spec(security={"runAsUser": 0, "runAsGroup": 0})
IN_USE = cleanup_result.left_to(container(), who_is_in(container(live=LIVE)), Invocation(("--context", "prod")))
FAILED = cleanup_result.failed(container(), "it is still running")
RESULTS = [result("a", 0), result("b", 3), result("c", None, NotFound("x")), result("d", None)]


def closed(*, alone_privileged: bool = False, runtime_class: str = "", **changes: Any) -> str:
    found, pod = facts(**changes), make_pod(spec={"runtimeClassName": runtime_class or None})
    advice = how_to_enter(found, RETRY, alone_privileged=alone_privileged)
    if runtime_class:
        advice = "\n".join(fallback_shell._elsewhere(pod, RETRY, advice))
    return f"... and cannot read the app's files: {why_denied(found, pod)}\n{advice}"


def customized(security: dict[str, Any]) -> object:
    return parse_custom("f.yaml", {"securityContext": security})


def claimed(**words: Any) -> str:
    pod = make_pod(**words)
    return why_disbelieved(Identity(0, 0, Source.MEASURED), pod, pod.containers[0])


PATCH = ApiRequest("patch", "pods/ephemeralcontainers", "shop", "web", container=NAME)
EXEC = ApiRequest("create", "pods/exec", "shop", "web")
LIST = ApiRequest("list", "pods", "shop", selector="a b")
LIST_ALL = ApiRequest("watch", "pods", None)
CONNECTION = Connection("https://api.test:6443", "shop", "prod", "jane", Static())
PLUGIN_VERSION = "client.authentication.k8s.io/v1"
USER = NamedEntry("jane", {"exec": 5, "as": 7, "tokenFile": "a\0"}, kind="user")


def refused(request: ApiRequest, code: int, message: str) -> object:
    return translate_api_error(ApiError(code, "", message), request)


def rbac(request: ApiRequest, verb: str, resource: str) -> object:
    return refused(request, 403, f'User "jane" cannot {verb} resource "{resource}" in API group ""')


def responded(status: int, body: bytes = b"", **headers: str) -> object:
    url = "https://api.test:6443/api"
    return failure(HttpResponse(status, "", headers, body, url), CONNECTION, "GET /api")


def plugin(text: str) -> object:
    try:
        return parse_exec_credential(text.encode(), PLUGIN_VERSION)
    except InvalidExecCredential as error:
        return f"the credential plugin {error}"


def connected(context: str | None = None, cluster: str | None = None) -> object:
    options = ConnectionOptions(kubeconfig=os.devnull, context=context, cluster=cluster)
    return resolve.connect(options, {}, UserTerminal())


VOLUMES_APP: dict[str, Any] = {"name": "app", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
VOLUMES_TARGET = Target(make_pod(), make_pod().containers[0])
CRASHED = {"waiting": {"reason": "CrashLoopBackOff"}}
LAST = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-01-01T11:59:00Z"}}


def volumes(*mounts: dict[str, Any]) -> object:
    pod = make_pod(spec={"containers": [{"name": "app", "volumeMounts": list(mounts)}]})
    return volumes_of(Target(pod, pod.containers[0]), PLAIN)


SECTIONS: dict[str, list[Message]] = {
    "Limits of this machine": [
        ("too many open files", TooManyOpenFiles),
        ("too many threads", TooManyThreads),
        ("a response without a body", partial(ApiError, 500, "", "")),
    ],
    "A copy of a pod": [
        ("no image volumes", NoImageVolumes),
        (
            "the tools are not static",
            partial(
                copied,
                {"terminated": {"exitCode": 255, "message": "exec /.dshell/bin/busybox: no such file or directory"}},
            ),
        ),
        ("it ended at once", partial(copied, {"terminated": {"exitCode": 3, "reason": "Error"}})),
        ("the tools cannot be pulled", partial(copied_waiting, "ImagePullBackOff", 'failed to pull "tools:1": 404')),
        ("an image cannot be used", partial(copied_waiting, "ErrImageNeverPull", "it is not on the node")),
        ("root", partial(copied_waiting, "CreateContainerConfigError", "runAsNonRoot and image will run as root")),
        ("no secret", partial(copied_waiting, "CreateContainerConfigError", 'secret "s" not found')),
        ("evicted", partial(copied, {}, "Failed")),
        ("a copy of a copy", partial(target, spec={"containers": [COPY_ENTRY]})),
        (
            "no right to delete",
            partial(denied, ApiRequest("delete", "pods", "shop")),
        ),
    ],
    "The volumes of a container that does not run": [
        ("none", volumes),
        ("none that may be mounted", partial(volumes, {"name": "a", "mountPath": "/a", "subPath": "x"})),
        ("one over the shell", partial(volumes, {"name": "a", "mountPath": "/usr/bin/"})),
        (
            "an unknown user",
            partial(refuse_unknown_user, VOLUMES_TARGET, UNKNOWN, "kubectl dshell web -n shop --volumes"),
        ),
        (
            "an init container that fails",
            lambda: (
                choose_down(
                    make_pod(
                        spec={"initContainers": [{"name": "setup"}]},
                        statuses=[{"name": "setup", "state": {"terminated": {"exitCode": 1}}}],
                    ),
                    None,
                    PLAIN,
                ).notice
            ),
        ),
        ("its refusal", partial(target, spec={"containers": [VOLUMES_APP]}, statuses=app(CRASHED, LAST))),
    ],
    "The container to enter": [
        ("several containers", lambda: target(spec={"containers": [{"name": "app"}, {"name": "proxy"}]})),
        ("Windows", lambda: target(spec={"os": {"name": "windows"}})),
        ("a static pod", lambda: target(annotations={"kubernetes.io/config.mirror": "x"})),
        ("a pod that has terminated", lambda: target(phase="Succeeded")),
        ("a pod that is being deleted", lambda: target(deleting=True)),
        (
            "the same, with a debug container",
            lambda: target(
                deleting=True,
                ephemeral=[{"name": NAME, "image": "tools:1"}],
                ephemeral_statuses=[{"name": NAME, "state": {"running": {}}}],
            ),
        ),
        ("no such container", lambda: target("wbe")),
        ("an init container", lambda: target("setup", spec={"initContainers": [{"name": "setup"}]})),
        ("a debug container", lambda: target("dbg", ephemeral=[{"name": "dbg"}])),
        (
            "exited",
            lambda: target(
                statuses=app(
                    {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-01-01T11:56:00Z"}},
                )
            ),
        ),
        (
            "restarting",
            lambda: target(
                statuses=app(
                    {"waiting": {"reason": "CrashLoopBackOff"}},
                    {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-01T11:59:30Z"}},
                )
            ),
        ),
        ("waiting", lambda: target(statuses=app({"waiting": {"reason": "ErrImagePull", "message": "not found"}}))),
        ("not scheduled", lambda: target(statuses=[], phase="Pending")),
        (
            "initializing",
            lambda: target(
                statuses=[*app({"waiting": {"reason": "PodInitializing"}}), running("setup")],
                spec={"initContainers": [{"name": "setup"}]},
                phase="Pending",
            ),
        ),
        (
            "a pod that goes while one is in it",
            lambda: termination.describe(
                "web-6d4f",
                {"metadata": {"deletionGracePeriodSeconds": 30, "deletionTimestamp": "2026-01-01T12:00:20Z"}},
                NOW,
            ),
        ),
        ("a pod that its node stops", lambda: termination.describe("web-6d4f", {"metadata": {}}, NOW)),
    ],
    "Words of the command line": [
        ("a kind without pods", lambda: parse_reference("node/a")),
        ("no name of a pod", lambda: parse_reference("Web!")),
        ("a service without a selector", lambda: selector_of(SERVICE, {"spec": {}})),
        ("a deployment without a selector", lambda: selector_of(Reference(WorkloadKind.DEPLOYMENT, "web"), {})),
        ("no duration", lambda: parse_duration("soon")),
        ("too long a duration", lambda: parse_duration("11575d")),
        ("no POD:PATH", lambda: parse_copy_spec("Web:x")),
        ("no PATH", lambda: parse_copy_spec("web:")),
    ],
    "Why a debug container does not start": [
        ("so far: nothing", lambda: start_failure.describe(make_pod(), NAME, [])),
        ("so far: not scheduled", lambda: start_failure.describe(make_pod(spec={"nodeName": ""}), NAME, [])),
        ("the pod has terminated", lambda: start_in("Failed")),
        ("it exited", exited_at_once),
        ("no image", lambda: start("ImagePullBackOff", 'Back-off: ErrImagePull: rpc error: "tools:1": not found')),
        ("a private registry", lambda: start("ErrImagePull", PRIVATE)),
        (
            "a private registry and pull secrets",
            lambda: start("ErrImagePull", PRIVATE, imagePullSecrets=[{"name": "regcred"}, {"name": "ours"}]),
        ),
        (
            "no image for the node",
            lambda: start("ErrImagePull", "failed to pull: no match for platform in manifest: not found"),
        ),
        ("never pulled", lambda: start("ErrImageNeverPull", "not present")),
        ("no name of an image", lambda: start("InvalidImageName", "couldn't parse image name")),
        ("no shell", lambda: start("RunContainerError", 'runc create failed: exec: "sh": not found in $PATH')),
        ("another architecture", lambda: start("RunContainerError", 'exec: "sh": exec format error')),
        ("another than a known one", lambda: start("RunContainerError", 'exec: "sh": exec format error', "arm64")),
        ("root where none may be", lambda: start("CreateContainerConfigError", "container has runAsNonRoot")),
        ("no configuration", lambda: start("CreateContainerConfigError", "secret not found")),
        ("the target ended", lambda: start("CreateContainerError", 'invalid target container: "x" is not running')),
        ("killed", lambda: start("RunContainerError", "runc create failed: procReady not received")),
        ("no space", lambda: start("RunContainerError", "no space left on device")),
    ],
    "Identity and access to the root": [
        ("sources of an identity", lambda: "\n".join(f"as 101:101 ({source})" for source in Source)),
        ("no process", lambda: closed(pid=0, uid=None, gid=None)),
        ("no process, under SELinux", lambda: closed(pid=0, uid=None, gid=None, hidden=True)),
        ("no process, in Kata Containers", lambda: closed(pid=0, uid=None, gid=None, runtime_class="kata-qemu")),
        ("no process, another class", lambda: closed(pid=0, uid=None, gid=None, runtime_class="wasm")),
        ("several ids", lambda: closed(uid=(0, 101, 101, 101))),
        ("not dumpable", lambda: closed(dumpable=False)),
        ("a capability of the binary", lambda: closed(caps=0x400)),
        ("another user", lambda: closed(our_uid=65532)),
        ("another group", lambda: closed(our_gid=0)),
        ("root with more", lambda: closed(uid=(0,) * 4, gid=(0,) * 4, our_uid=0, our_gid=0, caps=0x200000)),
        ("a security module", closed),
        ("a security module, as root", lambda: closed(our_uid=0, our_gid=0, our_caps=1 << 19)),
        (
            "a security module, and the app is privileged",
            lambda: closed(our_uid=0, our_gid=0, our_caps=1 << 19, alone_privileged=True),
        ),
        ("a process that claims to be root", claimed),
        ("the same, and nobody knows the user", lambda: claimed(statuses=[running(user=None)])),
    ],
    "A custom profile": [
        ("it is no container", lambda: parse_custom("f.yaml", "root")),
        ("it is empty", lambda: parse_custom("f.yaml", {})),
        ("a field that stays", lambda: parse_custom("f.yaml", {"name": "x", "args": ["y"]})),
        ("a misspelled field", lambda: parse_custom("f.yaml", {"volumeMount": [{"name": "v"}]})),
        ("a reserved variable", lambda: parse_custom("f.yaml", {"env": [{"name": "DSHELL_SEAL"}]})),
        ("a directive", lambda: parse_custom("f.yaml", {"$patch": "delete"})),
        ("no capability", lambda: customized({"capabilities": {"add": ["PTRACE"]}})),
        ("a wrong type", lambda: customized({"runAsUser": "root"})),
    ],
    "A debug container that is there": [
        ("ended", lambda: join(container(state={"terminated": {**ENDED, "message": "ended by a client"}}))),
        ("another tool's", lambda: join(container("debugger-x8z4p"))),
        ("in a list", lambda: joinable.describe(container(reason="INC-7"), NOW, mine=False)),
        (
            "not the wanted one",
            lambda: "\n".join(differences(container_spec(NAME, spec(), ["sh"], STARTER), OTHER)),
        ),
        (
            "mine, and not the wanted one",
            lambda: "\n".join(
                differences(container_spec(NAME, spec(), ["sh"], STARTER), OTHER, Seal("u-1", NAME, "0" * 16, ""))
            ),
        ),
        (
            "what admission changed",
            lambda: "\n".join(
                admission_changes(
                    {"image": "tools:1", "resources": {}, "stdin": True},
                    {**ADMITTED, "image": "mirror.example/tools:1", "env": [{"name": "HTTP_PROXY"}]},
                )
            ),
        ),
        ("another user", lambda: "\n".join(differences(container_spec(NAME, spec(), ["sh"], STARTER), AS_ROOT))),
        *((f"it {words}", partial(end_text, words)) for words in END_MESSAGES),
    ],
    "Columns of a list": [
        ("STATE, in use", lambda: state(LIVE)),
        ("STATE, idle", lambda: state(LIVE._replace(clients=0))),
        ("STATE, kept", lambda: state(LIVE._replace(clients=0, kept=60))),
        ("STATE, stale", lambda: state(stale=True)),
        ("STATE, waiting", lambda: state(phase={"waiting": {"reason": "ImagePullBackOff"}})),
        ("STATE, ended", lambda: state(phase={"terminated": {**ENDED, "message": "ended at its limit of 28800 s"}})),
        ("STATE, killed", lambda: state(phase={"terminated": ENDED})),
        ("STALE, no answer", lambda: stale(lost=True)),
        ("STALE, too old", lambda: stale(started_at=OLD)),
        ("STALE, no client", lambda: stale(live=HolderReport(0, 90, 0, 3600))),
        ("STALE, by --older-than", lambda: staleness(container("debugger-x8z4p"), NOW, 1800)),
        ("in use", lambda: who_is_in(container(live=LIVE))),
    ],
    "Pods that are malformed": [
        ("an object", lambda: malformed("spec", value="x")),
        ("a list", lambda: malformed("spec", "containers", value={})),
        ("a string", lambda: malformed("metadata", "annotations", value={"a": 1})),
        ("a number", lambda: malformed("spec", "securityContext", value={"runAsUser": "0"})),
        ("a boolean", lambda: malformed("spec", "containers", value=[{"securityContext": {"privileged": "yes"}}])),
        ("a name", lambda: malformed("metadata", "name", value="../../x")),
        ("all of them", lambda: told([UnreadablePod("shop", f"odd-{n}", "spec is not an object") for n in range(5)])),
        ("a long text", lambda: shortened("x" * 40, 20)),
    ],
    "What a cleanup reports": [
        *((f"a line: {outcome}", partial(cleanup_report.format_line, cleaned(outcome))) for outcome in CleanupOutcome),
        (
            "a line with a reason",
            lambda: cleanup_report.format_line(cleaned(CleanupOutcome.FAILED, "it is still running")),
        ),
        ("not in time", lambda: cleanup_report.format_line(cleanup_result.no_time(container(), "end it"))),
        ("in use", lambda: cleanup_report.format_line(IN_USE)),
        ("next steps", lambda: "\n".join(cleanup_report.next_steps([IN_USE, FAILED]))),
        ("too many of them", lambda: "\n".join(cleanup_report.next_steps([FAILED] * 5, 1)[-1:])),
        ("the question", lambda: cleanup_report.question([container(live=LIVE), container("debugger-x8z4p")], NOW)),
        ("where", lambda: "\n".join(cleanup_report.not_ended([IN_USE, FAILED], []))),
        ("the sum", lambda: cleanup_report.summary([*map(cleaned, CleanupOutcome)], 2)),
        ("the sum of a dry run", lambda: cleanup_report.summary([*map(cleaned, CleanupOutcome)], 0, dry=True)),
        ("why they stay", lambda: cleanup_report.WHY_THEY_STAY),
    ],
    "A command in many pods": [
        ("the sum", lambda: fanout.summary(RESULTS, 6)),
        ("the sum, of a second run", lambda: fanout.summary([*RESULTS, replace(RESULTS[3], earlier="x")], 7)),
        ("no shard", lambda: parse_shard("1")),
        ("too many shards", lambda: parse_shard("0/100001")),
        ("no such shard", lambda: parse_shard("4/4")),
        ("it runs already", lambda: before({"running": {}})),
        ("it has run", lambda: before({"terminated": {"exitCode": 0, "message": "ended by its last session"}})),
        ("it has not started", lambda: before({"waiting": {"reason": "ImagePullBackOff"}})),
        ("it was lost", lambda: before({"terminated": {**ENDED, "message": MISSED}})),
        ("another tool's", lambda: before({"running": {}}, NAME[1:])),
        ("no Indexed Job", lambda: parse_job({"metadata": {"name": "fix"}, "spec": {"completions": 4}})),
    ],
    "What is not copied": [
        ("an absolute path", lambda: archive_safety.inner_path("/etc/passwd")),
        ("a path upwards", lambda: archive_safety.inner_path("a/../../b")),
        ("a deep path", lambda: archive_safety.inner_path("a/" * 256)),
        ("a long path", lambda: archive_safety.inner_path("a" * 5000)),
        ("setuid", lambda: archive_safety.safe_mode(MemberType.FILE, 0o4755)),
        ("a link to nothing", lambda: archive_safety.safe_link(("l",), "", "/srv")),
        ("a long link", lambda: archive_safety.safe_link(("l",), "a" * 5000, "/srv")),
        ("a link upwards", lambda: archive_safety.safe_link(("l",), "../x", "/srv")),
        ("a file nobody asked for", lambda: take(".bashrc")),
        ("a directory nobody asked for", lambda: take("logs", "folder")),
        ("no record", lambda: take("", "shell")),
        ("nothing", RequestedNames(ASKED).end),
        ("no local file", lambda: ArchiveSource(["/none/here"], lambda _name, _why: None)),
        ("no place for it", lambda: Staging("/none/here", [])),
        ("no directory", lambda: Staging("/none/", [])),
        ("neither", lambda: Staging(os.devnull, [])),
    ],
    "What the API server refuses": [
        ("a right: patch", lambda: rbac(PATCH, "patch", "pods/ephemeralcontainers")),
        ("a right: list", lambda: rbac(LIST, "list", "pods")),
        ("a right: watch, in all namespaces", lambda: refused(LIST_ALL, 403, "forbidden")),
        ("Pod Security", lambda: refused(PATCH, 403, 'violates PodSecurity "baseline:latest": SYS_PTRACE')),
        ("a policy", lambda: refused(PATCH, 422, "ValidatingAdmissionPolicy 'no-debug' denied request: no")),
        ("a policy for exec", lambda: refused(EXEC, 422, "ValidatingAdmissionPolicy 'no-exec' denied request: no")),
        ("a webhook without dry runs", lambda: refused(PATCH, 400, 'webhook "x.test" does not support dry run')),
        ("a webhook that is down", lambda: refused(PATCH, 500, 'failed calling webhook "x.test": refused')),
        ("a namespace that is being deleted", lambda: refused(PATCH, 403, "because it is being terminated")),
        ("anything else", lambda: refused(PATCH, 403, "denied by a license")),
        ("a static pod", lambda: refused(PATCH, 422, "static pods do not support ephemeral containers")),
        ("an invalid container", lambda: refused(PATCH, 422, "spec.ephemeralContainers[0].image: Required value")),
        ("a name that is taken", lambda: refused(PATCH, 422, "existing ephemeral containers may not be changed")),
        ("an old cluster", lambda: refused(PATCH, 404, "the server could not find the requested resource")),
        ("no pod", lambda: refused(EXEC, 404, 'pods "web" not found')),
        ("no workload", lambda: refused(ApiRequest("get", "deployments.apps", "shop", "web", "deployment"), 404, "")),
        ("a selector", lambda: refused(LIST, 400, "unable to parse requirement")),
    ],
    "The connection to the API server": [
        ("credentials", lambda: responded(401, b'{"kind": "Status"}')),
        ("credentials, of a proxy", lambda: responded(401, b"<html>")),
        ("a web page", lambda: responded(403, b"<html>")),
        ("a redirect", lambda: responded(302, location="https://login.test/?token=x")),
        ("no response", lambda: unreachable(CONNECTION, TimeoutError())),
        ("nobody listens", lambda: unreachable(CONNECTION, ConnectionRefusedError(111, "Connection refused"))),
        ("half a response", lambda: unreachable(CONNECTION, CutShort())),
        ("not HTTP", lambda: unreachable(CONNECTION, HttpError("its first line is SSH-2.0"))),
        ("chunks", lambda: ChunkedBody().feed(b"hello\r\n")),
    ],
    "Kubeconfig and credentials": [
        ("no context", connected),
        ("no such context", lambda: connected(context="prod")),
        ("no server", lambda: connected(cluster="prod")),
        ("a type", lambda: USER.part("exec")),
        ("a string", lambda: USER.text("as")),
        ("a NUL", lambda: USER.path("tokenFile")),
        ("an alias", lambda: yaml_reader.parse(b"a: *b")),
        ("a key", lambda: yaml_reader.parse(b"? [a]\n: b")),
        ("a tag", lambda: yaml_reader.parse(b"a: !b c")),
        ("a header of two lines", lambda: bearer("a\nb", 'the token of user "jane"')),
        ("an empty header", lambda: bearer(" ", 'the token of user "jane"')),
        ("no URL", lambda: endpoint("http://p:99999", "$HTTPS_PROXY", ("http", "socks5"))),
        ("another scheme", lambda: endpoint("ftp://p", "$HTTPS_PROXY", ("http", "socks5"))),
        ("a login", lambda: endpoint("http://u:12/b@p:1", "$HTTPS_PROXY", ("http", "socks5"))),
        ("a plugin: no JSON", lambda: plugin("hello")),
        ("a plugin: another version", lambda: plugin('{"kind": "ExecCredential", "apiVersion": "v9"}')),
        (
            "a plugin: nothing",
            lambda: plugin(f'{{"kind": "ExecCredential", "apiVersion": "{PLUGIN_VERSION}", "status": {{}}}}'),
        ),
    ],
    **command_messages.SECTIONS,
}


def read(message: Callable[[], object]) -> str:
    """The text of a message, whether it is returned, raised, or an error that is returned."""
    try:
        said = message()
    except (DshellError, ValueError, archive_safety.UnsafeMember) as error:
        said = error
    if isinstance(said, DshellError):
        return format_failure(said)
    return said.notice if isinstance(said, Target) else str(said)


def as_text() -> str:
    """All messages, by section, each below its title."""
    lines = []
    for section, messages in SECTIONS.items():
        lines += [f"# {section}", ""]
        for title, message in messages:
            lines += [f"[{title}]", read(message).strip(), ""]
    return "\n".join(lines)
