"""How a pod that dshell has created as a copy of another one is recognized."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.json_fields import Fields

COPY_OF = "kubectl-dshell/copy-of"
"""The annotation "POD/CONTAINER". It is for people and for a fast search: anybody may change it."""
TOOLS_FOLDER = "/.dshell"
"""Where the image with the tools is mounted."""
TOOLS_VARIABLE = "DSHELL_TOOLS"
_PREFIX = "dshell-"


def is_copy(container: Fields) -> bool:
    """Whether a container of a pod is the one of a copy, with a holder as its first process.

    Judged by what nobody can change once the pod exists: its name and its environment.
    """
    return container.text("name").startswith(_PREFIX) and any(
        variable.text("name") == TOOLS_VARIABLE and variable.text("value") == TOOLS_FOLDER
        for variable in container.items("env")
    )
