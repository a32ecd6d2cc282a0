"""Binds what a copy needs besides a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.cli.wiring import StandardTerminal
from kubectl_dshell.commands.copy.ports import CopyPorts
from kubectl_dshell.domain.copy.copy_spec import STREAM
from kubectl_dshell.files.archive_source import ArchiveSource
from kubectl_dshell.files.passthrough import Passthrough
from kubectl_dshell.files.staging import Staging
from kubectl_dshell.output.progress.copy_bar import CopyBar, format_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.copy.copy_spec import RemotePath


class LocalDisk:
    def landing(self, destination: str, sources: Sequence[RemotePath]) -> Staging | Passthrough:
        return Passthrough(1, sources) if destination == STREAM else Staging(destination, sources)

    def luggage(self, sources: Sequence[str], refuse: Callable[[str, str], None]) -> ArchiveSource:
        return ArchiveSource(sources, refuse)


def copy_ports(bound: Ports, *, quiet: bool) -> CopyPorts:
    """What a copy needs, at the same terminal as its session."""
    if not isinstance(bound.terminal, StandardTerminal):
        raise TypeError(bound.terminal)
    return CopyPorts(bound, bound.terminal, LocalDisk(), CopyBar(quiet=quiet))


def size(sources: Sequence[str]) -> str:
    """For the question before a copy: "3 files (1.2 MB)". Raises NotFound where there is no such file."""
    measured = ArchiveSource(sources, lambda _name, _why: None).size()
    return f"{measured.files} file{'' if measured.files == 1 else 's'} ({format_bytes(measured.bytes)})"
