"""The options of `kubectl dshell ls`."""

from __future__ import annotations

import click

from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.param_types import OneOf, PodName
from kubectl_dshell.cli.flags.parsing import Options, nested, operands, optional, parsed, remote_command, switch
from kubectl_dshell.cli.flags.selection import ALL_NAMESPACES, MINE, NAMESPACE, OLDER_THAN, SELECTOR, STALE, WHICH
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
        optional(
            OneOf(Stage), "--state", group=WHICH, help="Only those in this state; waiting includes not yet started."
        )
    )
    output: Format | None = parsed(
        optional(OneOf(Format), "-o", "--output", group="Output", help="Output format instead of the table.")
    )
    sort_by: SortKey | None = parsed(
        optional(
            OneOf(SortKey),
            "--sort-by",
            group="Output",
            metavar="KEY",
            help=f"One of {', '.join(SortKey)} (age: oldest first); default: namespace, pod and name.",
        )
    )
    no_headers: bool = parsed(switch("--no-headers", group="Output", help="Print the table without its header."))
    watch: bool = parsed(
        switch(
            "-w",
            "--watch",
            group="Output",
            help="Keep watching: a live table on a terminal, else a line (with -o json a document) per change.",
        )
    )
    connection: ConnectionFlags = nested(ConnectionFlags)

    def check(self) -> None:
        """Raises click.UsageError for options that contradict each other."""
        if self.command is not None:
            raise click.UsageError("ls takes no command after --")
        if self.pods and self.all_namespaces:
            raise click.UsageError("a pod cannot be selected by name across all namespaces; omit -A or the POD")
        if self.pods and self.selector:
            raise click.UsageError("cannot combine PODs with -l; use one or the other")
        if self.watch and self.output is Format.YAML:
            raise click.UsageError("--watch cannot be used with -o yaml; use -o json, -o name or the table")
