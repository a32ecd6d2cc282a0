"""The banner: user, pod and container of a session, and how to find the app's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.duration import duration

if TYPE_CHECKING:
    from kubectl_dshell.commands.session.model import Session


def banner(session: Session) -> str:
    """The line at the beginning of a session; two more for an interactive shell."""
    plan, request = session.plan, session.request
    reused = " (reused)" if session.reused else ""
    if session.guest_of:
        reused = f" (shared, owner {session.guest_of}; not created by you on this machine)"
    line = f"{session.name}{reused} in {plan.pod.name} as {plan.identity} ({plan.identity.source})"
    if request.command:
        return line
    stays = f" It stays for {duration(request.keep)} after the last session." if request.keep else ""
    ends = "`exit` ends it." if not session.guest_of else "`exit` leaves it."
    return (
        f"{line}; app files are here, tools are {plan.wanted.image.rpartition('/')[2]}.\n"
        "Relative paths are the app's (cat etc/os-release), absolute ones the debug image's;\n"
        f"$DSHELL_ROOT is the app's root. {ends}{stays}"
    )
