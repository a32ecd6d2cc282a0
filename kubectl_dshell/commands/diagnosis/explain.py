"""`kubectl dshell explain`: what each way into the containers of a pod would do. Nothing is added to the pod."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.app_image.start import specimen
from kubectl_dshell.commands.diagnosis.facts import known, read_pod_security
from kubectl_dshell.commands.diagnosis.once import reading_once
from kubectl_dshell.commands.first_requests import check_exec_in
from kubectl_dshell.commands.session.plan import debug_container, plan, read_pod
from kubectl_dshell.domain.access.target import no_container
from kubectl_dshell.domain.diagnosis.check import Unknown
from kubectl_dshell.domain.diagnosis.explanation import Attempt, ContainerFacts, Explanation, facts_of
from kubectl_dshell.domain.diagnosis.memory import Memory, pod_limit, used
from kubectl_dshell.domain.diagnosis.ways import WAYS, Answer, Process, Verdict, Way, debug_process
from kubectl_dshell.domain.runtime.sandbox import doubts
from kubectl_dshell.errors import ApiError, ConnectionLost, DshellError, Forbidden, Unavailable

if TYPE_CHECKING:
    from kubectl_dshell.commands.diagnosis.ports import Inspection
    from kubectl_dshell.commands.ports import ExecCheck, Ports
    from kubectl_dshell.commands.request import OpenRequest


def explain(request: OpenRequest, ports: Ports, inspection: Inspection) -> Explanation:
    """For `request.container`, or for every container of the pod.

    Raises PodNotFound or another NotFound, or Forbidden without permission to read the pod.
    """
    ports = reading_once(ports)
    pod = read_pod(request.namespace, request.pod, ports)
    wanted = [c for c in (*pod.containers, *pod.init) if request.container in (None, c.name)]
    if not wanted:
        raise no_container(pod, request.container or "", ports.invocation)
    check = check_exec_in(request.namespace, request.pod, ports)
    facts = tuple(facts_of(pod, container, ports.keyring.key()) for container in wanted)
    security = known(lambda: read_pod_security(pod.namespace, inspection))
    use = known(lambda: used(inspection.memory_use(pod.namespace, pod.name)))
    barred, hidden = _barred(check), doubts(pod.runtime_class, shared=pod.shares_processes)
    return Explanation(
        pod=pod,
        security=security,
        memory=Memory(pod_limit(pod), None if isinstance(use, Unknown) else use),
        containers=facts,
        attempts=tuple(_attempt(request, one, way, barred, hidden, ports) for one in facts for way in WAYS),
    )


def _barred(check: ExecCheck) -> str:
    """Why no exec would get through, whatever the debug container; empty if nothing says so."""
    try:
        check.verdict()
    except (Forbidden, Unavailable) as error:
        return error.message
    return ""


def _attempt(request: OpenRequest, app: ContainerFacts, way: Way, barred: str, hidden: str, ports: Ports) -> Attempt:
    """What the server says of the very entry that a session would add, and what the kernel then would."""
    asked = replace(request, container=app.name, privilege=way.privilege)
    debugger: Process | None = None
    try:
        live = plan(asked, ports)
        debugger = debug_process(live.wanted.security, app.process.runtime)
        for one in [live, specimen(live, asked)] if way.app_image else [live]:
            entry = debug_container(one, ports, sealed=False)
            ports.cluster.add_ephemeral_container(request.namespace, request.pod, entry, dry_run=True)
    except (ConnectionLost, ApiError) as error:
        admitted, verdict = None, Verdict(Answer.UNKNOWN, error.message)
    except DshellError as error:
        admitted, verdict = False if debugger else None, Verdict(Answer.NO, error.message)
    else:
        admitted, verdict = True, Verdict(Answer.NO, barred) if barred else way.judge(app.process, debugger)
        if hidden and verdict.answer is Answer.YES:
            verdict = Verdict(Answer.UNKNOWN, hidden)
    return Attempt(app.name, way.flags, debugger, admitted, verdict)
