"""Malformed pods: they are reported and counted, and the others are processed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.json_fields import IS_MALFORMED
from kubectl_dshell.domain.pod.pod import Pod, called, parse_pod
from kubectl_dshell.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class UnreadablePod:
    """The namespace and name that a malformed pod claims, each on one line, and the reason."""

    namespace: str
    pod: str
    why: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.pod}" if self.namespace else self.pod


def parse_pods(pods: Iterable[object], note: Callable[[UnreadablePod], None]) -> Iterator[Pod]:
    """The well-formed pods; `note` is called for each of the others."""
    for pod in pods:
        try:
            parsed = parse_pod(pod)
        except Malformed as error:
            note(UnreadablePod(*called(pod), error.message.partition(IS_MALFORMED)[2]))
        else:
            yield parsed


def told(unclear: Sequence[UnreadablePod]) -> str:
    """One line for people."""
    pods = "1 pod" if len(unclear) == 1 else f"{len(unclear)} pods"
    names = "; ".join(f"{one} ({one.why})" for one in unclear[:_SHOWN])
    more = f"; and {len(unclear) - _SHOWN} more" if len(unclear) > _SHOWN else ""
    return f"{pods} could not be read: {names}{more}"
