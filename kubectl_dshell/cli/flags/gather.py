"""The options of `kubectl dshell gather`."""

from __future__ import annotations

import click

from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.output import output
from kubectl_dshell.cli.flags.param_types import TargetWord
from kubectl_dshell.cli.flags.parsing import Options, nested, operands, parsed, remote_command
from kubectl_dshell.cli.flags.selection import NAMESPACE
from kubectl_dshell.cli.flags.session import QUIET
from kubectl_dshell.domain.pod.reference import Reference, WorkloadKind
from kubectl_dshell.output.document import Format


class GatherOptions(Options):
    jobs: tuple[Reference, ...] = parsed(operands(TargetWord(), "jobs", "job/NAME"))
    command: tuple[str, ...] | None = remote_command()
    namespace: str | None = parsed(NAMESPACE.but(help="The namespace of the Job; default: the context's."))
    output: Format | None = parsed(
        output((Format.JSON,), "One JSON document per line and pod instead of the lines of all pods.")
    )
    quiet: bool = parsed(QUIET)
    connection: ConnectionFlags = nested(ConnectionFlags)

    @property
    def job(self) -> str:
        """The name of the Job; raises click.UsageError unless exactly one is given."""
        if self.command is not None:
            raise click.UsageError("gather takes no command after --")
        if len(self.jobs) != 1 or self.jobs[0].kind not in (WorkloadKind.JOB, WorkloadKind.POD):
            raise click.UsageError("gather needs one Job: job/NAME (list them with: kubectl get jobs)")
        return self.jobs[0].name
