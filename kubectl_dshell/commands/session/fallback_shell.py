"""An app whose root cannot be entered: why, and a shell beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.commands.exec.streams import open_exec
from kubectl_dshell.commands.session.run import Closed, converse, prompt_name, say_goodbye, terminal_size
from kubectl_dshell.domain.access.identity import disbelieved, why_disbelieved
from kubectl_dshell.domain.access.root_access import what_opens, why_closed
from kubectl_dshell.errors import Forbidden
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports


def beside(closed: Closed, ports: Ports) -> int:
    """Say why the root is closed; a person at a terminal still gets a shell in the debug image."""
    facts, session, plan = closed.facts, closed.session, closed.session.plan
    pod, container, again = plan.pod, plan.target.container, session.request.again
    claimed = disbelieved(plan.identity, facts, pod, container)
    reason = why_disbelieved(claimed, pod, container) if claimed else why_closed(facts)
    why = f"{session.name} in {pod.name} as {facts.our_uid}:{facts.our_gid}, but its files are closed to us: {reason}"
    advice = f"If you know it to be so: {again} --run-as {claimed}" if claimed else what_opens(facts, again)
    if session.request.command or not session.request.tty:
        closed.tether.goodbye(protocol.bye(session.id))
        raise Forbidden(why, advice)
    ports.notices.warn(why)
    ports.notices.warn(advice)
    return _shell_outside(closed, ports)


def _shell_outside(closed: Closed, ports: Ports) -> int:
    session, plan = closed.session, closed.session.plan
    where = (plan.pod.namespace, plan.pod.name, session.name)
    try:
        argv = protocol.outside_argv(plan.target.container.id, session.id, prompt_name(session), terminal_size(ports))
        stream = open_exec(where, argv, ports, stdin=True, tty=True, wait=0.0)
        try:
            return converse(session, stream, closed.tether, ports)
        finally:
            stream.close()
    except BaseException:
        say_goodbye(session, closed.tether, ports)
        raise
