"""Chooses the container to copy. Unlike one to enter it need not run, and is often an init container that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.down import choose_any
from kubectl_dshell.domain.access.target import of_copy
from kubectl_dshell.errors import NotFound

if TYPE_CHECKING:
    from kubectl_dshell.domain.access.target import Target
    from kubectl_dshell.domain.pod.pod import Pod
    from kubectl_dshell.domain.text.invocation import Invocation


def choose_source(pod: Pod, wanted: str | None, invocation: Invocation) -> Target:
    """The container of `pod` to copy: `wanted`, else an init container that fails, else the default or first one.

    Raises NotFound with the reason if there is none.
    """
    if (pod.spec.get("os") or {}).get("name") == "windows":
        raise NotFound(f"pod {pod.name} runs on Windows; dshell supports Linux containers only")
    if pod.is_copy:
        raise of_copy(pod, invocation)
    return choose_any(pod, wanted, down_first=False)
