"""The names in a directory of the app, for completion: only through a debug container that runs already."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from kubectl_dshell.commands.exec.short_exec import exec_once
from kubectl_dshell.commands.parallel import Stop
from kubectl_dshell.domain.access.target import choose_target
from kubectl_dshell.domain.cp.copy_spec import clean
from kubectl_dshell.domain.debug_container.joinable import joinable, other_protocol
from kubectl_dshell.domain.debug_container.seal import is_mine
from kubectl_dshell.domain.debug_container.status import debug_containers
from kubectl_dshell.domain.pod.pod import Phase, parse_pod
from kubectl_dshell.remote.exec_script import names_exec

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.debug_container.status import DebugContainer
    from kubectl_dshell.domain.pod.pod import Pod


def names_in(  # what is to be listed
    namespace: str, pod: str, container: str | None, folder: str, beginning: str, ports: Ports, *, seconds: float
) -> list[str]:
    """The names in `folder` that have this beginning, a directory's with a slash; as they are, which may be anything.

    None without a running debug container of the user's own for the container: nothing is added to the pod, no session
    is begun, and nothing lives longer for it. Raises DshellError.
    """
    found = parse_pod(ports.cluster.get_pod(namespace, pod))
    there = _usable(found, choose_target(found, container, ports.clock.now(), new=False).container.name, ports)
    if there is None:
        return []
    exec_ = names_exec(there.target_id, clean(folder), beginning)
    with closing(Stop()) as stop:
        reply = exec_once(there.ref, exec_, ports, stop, seconds=seconds)
    return reply.out.split("\0")[:-1]  # the last one is empty, or incomplete


def _usable(pod: Pod, target: str, ports: Ports) -> DebugContainer | None:
    """The newest debug container of the user's own that has joined `target` and has the tools of a debug image."""
    key = ports.keyring.key()
    mine = joinable(debug_containers(pod), lambda one: is_mine(one.seal, key))
    for one in mine:
        plain = not (one.tools or one.volumes_only or one.is_copy)
        if (
            plain
            and is_mine(one.seal, key)
            and one.target == target
            and one.phase is Phase.RUNNING
            and other_protocol(one, "") is None
        ):
            return one
    return None
