"""The messages of the verbs, each brought about in a World; `tests.messages` shows them with all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from kubectl_dshell.commands.cp.outcome import Skipped, explain_copy_failure
from kubectl_dshell.commands.fanout.targets import TargetQuery, find, one_pod
from kubectl_dshell.commands.manage.cleanup import CleanupRequest, choose
from kubectl_dshell.commands.manage.list import ListRequest, list_chosen, say_way_out
from kubectl_dshell.commands.request import AttachRequest
from kubectl_dshell.commands.session.attach import attach
from kubectl_dshell.commands.session.end_reason import lapsed
from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.debug_container.listing import ListFilter
from kubectl_dshell.domain.pod.reference import parse_reference
from kubectl_dshell.domain.stream import Companion, Exit, Piped
from kubectl_dshell.errors import ConnectionLost, DshellError, PermissionDenied
from kubectl_dshell.output.failure import format_failure
from kubectl_dshell.remote import copying, protocol
from tests.commands.world import (
    CLOSED,
    GONE,
    KEY,
    OTHER_KEY,
    STEPPED_DOWN,
    FakeCluster,
    World,
    request,
    root_pod,
    running_holder,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.pods import Json

    Message = tuple[str, Callable[[], object]]
    Act = Callable[[World], object]

NAME = "dshell-abcde"
PULLING = {"waiting": {"reason": "ImagePullBackOff"}}
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


def ending(terminated: Json, happens: Callable[[Json], object] = lambda _pod: None) -> str:
    """A session that is killed together with its debug container."""
    world = World()

    def session(companion: Companion) -> Exit:
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
        found = list_chosen(replace(ListRequest("shop"), **changes), world.ports())
        say_way_out(found.found, world.ports())
        return found

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


def copied(code: int, said: str) -> str:
    piped = Piped(Exit(code), said, None)
    return after(World(), lambda world: explain_copy_failure(piped, request(), world.ports(), skip=False))


def skipping(*, skip: bool) -> str:
    def act(world: World) -> object:
        skipped = Skipped(skip=skip)
        skipped.add("etc/su", "it is a setuid or setgid program")
        skipped.tell(world.notices)
        return skipped

    return after(World(), act)


TERMINATED = {"terminated": {"exitCode": 0, "message": "ended by its last session"}}

SECTIONS: dict[str, list[Message]] = {
    "A session": [
        ("a shell", lambda: opening(World(), tty=True, command=())),
        ("a shell that stays", lambda: opening(World(), tty=True, command=(), keep=300)),
        ("in one that is reused", lambda: opening(with_holders(KEY), tty=True, command=())),
        ("in somebody else's", lambda: attaching(with_holders(OTHER_KEY), word=NAME, tty=True, command=())),
        ("the app's files cannot be read", lambda: opening(World(facts=[CLOSED]))),
        ("the first guess was wrong", lambda: opening(World(pod=root_pod(), facts=[STEPPED_DOWN, GONE]), name=NAME)),
        ("the key cannot be used", lambda: opening(World(secret=None, refused=True, trouble="KEY is open to others"))),
        ("the limit is near", limit_near),
        ("no such pod", lambda: opening(World(cluster=Empty()), pod="wbe")),
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
    "Copies": [
        ("no such file", lambda: copied(copying.NO_FILE, "/etc/x: No such file or directory\n")),
        ("not allowed", lambda: copied(copying.DENIED, "/etc/x: Permission denied\n")),
        ("in part", lambda: copied(copying.INCOMPLETE, "tar: ./a: Permission denied\n")),
        ("tar failed and wrote nothing", lambda: copied(3, "")),
        ("a file that is refused", partial(skipping, skip=False)),
        ("a file that is skipped", partial(skipping, skip=True)),
    ],
}
