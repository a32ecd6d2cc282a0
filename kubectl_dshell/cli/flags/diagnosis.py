"""The options of `kubectl dshell doctor` and `kubectl dshell explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_dshell.cli.argv import check_text
from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.output import output
from kubectl_dshell.cli.flags.param_types import TargetWord
from kubectl_dshell.cli.flags.parsing import Options, nested, operands, parsed, remote_command
from kubectl_dshell.cli.flags.selection import CONTAINER, NAMESPACE
from kubectl_dshell.cli.flags.session import IMAGE, QUIET, RUN_AS
from kubectl_dshell.output.document import Format

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.reference import Reference


class DoctorOptions(Options):
    command: tuple[str, ...] | None = remote_command()
    namespace: str | None = parsed(NAMESPACE)
    image: str = parsed(IMAGE)
    output: Format | None = parsed(output((Format.JSON, Format.YAML), "One document instead of lines."))
    quiet: bool = parsed(QUIET)
    connection: ConnectionFlags = nested(ConnectionFlags)

    def check(self) -> None:
        """Raises click.UsageError for a command, and for a DSHELL_IMAGE that is not text."""
        if self.command is not None:
            raise click.UsageError("doctor takes no command after --")
        check_text((self.image,), "DSHELL_IMAGE")


class ExplainOptions(Options):
    targets: tuple[Reference, ...] = parsed(operands(TargetWord(), "targets", "POD|KIND/NAME"))
    command: tuple[str, ...] | None = remote_command()
    container: str | None = parsed(CONTAINER.but(help="The container to explain; default: all of the pod."))
    namespace: str | None = parsed(NAMESPACE)
    run_as: tuple[int, int | None] | None = parsed(RUN_AS)
    image: str = parsed(IMAGE)
    output: Format | None = parsed(output((Format.JSON, Format.YAML), "One document instead of tables."))
    connection: ConnectionFlags = nested(ConnectionFlags)

    @property
    def target(self) -> Reference:
        """The pod or workload; raises click.UsageError unless exactly one is given, and for a command."""
        if self.command is not None:
            raise click.UsageError("explain takes no command after --")
        if len(self.targets) != 1:
            raise click.UsageError("explain needs one pod: POD, or KIND/NAME for one of its pods")
        check_text((self.image,), "DSHELL_IMAGE")
        return self.targets[0]
