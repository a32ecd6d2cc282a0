"""`kubectl dshell POD --wait-for-start`: a session in a container that is down, as soon as it starts again.

Nothing is in the pod before the start. A debug container that was added beforehand would not be faster: that its target
does not run makes the kubelet's sync of the pod fail, and after a sync that fails it does not look at the pod at once
(Kubernetes 1.36, `Kubelet.SyncPod`), but with its next look at all pods, up to a second later (decision 22).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.first_requests import check_exec
from kubectl_dshell.commands.session.end_reason import StarterMissed, never_began
from kubectl_dshell.commands.session.model import ContainerGone, Session
from kubectl_dshell.commands.session.open import finish, open_session, tracing_optional
from kubectl_dshell.commands.session.plan import Plan, plan, read_pod, refuse_chroot, say_refused_key
from kubectl_dshell.commands.session.reuse import first_seconds
from kubectl_dshell.commands.session.run import run_session
from kubectl_dshell.commands.session.start import Additions, wait_until_running
from kubectl_dshell.domain.access.down import ended_too_soon, expected_start, refuse_never
from kubectl_dshell.domain.access.identity import Source
from kubectl_dshell.domain.access.target import Target, describe_state, refuse_pod
from kubectl_dshell.domain.debug_container.spec import starter
from kubectl_dshell.domain.pod.pod import Container, Phase, Pod, parse_pod
from kubectl_dshell.domain.text.duration import duration
from kubectl_dshell.errors import NotFound, TimedOut, Unavailable

if TYPE_CHECKING:
    from kubectl_dshell.commands.first_requests import FirstRequests
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest


def open_at_next_start(request: OpenRequest, ports: Ports, first: FirstRequests | None = None) -> int:
    """Wait, run the shell or command, and return its exit code. `first`: what has been asked already.

    Raises TimedOut after `request.wait_for_start` seconds, any other DshellError, and Interrupted.
    """
    additions = Additions(first.check if first else check_exec(request, ports), ports)
    current = plan(request, ports, first)
    say_refused_key(ports)
    if current.target.notice:
        ports.notices.notice(current.target.notice)
    refuse_chroot(request, current)
    return NextStart(request, current, additions, ports).run()


class NextStart:
    """The wait for the start of one container, and the session in it."""

    def __init__(self, request: OpenRequest, current: Plan, additions: Additions, ports: Ports) -> None:
        """`current`: the plan of the session, whose target need not run yet."""
        self._request = request
        self._plan = current
        self._additions = additions
        self._ports = ports

    def run(self) -> int:
        """The exit code of the shell or command."""
        request, known = self._request, self._plan.identity.source is not Source.GUESS
        if self._plan.target.container.state.phase is Phase.RUNNING:
            return self._usual()
        try:
            self._wait()
        finally:
            self._ports.notices.progress("")
        if not known or request.name or request.app_image:
            return self._usual()
        try:
            return self._enter()
        except StarterMissed as error:
            self._ports.notices.notice(f"{error.message}; starting another one")
            return self._usual()

    def _wait(self) -> None:
        """Until the container runs, which is then the target.

        Raises Unavailable if it has already ended again: the status then shows no time in which it ran.
        """
        before = self._plan.target.container.id
        pod, seconds, clock = self._plan.pod, self._request.wait_for_start, self._ports.clock
        deadline = clock.monotonic() + seconds
        for change in self._ports.cluster.pod_changes(pod.namespace, pod.name, pod.resource_version, deadline):
            if change is not None:
                container = self._look(parse_pod(change))
                if container.state.phase is Phase.RUNNING:
                    return
                if container.id != before and container.state.phase is not Phase.UNKNOWN:
                    raise ended_too_soon(self._plan.target, clock.now(), self._ports.invocation)
            refuse_never(self._plan.target, clock.now(), self._ports.invocation)
            self._say_waiting()
        raise TimedOut(
            f"container {self._plan.target.container.name} of {pod.name} did not start within {duration(seconds)}: "
            f"{describe_state(self._plan.target, clock.now())}",
            f"Wait longer: {self._request.retry_command} --timeout {duration(3 * seconds)}",
        )

    def _look(self, pod: Pod) -> Container:
        """The container as it is in `pod`, which becomes the target."""
        name = self._plan.target.container.name
        container = next((one for one in (*pod.containers, *pod.init) if one.name == name), None)
        if pod.uid != self._plan.pod.uid or container is None:
            raise NotFound(f"pod {pod.name} was replaced by another of the same name before {name} started")
        refuse_pod(pod, name, self._ports.invocation)
        self._plan = replace(self._plan, target=Target(pod, container))
        return container

    def _say_waiting(self) -> None:
        container = self._plan.target.container
        expected = expected_start(container)
        left = round((expected - self._ports.clock.now()).total_seconds()) if expected else 0
        when = f", expected in about {duration(left)}" if left > 0 else ""
        self._ports.notices.progress(
            f"{self._plan.pod.name}: waiting for the next start of container {container.name}{when}"
        )

    def _usual(self) -> int:
        """As if the container had been found running."""
        container = self._plan.target.container
        request = self._as_if_running()
        try:
            if request.app_image:
                from kubectl_dshell.commands.app_image.open import open_app_image

                return open_app_image(request, self._ports)
            return open_session(request, self._ports)
        except NotFound:
            self._refuse_crashed(container)
            raise

    def _enter(self) -> int:
        """The same, as fast as it can be: the plan is there, and nothing could be reused.

        The session is begun without a look at the status of the debug container, which is later than its start.
        """
        plan, ports, timeout = self._plan, self._ports, self._request.timeout
        request = self._as_if_running()
        with tracing_optional(request, plan):
            entry, pod = self._additions.add(plan, first_seconds=first_seconds(ports))
        name = entry["name"]
        stored = pod.debug_container(name)
        session = Session(request, plan, name, starter(entry), reused=False, just_started=True, entry=stored)
        outcome = run_session(session, ports)
        if isinstance(outcome, ContainerGone):
            self._refuse_crashed(plan.target.container)
            try:
                wait_until_running(pod, name, timeout, ports)
            except (NotFound, TimedOut, Unavailable):
                self._refuse_crashed(plan.target.container)
                raise
            outcome = run_session(session, ports)
        if isinstance(outcome, ContainerGone):
            self._refuse_crashed(plan.target.container)
            raise never_began(plan, name, request.retry_command, outcome.why, ports)
        return finish(request, plan, outcome, self._additions, ports)

    def _as_if_running(self) -> OpenRequest:
        """The same for the container that was waited for, whichever others are down."""
        return replace(self._request, wait_for_start=0, container=self._plan.target.container.name)

    def _refuse_crashed(self, started: Container) -> None:
        """Raises Unavailable if the container has ended since it was `started`, or was started once more."""
        container = self._look(read_pod(self._plan.pod.namespace, self._plan.pod.name, self._ports))
        if container.state.phase is not Phase.RUNNING or container.id != started.id:
            raise ended_too_soon(self._plan.target, self._ports.clock.now(), self._ports.invocation)
