"""Chooses the container to copy. Unlike one to enter it need not run, and is often an init container that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.target import DEFAULT_CONTAINER, Target, fails, of_copy
from kubectl_dshell.domain.text.bounds import shortened
from kubectl_dshell.errors import NotFound

if TYPE_CHECKING:
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
    there = {one.name: one for one in (*pod.containers, *pod.init)}
    if wanted:
        if wanted in there:
            return Target(pod, there[wanted])
        raise NotFound(f'pod {pod.name} has no container "{wanted}"; available: {shortened(", ".join(there))}')
    if failing := next((one for one in pod.init if fails(one)), None):
        return Target(
            pod, failing, f"copying init container {failing.name} of {pod.name}, which fails (choose with -c)"
        )
    annotated = pod.annotations.get(DEFAULT_CONTAINER)
    if annotated in {one.name for one in pod.containers}:
        return Target(pod, there[annotated])
    if not pod.containers:
        raise NotFound(f"pod {pod.name} has no containers")
    first = pod.containers[0]
    several = f'defaulted container "{first.name}" of {pod.name} out of: {shortened(", ".join(there))} (choose with -c)'
    return Target(pod, first, several if len(there) > 1 else "")
