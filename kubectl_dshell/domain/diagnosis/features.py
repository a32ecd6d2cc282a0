"""Features of Kubernetes that debug containers use, judged by what the cluster shows, else by its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.diagnosis.check import Check, Status, Unknown
from kubectl_dshell.domain.diagnosis.nodes import version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubectl_dshell.domain.diagnosis.nodes import Node

OLDEST = (1, 25)  # ephemeral containers are GA
_HALF_CLOSE = (1, 30)  # TranslateStreamCloseWebsocketRequests is on by default
_USER_IN_STATUS = (1, 33)  # SupplementalGroupsPolicy is on by default (KEP-3619)
_USER_BY_RUNTIME = {"containerd": (2, 0), "cri-o": (1, 31)}
_IMAGE_VOLUME = (1, 35)  # ImageVolume is on by default (KEP-4639)
_VOLUME_BY_RUNTIME = {"containerd": (2, 1), "cri-o": (1, 31)}


def server(url: str, told: str | Unknown) -> Check:
    """`told`: the version of the API server, as it writes it."""
    name = "server"
    if isinstance(told, Unknown):
        return Check(name, name, Status.UNKNOWN, f"{url} responds, but not with its version: {told.why}")
    number = version(told)
    message = f"{url}, Kubernetes {told or 'of an unknown version'}"
    if number is not None and number < OLDEST:
        why = f"{message}: ephemeral containers require {_words(OLDEST)} or newer"
        return Check(name, name, Status.FAILED, why, ("upgrade the cluster",))
    return Check(name, name, Status.OK if number else Status.UNKNOWN, message)


def ephemeral_containers(resources: Sequence[str] | Unknown) -> Check:
    """`resources`: of the core API, as discovery lists them."""
    name, title = "ephemeralContainers", "ephemeral containers"
    if isinstance(resources, Unknown):
        return Check(name, title, Status.UNKNOWN, resources.why)
    if "pods/ephemeralcontainers" in resources:
        return Check(name, title, Status.OK, "supported")
    missing = f"not supported: the API server has no pods/ephemeralcontainers (it is in {_words(OLDEST)} and newer)"
    return Check(name, title, Status.FAILED, missing, ("upgrade the cluster",))


def piped_input(told: str | Unknown) -> Check:
    """Whether the end of stdin can reach a command: the WebSocket protocol v5.channel.k8s.io."""
    name, title = "execProtocol", "piped input"
    number = None if isinstance(told, Unknown) else version(told)
    if number is None:
        return Check(name, title, Status.UNKNOWN, f"the version of the API server decides ({_words(_HALF_CLOSE)})")
    if number >= _HALF_CLOSE:
        return Check(name, title, Status.OK, "supported, judging by the version (v5.channel.k8s.io)")
    old = f"not supported: v5.channel.k8s.io requires Kubernetes {_words(_HALF_CLOSE)}; terminals work"
    return Check(name, title, Status.WARNING, old, ("upgrade the cluster",))


def container_user(told: str | Unknown, nodes: Sequence[Node] | Unknown, seen: tuple[int, int] | Unknown) -> Check:
    """Whether containers' statuses name their user. `seen`: running containers with and without, in the namespace."""
    name, title = "containerUser", "user in status"
    advice = ("give the app's user where the pod's spec does not name it: --run-as UID:GID",)
    effect = "an app's user that its spec does not name either is guessed, then measured, which may take a second entry"
    if not isinstance(seen, Unknown) and any(seen):
        having, lacking = seen
        if not lacking:
            return Check(name, title, Status.OK, "the status of every running container here names its user")
        few = f"not in the status of {lacking} of {having + lacking} running containers here: {effect}"
        return Check(name, title, Status.WARNING, few, advice)
    wants = f"Kubernetes {_words(_USER_IN_STATUS)} with {_runtimes(_USER_BY_RUNTIME)}"
    number = None if isinstance(told, Unknown) else version(told)
    if number is not None and number < _USER_IN_STATUS:
        return Check(name, title, Status.WARNING, f"requires {wants}; {effect}", advice)
    if isinstance(nodes, Unknown) or not nodes or number is None:
        return Check(name, title, Status.UNKNOWN, f"requires {wants}")
    lacking = sum(not _supports(node, _USER_IN_STATUS, _USER_BY_RUNTIME) for node in nodes)
    if lacking:
        old = f"{lacking} of {len(nodes)} nodes are older than {wants}; {effect}"
        return Check(name, title, Status.WARNING, old, advice)
    return Check(name, title, Status.OK, "supported, judging by the versions of the nodes")


def image_volumes(told: str | Unknown, nodes: Sequence[Node] | Unknown) -> Check:
    """Nothing that works today fails without them."""
    name, title = "imageVolumes", "image volumes"
    wants = f"Kubernetes {_words(_IMAGE_VOLUME)} with {_runtimes(_VOLUME_BY_RUNTIME)}"
    number = None if isinstance(told, Unknown) else version(told)
    if number is not None and number < _IMAGE_VOLUME:
        return Check(name, title, Status.OK, f"not by default: require {wants}; no session needs them")
    if isinstance(nodes, Unknown) or not nodes or number is None:
        return Check(name, title, Status.UNKNOWN, f"require {wants}; no session needs them")
    lacking = sum(not _supports(node, _IMAGE_VOLUME, _VOLUME_BY_RUNTIME) for node in nodes)
    if lacking:
        old = f"not on {lacking} of {len(nodes)} nodes: require {wants}; no session needs them"
        return Check(name, title, Status.OK, old)
    return Check(name, title, Status.OK, "supported, judging by the versions of the nodes; no session needs them")


def _supports(node: Node, kubelet: tuple[int, int], runtimes: Mapping[str, tuple[int, int]]) -> bool:
    number, runtime = version(node.kubelet), version(node.runtime)
    oldest = runtimes.get(node.runtime.partition("://")[0])
    return bool(number and runtime and oldest and number >= kubelet and runtime >= oldest)


def _runtimes(oldest: Mapping[str, tuple[int, int]]) -> str:
    return " or ".join(f"{name.replace('cri-o', 'CRI-O')} {_words(number)}" for name, number in oldest.items())


def _words(number: tuple[int, int]) -> str:
    return f"{number[0]}.{number[1]}"
