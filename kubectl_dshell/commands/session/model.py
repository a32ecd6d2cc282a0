"""A session, and the outcomes that are not an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.container_ref import ContainerRef

if TYPE_CHECKING:
    from kubectl_dshell.commands.exec.tether import Tether
    from kubectl_dshell.commands.request import Interaction
    from kubectl_dshell.commands.session.plan import Plan
    from kubectl_dshell.domain.access.facts import Facts


@dataclass(frozen=True, slots=True)
class Session:
    """A session to hold in the debug container `name`; `id` tells it from the others there."""

    request: Interaction
    plan: Plan
    name: str
    id: str
    reused: bool
    """It was there before us."""
    just_started: bool
    guest_of: str = ""
    """Whose it is, if somebody else's."""
    unexpected: bool = False
    """Nobody said in which pod: whose it is is told to scripts and with -q, too."""

    @property
    def task(self) -> bool:
        """Whether the command says goodbye itself: then a tether is only needed if it takes long, or goes wrong."""
        return self.request.task and not self.reused

    @property
    def container(self) -> ContainerRef:
        """The debug container."""
        return ContainerRef(self.plan.pod.namespace, self.plan.pod.name, self.name)

    @property
    def target_id(self) -> str:
        """The ID of the target, the app's container."""
        return self.plan.target.container.id

    @property
    def prompt_name(self) -> str:
        return f"{self.plan.pod.name}/{self.plan.target.container.name}"


@dataclass(frozen=True, slots=True)
class ContainerGone:
    """The debug container had ended, or was ending: nothing of the session was run. `why`: the node's words, if any."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class RootDenied:
    """The target's root cannot be entered by who we are; nothing of the session was run."""

    session: Session
    facts: Facts
    tether: Tether
