"""Adds a debug container of the app's image, and before it the one whose tools it borrows, if none is there."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.exec.streams import make_tether
from kubectl_dshell.commands.exec.tether import TetherEnded
from kubectl_dshell.commands.session.end_reason import never_began
from kubectl_dshell.commands.session.plan import session_id
from kubectl_dshell.commands.session.start import Additions
from kubectl_dshell.domain.access.identity import correction
from kubectl_dshell.domain.app_image.app import app_parts
from kubectl_dshell.domain.app_image.tools import Tools
from kubectl_dshell.domain.debug_container.purpose import live_holders
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS, PREFIX, InAppImage, PullPolicy
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.runtime.sandbox import bars
from kubectl_dshell.errors import ConnectionLost, ContainerNotRunning, Unavailable
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.commands.exec.tether import Tether
    from kubectl_dshell.commands.ports import ExecCheck, Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.commands.session.plan import Plan
    from kubectl_dshell.domain.access.facts import Facts
    from kubectl_dshell.domain.access.identity import Identity
    from kubectl_dshell.domain.pod.pod import Json, Pod

_READY_SECONDS = 2.0  # the kubelet still answers "container not found" shortly after it reports Running


class WrongUser(Exception):
    """The lender has measured that the app runs as another user than expected, `identity`. It has ended."""

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self.identity = identity


def of_app_image(live: Plan, request: OpenRequest) -> Plan:
    """The plan for a debug container of the app's image, instead of the one of the debug image in `live`.

    The node has the image, since the app runs.
    """
    image = app_parts(live.target.container).image
    wanted = replace(live.wanted, image=image, pull_policy=PullPolicy.IF_NOT_PRESENT, tools_image=request.image)
    return replace(live, wanted=wanted)


def specimen(live: Plan, request: OpenRequest) -> Plan:
    """A plan whose entry is like that of a session, but for the process that it borrows from."""
    tools = Tools(f"{PREFIX}00000", 1, 1, links_lead_away=False, path="/bin", shell="/bin/busybox")  # noqa: S604  # a path
    parts = app_parts(live.target.container)
    return replace(of_app_image(live, request), within=InAppImage(tools, parts, "0" * 8))


class PairAdditions(Additions):
    """What one run with --app-image adds to its pod."""

    def __init__(self, request: OpenRequest, check: ExecCheck, ports: Ports) -> None:
        super().__init__(check, ports)
        self._request = request
        self._tether: Tether | None = None
        self._corrected = False

    def start(
        self, plan: Plan, timeout: float, first_seconds: int = LEASE_SECONDS, *, ahead: bool = True
    ) -> tuple[str, str, Pod]:
        """As `Additions.start`; raises WrongUser too, once: the app's image can be entered as any user."""
        with self._lent(plan, timeout, first_seconds, ahead=ahead) as (tools, session):
            within = InAppImage(tools, app_parts(plan.target.container), session)
            return super().start(replace(plan, within=within), timeout, first_seconds, ahead=ahead)

    def _changes(self, pod: Pod, timeout: float, *, ahead: bool) -> Iterator[Json | None]:
        return self._attended(super()._changes(pod, timeout, ahead=ahead))

    def _attended(self, changes: Iterator[Json | None]) -> Iterator[Json | None]:
        """The lender is kept while the other one starts."""
        for change in changes:
            if self._tether:
                self._tether.service(self._ports.clock.monotonic())
            yield change

    @contextmanager
    def _lent(self, plan: Plan, timeout: float, first_seconds: int, *, ahead: bool) -> Iterator[tuple[Tools, str]]:
        """The tools, and the ID of the session as which the lender knows the debug container that borrows them.

        That one keeps the lender from its start on: until then this does, and ends the lender if nothing starts.
        """
        lender, session, facts = self._lender(plan, timeout, first_seconds, ahead=ahead)
        tether = self._tether
        assert tether  # noqa: S101  # of the lender
        try:
            yield self._tools(plan, facts)._replace(lender=lender), session
        except BaseException:
            tether.goodbye(protocol.bye(session))
            raise
        finally:
            self._let_go()

    def _tools(self, plan: Plan, facts: Facts) -> Tools:
        better = correction(plan.identity, facts, plan.pod, plan.target.container)
        if better is not None and not self._corrected:
            self._corrected = True
            raise WrongUser(better)
        if facts.tools is None:
            raise Unavailable(
                f"the shell of {self._request.image} cannot be started from another container, as --app-image does",
                "Choose another image for the tools: --image busybox:1.37",
            )
        return facts.tools

    def _lender(self, plan: Plan, timeout: float, first_seconds: int, *, ahead: bool) -> tuple[str, str, Facts]:
        """One of the user's that runs, or a new one. Sets the tether to it."""
        wanted = replace(plan.wanted, image=self._request.image, pull_policy=self._request.pull_policy, tools_image="")
        live = replace(plan, wanted=wanted, name=None)
        running = [] if self._request.new else live_holders(plan.pod, wanted, self._ports.keyring.key())
        for name in running:
            session = session_id(self._ports)
            try:
                facts = self._facts(live, name, session, first=False)
            except (TetherEnded, ContainerNotRunning):
                continue
            if facts.holder_alive:
                return name, session, facts
            self._let_go()
        name, session, _ = super().start(live, timeout, first_seconds, ahead=ahead)
        try:
            return name, session, self._facts(live, name, session, first=True)
        except (TetherEnded, ContainerNotRunning) as error:
            raise never_began(live, name, self._request.retry_command, error.message, self._ports) from error
        except ConnectionLost as error:
            if not bars(live.pod.runtime_class):
                raise
            raise never_began(live, name, self._request.retry_command, error.message, self._ports) from error

    def _facts(self, live: Plan, name: str, session: str, *, first: bool) -> Facts:
        """Of the lender `name`. Sets the tether to it, unless that fails."""
        self._tether = tether = self._tether_to(live, name, session, first=first)
        try:
            return tether.facts()
        except (TetherEnded, ContainerNotRunning):
            self._let_go()
            raise
        except BaseException:
            tether.goodbye(protocol.bye(session))
            self._tether = None
            raise

    def _let_go(self) -> None:
        if self._tether:
            self._tether.close()
        self._tether = None

    def _tether_to(self, live: Plan, name: str, session: str, *, first: bool) -> Tether:
        container = ContainerRef(live.pod.namespace, live.pod.name, name)
        wait = _READY_SECONDS if first else 0.0
        return make_tether(container, live.target.container.id, session, self._ports, wait=wait, first=first, lend=True)
