"""How a failure is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.errors import DshellError


def format_failure(error: DshellError) -> str:
    """`error: what happened`, then a line for each thing to do; a remote message gets no full stop of ours."""
    return "\n".join([f"error: {error.message}", *error.advice])
