"""The options of `kubectl dshell ls`."""

from __future__ import annotations

import click

from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.param_types import AnyOf, OneOf, PodName
from kubectl_dshell.cli.flags.parsing import (
    Options,
    nested,
    operands,
    optional,
    parsed,
    remote_command,
    repeatable,
    switch,
)
from kubectl_dshell.cli.flags.selection import ALL_NAMESPACES, MINE, NAMESPACE, OLDER_THAN, SELECTOR, STALE, WHICH
from kubectl_dshell.domain.debug_container.listing import NOT_ENDED, SortKey, Stage
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
    all_states: bool = parsed(
        switch("--all", "all_states", group=WHICH, help="Also those that have ended; default: only their number.")
    )
    states: tuple[frozenset[Stage], ...] = parsed(
        repeatable(
            AnyOf(Stage),
            "--state",
            "states",
            group=WHICH,
            metavar="STATE",
            help=f"Only those in one of these states: {', '.join(Stage)} (comma-separated, or repeated). "
            "Waiting includes those that have not started yet.",
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
            help="Watch for changes: a live table on a terminal, else a line (with -o json a document) per change.",
        )
    )
    connection: ConnectionFlags = nested(ConnectionFlags)

    def stages(self) -> frozenset[Stage]:
        return frozenset(Stage) if self.all_states else frozenset().union(*self.states) or NOT_ENDED

    def check(self) -> None:
        """Raises click.UsageError for options that contradict each other."""
        if self.command is not None:
            raise click.UsageError("ls takes no command after --")
        if self.pods and self.all_namespaces:
            raise click.UsageError("a pod cannot be selected by name across all namespaces; omit -A or the POD")
        if self.pods and self.selector:
            raise click.UsageError("cannot combine PODs with -l; use one or the other")
        if self.all_states and self.states:
            raise click.UsageError("cannot combine --all with --state; use one or the other")
        if self.watch and self.output is Format.YAML:
            raise click.UsageError("--watch cannot be used with -o yaml; use -o json, -o name or the table")
