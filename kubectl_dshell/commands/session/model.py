"""A session, and the outcomes that are not an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.debug_container.spec import tools_of
from kubectl_dshell.domain.pod.container_ref import ContainerRef

if TYPE_CHECKING:
    from kubectl_dshell.commands.exec.tether import Tether
    from kubectl_dshell.commands.request import Interaction
    from kubectl_dshell.commands.session.plan import Plan
    from kubectl_dshell.domain.access.facts import Facts
    from kubectl_dshell.domain.app_image.tools import Tools
    from kubectl_dshell.domain.pod.pod import Container


@dataclass(frozen=True, slots=True)
class Session:
    """A session to run in the debug container `name`; `id` distinguishes it from the others there."""

    request: Interaction
    plan: Plan
    name: str
    id: str
    reused: bool
    """Whether the debug container existed before this session."""
    just_started: bool
    guest_of: str = ""
    """The owner, if it is another user's."""
    entry: Container | None = None
    """The debug container as the pod has it, if it was read since."""
    unexpected: bool = False
    """The user named no pod, so the owner is printed for scripts and with -q too."""

    @property
    def says_goodbye(self) -> bool:
        """Whether the command says goodbye itself; the tether is then needed only if it takes long or fails."""
        return not self.request.tty

    @property
    def container(self) -> ContainerRef:
        """The debug container."""
        return ContainerRef(self.plan.pod.namespace, self.plan.pod.name, self.name)

    @property
    def target_id(self) -> str:
        """The ID of the target, the app's container."""
        return self.plan.target.container.id

    @property
    def places(self) -> tuple[str, ...]:
        """The directories of the app's volumes, if it has not joined the app (--volumes); else empty."""
        mounts = self.plan.wanted.mounts
        if not mounts:
            return ()
        from kubectl_dshell.domain.access.volumes import places

        return places(self.plan.pod, mounts)

    @property
    def tools(self) -> Tools | None:
        """The tools of another debug container that it borrows, if it is of the app's image."""
        return tools_of(self.entry.spec) if self.entry else None

    @property
    def prompt_name(self) -> str:
        return f"{self.plan.pod.name}/{self.plan.target.container.name}"


class ContainerGone(NamedTuple):
    """The debug container had ended or was ending: none of the session ran. `why`: the node's message, if any."""

    why: str = ""


class RootDenied(NamedTuple):
    """The target's root cannot be entered as the debug container's user; nothing of the session was run."""

    session: Session
    facts: Facts
    tether: Tether
