"""`kubectl dshell attach`: a session in an existing debug container. Adds nothing to the pod."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.session.end_reason import explain_end
from kubectl_dshell.commands.session.fallback_shell import open_fallback_shell
from kubectl_dshell.commands.session.find import ContainerSearch, FoundContainer
from kubectl_dshell.commands.session.model import ContainerGone, RootDenied, Session
from kubectl_dshell.commands.session.plan import Plan, say_refused_key, session_id
from kubectl_dshell.commands.session.run import run_session
from kubectl_dshell.commands.session.start import wait_until_running
from kubectl_dshell.domain.access.identity import Identity, Source
from kubectl_dshell.domain.access.target import Target, choose_target
from kubectl_dshell.domain.debug_container.joinable import refusal
from kubectl_dshell.domain.debug_container.purpose import purpose
from kubectl_dshell.domain.pod.copy_start import tools_image
from kubectl_dshell.domain.pod.pod import Container, Phase
from kubectl_dshell.errors import NotFound

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import AttachRequest


def attach(request: AttachRequest, ports: Ports) -> int:
    """Run the shell or command in a debug container of dshell, whoever created it; return the exit code.

    Raises NotFound if there is none, UsageError if it is not clear which one, and the errors of a session.
    """
    search = ContainerSearch(request, ports)
    say_refused_key(ports)
    found = search.find()
    pod, name = found.pod, found.container.name
    request = replace(request, retry_command=_again(request, found, ports))
    if error := refusal(found.container, pod, ports.clock.now(), request.retry_command):
        raise error
    plan = _plan(found, ports)
    starting = found.container.phase is not Phase.RUNNING
    if starting:
        wait_until_running(pod, name, request.timeout, ports)
    guest_of = "" if search.created(found.container) else plan.wanted.owner or "unknown"
    entry = pod.debug_container(name)
    session = Session(request, plan, name, session_id(ports), reused=True, just_started=starting, entry=entry)
    outcome = run_session(replace(session, guest_of=guest_of, unexpected=request.pod is None), ports)
    if isinstance(outcome, ContainerGone):
        end = explain_end(plan, name, request.retry_command, f"the debug container {name} is ending", ports)
        raise NotFound(end.message, *end.advice)
    return open_fallback_shell(outcome, ports) if isinstance(outcome, RootDenied) else outcome


def _plan(found: FoundContainer, ports: Ports) -> Plan:
    """The purpose of the entry, and the user it runs as."""
    pod, session = found.pod, found.container
    entry = pod.debug_container(session.name)
    wanted = purpose(entry.spec if entry else {})
    now, invocation = ports.clock.now(), ports.invocation
    if pod.is_copy:
        target = Target(pod, Container(session.target))
        wanted = replace(wanted, tools_image=tools_image(pod))
    elif wanted.mounts:
        target = Target(pod, Container(session.target))
    else:
        target = choose_target(pod, session.target, now, new=False, invocation=invocation)
    uid, gid = (entry and entry.user) or (wanted.security.get("runAsUser", 0), wanted.security.get("runAsGroup", 0))
    return Plan(target, Identity(uid, gid, Source.ENTRY), wanted)


def _again(request: AttachRequest, found: FoundContainer, ports: Ports) -> str:
    if found.pod.is_copy:
        pod, _, name = found.container.copy_of.partition("/")
        return ports.invocation.open(request.namespace, pod, name or None) + " --copy"
    container, volumes = found.container.target, found.container.volumes_only
    command = ports.invocation.open(
        request.namespace, found.pod.name, container if len(found.pod.containers) > 1 or volumes else None
    )
    return command + " --app-image" * (found.container.tools is not None) + " --volumes" * volumes
