"""What every session asks the cluster first: begun while the modules are imported that deal with the answers.

Imports next to nothing itself: from here on, the network and the imports take their time together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.commands.pending import Pending
from kubectl_dshell.domain.debug_container.spec import PREFIX

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import ExecCheck, Ports
    from kubectl_dshell.commands.request import OpenRequest

_CHECKED = f"{PREFIX}check-{'0' * 51}"
"""A container's name has 63 characters at most: no pod has one of this name, and policies see the usual prefix."""
_NEVER_RUN = ("sh", "-c", ":")


class FirstRequests:
    """The requests for the pod and for the user's name, each in a thread of its own, and the exec check."""

    def __init__(self, request: OpenRequest, ports: Ports) -> None:
        """Raises BadConfig without credentials."""
        self.pod = Pending(lambda: ports.cluster.get_pod(request.namespace, request.pod))
        self.owner = Pending(ports.cluster.whoami)
        self.check = check_exec(request, ports)


def check_exec(request: OpenRequest, ports: Ports) -> ExecCheck:
    """Begin to check whether the execs of a session would be let through, in parallel with the first requests."""
    return check_exec_in(request.namespace, request.pod, ports, tty=request.tty)


def check_exec_in(namespace: str, pod: str, ports: Ports, *, tty: bool = False) -> ExecCheck:
    """The same for a pod, whether it exists or not."""
    return ports.streams.check(namespace, pod, _CHECKED, _NEVER_RUN, stdin=True, tty=tty)
