"""The options of `kubectl dshell ls`."""

from __future__ import annotations

import click

from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.parsing import Options, nested, operands, optional, parsed, remote_command, switch
from kubectl_dshell.cli.flags.selection import ALL_NAMESPACES, MINE, NAMESPACE, OLDER_THAN, SELECTOR, STALE, WHICH
from kubectl_dshell.cli.flags.types import OneOf, PodName
from kubectl_dshell.domain.debug_container.listing import SortKey, Stage
from kubectl_dshell.output.document import Format


class LsOptions(Options):
    pods: tuple[str, ...] = parsed(operands(PodName(), "pods", "[POD]..."))
    command: tuple[str, ...] | None = remote_command()
    namespace: str | None = parsed(NAMESPACE)
    all_namespaces: bool = parsed(ALL_NAMESPACES)
    selector: str = parsed(SELECTOR)
    mine: bool = parsed(MINE)
    stale: bool = parsed(STALE)
    older_than: int | None = parsed(OLDER_THAN)
    state: Stage | None = parsed(
        optional(OneOf(Stage), "--state", group=WHICH, help="Those in this state; not started is waiting.")
    )
    output: Format | None = parsed(
        optional(OneOf(Format), "-o", "--output", group="Output", help="Another form than the table.")
    )
    sort_by: SortKey | None = parsed(
        optional(
            OneOf(SortKey),
            "--sort-by",
            group="Output",
            metavar="KEY",
            help=f"One of {', '.join(SortKey)} (oldest first); else by namespace, pod and name.",
        )
    )
    no_headers: bool = parsed(switch("--no-headers", group="Output", help="The table without its first line."))
    watch: bool = parsed(
        switch(
            "-w",
            "--watch",
            group="Output",
            help="Go on: a live table on a terminal, else a line for each change; with -o json a document for each.",
        )
    )
    connection: ConnectionFlags = nested(ConnectionFlags)

    def check(self) -> None:
        """Raises click.UsageError for words that do not go together."""
        if self.command is not None:
            raise click.UsageError("ls runs no command")
        if self.pods and self.all_namespaces:
            raise click.UsageError("a POD is in one namespace: leave out -A, or the POD")
        if self.pods and self.selector:
            raise click.UsageError("either PODs or -l")
        if self.watch and self.output is Format.YAML:
            raise click.UsageError("--watch prints a table, names or -o json, not -o yaml")
