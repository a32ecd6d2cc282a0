"""The banner: user, pod and container of a session, and how to find the app's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.copied import COPY_OF
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.domain.text.duration import duration

if TYPE_CHECKING:
    from kubectl_dshell.commands.session.model import Session
    from kubectl_dshell.commands.session.plan import Plan
    from kubectl_dshell.domain.pod.pod import Container
    from kubectl_dshell.domain.text.invocation import Invocation

_SHOWN = 5


def banner(session: Session) -> str:
    """The line at the beginning of a session; two more for an interactive shell."""
    plan, request = session.plan, session.request
    reused = " (reused)" if session.reused else ""
    if session.guest_of:
        reused = f" (shared, owner {session.guest_of}; not created by you on this machine)"
    line = f"{session.name}{reused} in {plan.pod.name} as {plan.identity} ({plan.identity.source})"
    if request.command:
        return line
    ends = "`exit` ends only your session." if session.guest_of else "`exit` ends the session."
    kept = f" The debug container is kept for {duration(request.keep)} afterwards." if request.keep else ""
    if session.tools and session.tools.is_mounted:
        root, pod = _short(plan.wanted.image), "This pod is"
        if plan.pod.annotations.get(COPY_OF):
            root, pod = "the app's image", "This pod is a copy: no process of the app runs in it, and it is"
        return f"{line}; / is {root}, tools are {_short(plan.wanted.tools_image)}.\n{pod} deleted afterwards. {ends}"
    if session.tools and session.entry:
        return (
            f"{line}; / is the app's image, tools are {_tools(session)} ({session.tools.lender}).\n"
            f"$DSHELL_ROOT is the app's live root: {_differences(plan.target.container, session.entry)} {ends}{kept}"
        )
    if session.places:
        return (
            f"{line}; / is {_short(plan.wanted.image)}, and the volumes of {plan.target.container.name} are at their "
            f"own paths:\n{_volumes(session)}. The rest of its files is not here. {ends}{kept}"
        )
    if request.chroot:
        return f"{line}; / is the app's live root, tools are {_short(plan.wanted.image)}. {ends}{kept}"
    return (
        f"{line}; app files are here, tools are {_short(plan.wanted.image)}.\n"
        "Relative paths are the app's (cat etc/os-release), absolute ones the debug image's;\n"
        f"$DSHELL_ROOT is the app's root. To run the app's programs, add --app-image. {ends}{kept}"
    )


def own_shell(plan: Plan, invocation: Invocation) -> str:
    """For who enters an app that has a shell itself."""
    words = invocation.kubectl_exec(plan.pod.namespace, plan.pod.name, plan.target.container.name)
    return f"The app's image has a shell: `{words}` would do, and adds nothing to the pod."


def _tools(session: Session) -> str:
    """The debug image."""
    lender = session.tools and session.plan.pod.debug_container(session.tools.lender)
    return _short(one_line(lender.spec.get("image") or "") if lender else session.plan.wanted.tools_image)


def _volumes(session: Session) -> str:
    from kubectl_dshell.domain.access.volumes import listed

    mounts = session.plan.wanted.mounts
    read_only = {str(mount.get("mountPath")).rstrip("/") for mount in mounts if mount.get("readOnly")}
    return listed([place + " (read-only)" * (place in read_only) for place in session.places])


def _short(image: str) -> str:
    return image.rpartition("/")[2]


def _differences(app: Container, entry: Container) -> str:
    """What a container of the app's image has not, or not the same."""
    from kubectl_dshell.domain.app_image.app import app_parts

    left_out = app_parts(app).left_out
    absent = ", ".join(left_out[:_SHOWN]) + ", ..." * (len(left_out) > _SHOWN)
    text = "files that the app wrote outside its volumes are only there"
    text += f", and {one_line(absent)} (subPath)." if absent else "."
    if app.image_id and entry.image_id and app.image_id != entry.image_id:
        text += (
            f"\nThe image is not the one that the app runs: {one_line(app.spec.get('image', ''))} has changed since."
        )
    return text
