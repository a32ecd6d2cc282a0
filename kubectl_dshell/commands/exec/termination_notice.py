"""Notifies a session that its pod is being stopped."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.termination import describe
from kubectl_dshell.errors import DshellError, Interrupted

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports


class TerminationNotice:
    """The notice for the pod of one session."""

    def __init__(self, namespace: str, name: str, ports: Ports) -> None:
        self._where = (namespace, name)
        self._ports = ports
        self._said = False

    def say(self) -> None:
        """Print the notice once, in the middle of the session, which continues while the pod is read."""
        if not self._said:
            self._said = True
            with contextlib.suppress(RuntimeError):  # no thread available: the session matters more
                threading.Thread(target=self._ask_and_say, name="leaving", daemon=True).start()

    def _ask_and_say(self) -> None:
        try:
            pod = self._ports.cluster.get_pod(*self._where)
        except (DshellError, Interrupted):  # the pod or this client is gone: the end is reported in any case
            return
        self._ports.notices.interject(describe(self._where[1], pod, self._ports.clock.now()))
