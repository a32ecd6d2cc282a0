"""The messages of the verbs, each brought about in a World; `tests.messages` shows them with all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from kubectl_dshell.commands.cp.outcome import Skipped, explain_copy_failure
from kubectl_dshell.commands.diagnosis.doctor import DoctorRequest, examine, no_connection
from kubectl_dshell.commands.diagnosis.explain import explain
from kubectl_dshell.commands.fanout.targets import TargetQuery, find, one_pod
from kubectl_dshell.commands.manage.cleanup import CleanupRequest, choose
from kubectl_dshell.commands.manage.last_line import last_line
from kubectl_dshell.commands.manage.list import ListRequest, list_chosen, say_way_out
from kubectl_dshell.commands.request import AttachRequest
from kubectl_dshell.commands.session.attach import attach
from kubectl_dshell.commands.session.end_reason import lapsed
from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.access.privilege import Privilege, Profile
from kubectl_dshell.domain.debug_container.listing import NOT_ENDED, ListFilter
from kubectl_dshell.domain.permissions import Permission, every_permission
from kubectl_dshell.domain.pod.reference import parse_reference
from kubectl_dshell.domain.stream import Companion, Exit, Piped
from kubectl_dshell.errors import BadConfig, ConnectionLost, DshellError, PermissionDenied, Unavailable
from kubectl_dshell.kube.refusals import ApiRequest
from kubectl_dshell.output.diagnosis.checkup import format_lines, summary
from kubectl_dshell.output.diagnosis.explanation import format_tables
from kubectl_dshell.output.failure import format_failure
from kubectl_dshell.remote import copying, protocol
from tests.commands.diagnosis.clusters import FakeInspection
from tests.commands.manage.shop import world_of_two
from tests.commands.world import (
    CLOSED,
    GONE,
    KEY,
    OTHER_KEY,
    STEPPED_DOWN,
    FakeCluster,
    OnePerMinute,
    World,
    refused,
    request,
    root_pod,
    running_holder,
)
from tests.domain.diagnosis.test_nodes import node_json
from tests.pods import pod_json, running
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.domain.diagnosis.check import Checkup
    from tests.pods import Json

    Message = tuple[str, Callable[[], object]]
    Act = Callable[[World], object]

NAME = "dshell-abcde"
PULLING = {"waiting": {"reason": "ImagePullBackOff"}}
EXEC = ApiRequest("create", "pods/exec", "shop", "web")
PATCH = ApiRequest("patch", "pods/ephemeralcontainers", "shop", "web")
NO_PATCH = 'User "ada" cannot patch resource "pods/ephemeralcontainers" in API group ""'
DENIED = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request"
SHOP = CleanupRequest(namespace="shop")


def after(world: World, act: Act) -> str:
    """All that a person reads of `act`."""
    try:
        act(world)
    except DshellError as error:
        return "\n".join([*world.said, format_failure(error)])
    return "\n".join(world.said)


class NoList(FakeCluster):
    """A cluster that lets nobody list pods."""

    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        raise PermissionDenied("ada", "list", "pods", namespace)


class Empty(FakeCluster):
    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        yield from ()


def with_holders(*keys: Any, state: Json | None = None, **changes: Any) -> World:
    """A pod with a debug container for each key."""
    world = World(**changes)
    for number, key in enumerate(keys):
        running_holder(world, NAME if not number else f"dshell-other{number}", key)
    for status in world.pod["status"]["ephemeralContainerStatuses"]:
        status["state"] = state or status["state"]
    return world


def opening(world: World, **changes: Any) -> str:
    return after(world, lambda world: open_session(request(**changes), world.ports()))


def attaching(world: World, **changes: Any) -> str:
    usual: dict[str, Any] = {"namespace": "shop", "word": None, "pod": None, "name": None, "container": None}
    usual |= {"command": ("true",), "stdin": True, "tty": False, "keep": 0, "timeout": 60, "retry_command": ""}
    return after(world, lambda world: attach(AttachRequest(**usual | changes), world.ports()))


def ending(
    terminated: Json, happens: Callable[[Json], object] = lambda _pod: None, *, runtime_class: str | None = None
) -> str:
    """A session that is killed together with its debug container."""
    world = World()
    world.pod["spec"]["runtimeClassName"] = runtime_class

    def session(companion: Companion) -> Exit:
        wait_until(lambda: world.tethers, 10)
        companion.service(world.clock.monotonic())
        companion.service(world.clock.monotonic())
        world.vanished.add(world.added[0]["name"])
        world.tethers[0].events.append(Exit(137))
        for status in world.pod["status"]["ephemeralContainerStatuses"]:
            status["state"] = {"terminated": {"exitCode": 137, **terminated}}
        happens(world.pod)
        return Exit(137)

    world.terminal.session = session
    return opening(world)


def third_command() -> str:
    world = World(cluster=OnePerMinute())
    for _ in range(3):
        world.said, world.ends = [], [Exit(0)]
        opening(world)
    return "\n".join(world.said)


def with_entries(number: int, kilobytes: int, **changes: Any) -> World:
    """A pod with one that runs, and entries of another tool."""
    world = with_holders(KEY, **changes)
    env = [{"name": "BIG", "value": "x" * (kilobytes * 1000)}]
    world.pod["spec"]["ephemeralContainers"] += [{"name": f"debugger-{n}", "env": env} for n in range(number)]
    return world


def refusing(_container: Json) -> None:
    asked = ApiRequest("patch", "pods/ephemeralcontainers", "shop", "web", container=NAME)
    raise refused(500, "etcdserver: request is too large", asked)


def losing(**changes: Any) -> str:
    world = World()

    def session(_companion: Companion) -> Exit:
        raise ConnectionLost("reset by peer")

    world.terminal.session = session
    return opening(world, **changes)


def restarted(pod: Json) -> None:
    pod["status"]["containerStatuses"][0] |= {
        "containerID": "containerd://" + "b" * 64,
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
    }


def evicted(pod: Json) -> None:
    pod["status"] |= {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}


def deleted(pod: Json) -> None:
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:30Z"


def refused_exec(refusal: DshellError) -> str:
    world = World()
    world.streams.refusal = refusal
    return opening(world)


def refused_patch(refusal: DshellError, after: int = 0) -> str:
    """The API server refuses to add one, `after` others."""
    left = iter(range(after))

    def refuse(_container: Json) -> None:
        if next(left, None) is None:
            raise refusal

    return opening(World(pod=root_pod(), facts=[STEPPED_DOWN], on_patch=refuse))


def limit_near() -> str:
    world = World(facts=[CLOSED.replace("root=denied", "root=ok").replace("left=28800", "left=290")])
    return opening(world, tty=True, command=())


def searching(what: TargetQuery, cluster: FakeCluster | None = None) -> str:
    return after(World(cluster=cluster or Empty()), lambda world: find(what, world.ports()))


def one_of(world: World) -> object:
    labels = {"spec": {"selector": {"matchLabels": {"app": "web"}}}, "metadata": {"name": "web", "uid": "u"}}
    deploy = parse_reference("deploy/web")
    world.cluster.workloads = {deploy: labels}
    return one_pod(deploy, "shop", None, world.ports())


def selecting(selector: str = "app=none", namespace: str | None = "shop") -> TargetQuery:
    return TargetQuery((), selector, namespace, None, every=False)


def listing(world: World, **changes: Any) -> str:
    def act(world: World) -> object:
        request, ports = replace(ListRequest("shop", choice=ListFilter(stages=NOT_ENDED)), **changes), world.ports()
        listed = list_chosen(request, ports)
        say_way_out(listed.found, ports)
        world.notices.said += filter(None, [last_line(request, len(listed.found), listed.ended, ports.invocation)])
        return listed

    return after(world, act)


def cleaning(world: World, **changes: Any) -> str:
    def act(world: World) -> object:
        chosen = choose(replace(SHOP, **changes), world.ports())
        world.notices.said += [one.why for one in chosen.settled]
        return chosen

    return after(world, act)


def not_ours() -> World:
    world = World()
    world.pod["spec"]["ephemeralContainers"].append({"name": "debugger-x8z4p", "targetContainerName": "app"})
    world.pod["status"]["ephemeralContainerStatuses"].append({"name": "debugger-x8z4p", "state": {"running": {}}})
    return world


ROOT = Privilege(Profile.GENERAL)
NO_MV = "not copied: another user than the app's needs mv -T, which the debug image lacks\n"


def copied(code: int, said: str, **asked: object) -> str:
    piped = Piped(Exit(code), said, None)
    return after(World(), lambda world: explain_copy_failure(piped, request(**asked), world.ports(), skip=False))


def skipping(*, skip: bool) -> str:
    def act(world: World) -> object:
        skipped = Skipped(skip=skip)
        skipped.add("etc/su", "it is a setuid or setgid program")
        skipped.tell(world.notices)
        return skipped

    return after(World(), act)


def lines_of(found: Checkup) -> str:
    return format_lines(found, 0, lambda text, _style: text) + summary(found)


def examining(inspection: FakeInspection, world: World | None = None) -> str:
    asked = DoctorRequest("shop", "~/.kube/config (the default)", "https://api.test", "busybox:1.37")
    return lines_of(examine(asked, (world or World()).ports(), inspection))


def failing_with(error: Exception) -> FakeInspection:
    found = FakeInspection()
    found.fails["version"] = error
    return found


def without_permissions() -> str:
    inspection, world = FakeInspection(), World(cluster=NoList())
    inspection.refuse("nodes", "list", "nodes")
    inspection.refuse("namespace", "get", "namespaces", "shop")
    inspection.denied = set(every_permission())
    world.streams.refusal, world.streams.proven = refused(403, 'pods "web" is forbidden: ', EXEC), False
    return examining(inspection, world)


def old_cluster() -> str:
    inspection, world = FakeInspection(), World()
    inspection.told, inspection.offset = "v1.29.4", timedelta(minutes=7)
    old = {"kubeletVersion": "v1.29.4", "containerRuntimeVersion": "containerd://1.7.2"}
    inspection.listed = [node_json([["tools:1"]], **old), node_json([["busybox:1.37"]], **old)]
    inspection.namespaces["shop"] = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    inspection.denied = {Permission("watch", "pods"), Permission("list", "events"), Permission("get", "pods/log")}
    world.streams.refusal = Unavailable("cannot open a stream to the pod: x", "y")
    del world.pod["status"]["containerStatuses"][0]["user"]
    return examining(inspection, world)


def explaining(world: World, **changes: Any) -> str:
    found = explain(request(**changes), world.ports(), FakeInspection())
    text = format_tables(found, 0, lambda text, _style: text)
    return text if not changes and world.pod == pod_json() else text.partition("\n\n")[2]


def user_without_group() -> World:
    app = {"name": "app", "securityContext": {"runAsUser": 5}}
    return World(pod=pod_json(spec={"containers": [app]}, statuses=[running(user=None)]))


def with_privileged_app() -> World:
    app = {"name": "app", "securityContext": {"capabilities": {"add": ["SYS_ADMIN", "NET_ADMIN"]}}}
    return World(pod=pod_json(spec={"containers": [app], "hostUsers": False}, statuses=[running(user=(0, 0))]))


def refusing_patch(refusal: DshellError) -> Callable[[Json], object]:
    def refuse(_container: Json) -> None:
        raise refusal

    return refuse


def in_user_namespace(privilege: Privilege) -> str:
    world = World()
    world.pod["spec"]["hostUsers"] = False
    return opening(world, privilege=privilege)


def root_not_allowed(**changes: Any) -> str:
    def refuse(container: Json) -> None:
        if container["securityContext"]["runAsUser"] == 0:
            raise refused(403, 'violates PodSecurity "baseline:latest": SYS_PTRACE', PATCH)

    return opening(World(facts=[CLOSED], answer=True, on_patch=refuse), **changes)


def stripped() -> str:
    world = World()
    world.cluster.mutate = lambda entry: entry | {"securityContext": {"runAsUser": 0, "runAsGroup": 0}}
    return opening(world, privilege=Privilege(Profile.GENERAL))


BASELINE = Privilege(Profile.BASELINE)
MISSED = {"exitCode": 0, "message": "ended after 50 s without its first client"}
TERMINATED = {"terminated": {"exitCode": 0, "message": "ended by its last session"}}

SECTIONS: dict[str, list[Message]] = {
    "A session": [
        ("a shell", lambda: opening(World(), tty=True, command=())),
        ("a shell that stays", lambda: opening(World(), tty=True, command=(), keep=300)),
        ("in one that is reused", lambda: opening(with_holders(KEY), tty=True, command=())),
        ("in somebody else's", lambda: attaching(with_holders(OTHER_KEY), word=NAME, tty=True, command=())),
        ("the app's files cannot be read", lambda: opening(World(facts=[CLOSED]))),
        (
            "the same, and a person does not want root",
            lambda: opening(World(facts=[CLOSED], answer=False), tty=True, command=()),
        ),
        ("the same, and root is not allowed", lambda: root_not_allowed(tty=True, command=())),
        ("added capabilities without root", lambda: opening(World(), privilege=Privilege(cap_add=("NET_ADMIN",)))),
        ("restricted root", lambda: opening(World(pod=root_pod()), privilege=Privilege(Profile.RESTRICTED))),
        ("root that is not enough", lambda: opening(World(), privilege=Privilege(Profile.NETADMIN))),
        ("another user, with a profile", lambda: opening(World(), privilege=BASELINE, run_as=(1000, 1000))),
        ("a user namespace", lambda: in_user_namespace(Privilege(Profile.GENERAL, ("SYS_TIME",)))),
        ("a user namespace, privileged", lambda: in_user_namespace(Privilege(Profile.SYSADMIN))),
        ("admission takes privileges away", stripped),
        ("the first guess was wrong", lambda: opening(World(pod=root_pod(), facts=[STEPPED_DOWN, GONE]), name=NAME)),
        ("the key cannot be used", lambda: opening(World(secret=None, refused=True, trouble="KEY is open to others"))),
        ("the limit is near", limit_near),
        ("no such pod", lambda: opening(World(cluster=Empty()), pod="wbe")),
        ("no right to exec", partial(refused_exec, refused(403, "", EXEC))),
        ("a policy denies exec", partial(refused_exec, refused(403, f"{DENIED}: not on a Friday", EXEC))),
        ("no WebSocket gets through", partial(refused_exec, Unavailable("cannot open a stream to the pod: x", "y"))),
        ("no right to add", partial(refused_patch, refused(403, "", PATCH))),
        ("a policy denies the second one", partial(refused_patch, refused(403, DENIED, PATCH), after=1)),
    ],
    "A debug container that exists": [
        ("it is another user's", lambda: opening(with_holders(OTHER_KEY))),
        ("it has another reason", lambda: opening(with_holders(KEY), reason="INC-7")),
        ("it has the name, and other options", lambda: opening(with_holders(KEY), name=NAME, ttl=3600)),
        ("it has the name, and another maker", lambda: opening(with_holders(OTHER_KEY), name=NAME)),
        ("it has the name, with --new", lambda: opening(with_holders(KEY), name=NAME, new=True)),
        ("it had the name", lambda: opening(with_holders(KEY, state=TERMINATED), name=NAME)),
        ("it is ending", lambda: opening(with_holders(KEY, facts=[GONE]), name=NAME)),
    ],
    "The entries of a pod": [
        ("one like it still waits", lambda: opening(with_holders(KEY, state=PULLING))),
        ("the third command in ten minutes", third_command),
        ("there are many", lambda: opening(with_entries(60, 2), new=True)),
        ("there is no room", lambda: opening(with_entries(10, 150), new=True)),
        ("the cluster has no room", lambda: opening(with_entries(10, 100, on_patch=refusing), new=True)),
    ],
    "Attaching": [
        ("to none", lambda: attaching(World())),
        ("to one of several", lambda: attaching(with_holders(KEY, KEY))),
        ("to one of a pod's", lambda: attaching(with_holders(KEY, KEY), pod="web")),
        ("to another user's", lambda: attaching(with_holders(OTHER_KEY))),
        ("to one that has ended", lambda: attaching(with_holders(KEY, state=TERMINATED), pod="web")),
        ("to one that is ending", lambda: attaching(with_holders(KEY, facts=[GONE]), word=NAME)),
        ("to some that wait", lambda: attaching(with_holders(KEY, KEY, state=PULLING))),
        ("to a wrong name", lambda: attaching(with_holders(KEY), word="dshell-abcdf")),
        ("to an unknown name", lambda: attaching(World(), word="nothing")),
        ("without the right to list", lambda: attaching(World(cluster=NoList()), word=NAME)),
    ],
    "Why a session ended": [
        ("it was killed", partial(ending, {})),
        ("out of memory", partial(ending, {"reason": "OOMKilled"})),
        ("at its limit", partial(ending, {"exitCode": 0, "message": "ended at its limit of 5 s"})),
        ("by cleanup", partial(ending, {"exitCode": 0, "message": "ended by a client"})),
        ("by its lease", partial(ending, {"exitCode": 0, "message": "ended after 50 s without a client"})),
        ("in gVisor, without a first client", partial(ending, MISSED, runtime_class="gvisor")),
        ("the app restarted", partial(ending, {}, restarted)),
        ("the pod was evicted", partial(ending, {}, evicted)),
        ("the pod is being deleted", partial(ending, {}, deleted)),
        ("the client was away", lambda: format_failure(lapsed(NAME, 73, "kubectl dshell web -n shop"))),
        ("the connection was lost", losing),
        ("the same, with --keep", partial(losing, keep=600)),
    ],
    "Pods to choose from": [
        ("one of a workload", lambda: after(World(), one_of)),
        ("none with these labels", lambda: searching(selecting())),
        ("none in any namespace", lambda: searching(selecting(namespace=None))),
        ("without the right to list", lambda: searching(selecting(), NoList())),
    ],
    "Lists and cleanup": [
        ("an image that cannot be pulled", lambda: listing(with_holders(KEY, state=PULLING))),
        ("one has ended", lambda: listing(world_of_two())),
        ("all have ended", lambda: listing(with_holders(KEY, KEY, state=TERMINATED))),
        ("there is none", lambda: listing(World())),
        ("no reply", lambda: listing(with_holders(KEY, vanished={NAME}), choice=ListFilter(stale=True))),
        ("--mine without a key", lambda: listing(with_holders(KEY, secret=None), mine=True)),
        ("stale, and no reply", lambda: cleaning(with_holders(KEY, vanished={NAME}), stale=True)),
        ("other tools'", lambda: cleaning(not_ours())),
        ("another tool's, by name", lambda: cleaning(not_ours(), names=("debugger-x8z4p",))),
        ("one that waits", lambda: cleaning(with_holders(KEY, state=PULLING), names=(NAME,))),
        ("an unknown name", lambda: cleaning(World(), names=("nope",))),
        *(
            (f"not signalled: {word}", partial(protocol.parse_end, f"dshell-end {word}"))
            for word in ("blind", "first", "none")
        ),
    ],
    "Checks": [
        ("everything works", partial(examining, FakeInspection())),
        ("without any permission", without_permissions),
        ("an old cluster of other images", old_cluster),
        ("no server", partial(examining, failing_with(ConnectionLost("the API server x cannot be reached", "y")))),
        ("no kubeconfig", lambda: lines_of(no_connection(BadConfig("no kubeconfig found", "See: y")))),
    ],
    "Ways into a pod": [
        ("both", lambda: explaining(World())),
        ("as another user", lambda: explaining(World(), run_as=(1234, None))),
        ("the image decides", lambda: explaining(World(pod=pod_json(statuses=[running(user=None)])))),
        ("only a user id", lambda: explaining(user_without_group())),
        ("with capabilities of its own", lambda: explaining(with_privileged_app())),
        ("no right to add", lambda: explaining(World(on_patch=refusing_patch(refused(403, NO_PATCH, PATCH))))),
        ("a policy denies it", lambda: explaining(World(on_patch=refusing_patch(refused(403, DENIED, PATCH))))),
        ("it has ended", lambda: explaining(World(pod=pod_json(statuses=[{"name": "app", "state": TERMINATED}])))),
    ],
    "Copies": [
        ("no such file", lambda: copied(copying.NO_FILE, "/etc/x: No such file or directory\n")),
        ("not allowed", lambda: copied(copying.DENIED, "/etc/x: Permission denied\n")),
        ("in part", lambda: copied(copying.INCOMPLETE, "tar: ./a: Permission denied\n")),
        ("an image without tar", lambda: copied(copying.INCOMPLETE, "environment: line 160: exec: tar: not found\n")),
        (
            "an image whose mv follows links",
            lambda: copied(copying.INCOMPLETE, NO_MV, run_as=(0, None), privilege=ROOT),
        ),
        ("tar failed and wrote nothing", lambda: copied(3, "")),
        ("a file that is refused", partial(skipping, skip=False)),
        ("a file that is skipped", partial(skipping, skip=True)),
    ],
}
