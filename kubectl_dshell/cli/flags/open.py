"""The options of `kubectl dshell TARGET...`, under the headings of its help."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.output import dry_run, output
from kubectl_dshell.cli.flags.param_types import DebugName, EnvVar, ShardPart, TargetWord
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
from kubectl_dshell.cli.flags.selection import ALL_NAMESPACES, SELECTOR, concurrency
from kubectl_dshell.cli.flags.session import (
    DEBUG_CONTAINER,
    RECORD,
    STDIN,
    TTY,
    SessionFlags,
    SessionStreams,
    check_command,
    settle_streams,
)
from kubectl_dshell.cli.flags.way import WayFlags
from kubectl_dshell.commands.session.dry_run import DryRun
from kubectl_dshell.domain.pod.reference import Reference, WorkloadKind
from kubectl_dshell.domain.text.invocation import VERB_NAMES
from kubectl_dshell.output.document import Format

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.access.privilege import Privilege
    from kubectl_dshell.domain.shard import Shard

_MANY = "Many pods (runs COMMAND in each; exit code: 0 if all succeed, else the highest, dshell's own failures first)"
_REMOTE = "put a remote command after --, for example: kubectl dshell web -- ls -l"

OUTPUT_FORM = output(
    (Format.YAML, Format.JSON),
    "Output format of --dry-run (default yaml) and version; json without --dry-run: one line per pod.",
)


class OpenOptions(Options):
    targets: tuple[Reference, ...] = parsed(operands(TargetWord(), "targets", "TARGET..."))
    command: tuple[str, ...] | None = remote_command()
    session: SessionFlags = nested(SessionFlags)
    env: tuple[tuple[str, str], ...] = parsed(
        repeatable(
            EnvVar(),
            "--env",
            metavar="NAME=VALUE",
            group=DEBUG_CONTAINER,
            help="Environment variable of the debug container; repeatable; visible in the pod's spec.",
        )
    )
    way: WayFlags = nested(WayFlags)
    name: str | None = parsed(
        optional(
            DebugName(),
            "--name",
            metavar="NAME",
            group=DEBUG_CONTAINER,
            help="Join or create the debug container dshell-NAME; default: reuse one of yours, or create one with a "
            "random name.",
        )
    )
    tty: bool | None = parsed(TTY)
    stdin: bool | None = parsed(STDIN)
    record: str | None = parsed(RECORD)
    selector: str = parsed(SELECTOR.but(group=_MANY, help="All pods with these labels."))
    all_namespaces: bool = parsed(
        ALL_NAMESPACES.but(group=_MANY, help="All pods in all namespaces; with -l, those that match.")
    )
    all_pods: bool = parsed(
        switch("--all", "all_pods", group=_MANY, help="All pods of the workload, or of the namespace if none is given.")
    )
    concurrency: int = parsed(concurrency(100, group=_MANY))
    shard: Shard | None = parsed(
        optional(
            ShardPart(),
            "--shard",
            metavar="INDEX/COUNT",
            group=_MANY,
            help="Only this part of the pods, by their UIDs, counted from 0: 0/4 to 3/4 are all pods, each once.",
        )
    )
    once: str | None = parsed(
        optional(
            DebugName(),
            "--once",
            metavar="NAME",
            group=_MANY,
            help="Run COMMAND at most once per pod: in the debug container dshell-NAME, and not in pods that already "
            "have it, which are reported.",
        )
    )
    fail_fast: bool = parsed(switch("--fail-fast", group=_MANY, help="Stop the others as soon as one fails."))
    output_dir: str | None = parsed(
        optional(
            click.Path(file_okay=False, path_type=str),
            "--output-dir",
            metavar="DIR",
            group=_MANY,
            help="Write two files per pod, .out and .err, to a new or empty DIR.",
        )
    )
    dry_run: DryRun = parsed(
        dry_run(DryRun, "Print the patch that would be sent; server: after the API server has validated it.")
    )
    output: Format | None = parsed(OUTPUT_FORM)
    connection: ConnectionFlags = nested(ConnectionFlags)

    @property
    def lists(self) -> bool:
        """Whether the command line selects many pods, whatever their number turns out to be."""
        return bool(self.selector or self.all_namespaces or self.all_pods or len(self.targets) > 1)

    @property
    def is_many(self) -> bool:
        """Whether the output has the format for many pods; a script must not see it depend on their number."""
        as_lines = self.output is Format.JSON and self.dry_run is DryRun.NONE
        return self.lists or bool(self.output_dir or self.once or self.shard) or as_lines

    @property
    def privilege(self) -> Privilege:
        return self.session.privilege._replace(trace=self.way.trace)

    @property
    def streams(self) -> SessionStreams:
        return settle_streams(stdin=self.stdin, tty=self.tty, command=self.command)

    def retry_command(self, namespace: str, pod: str, ports: Ports) -> str:
        """The command line to type for another session like this one in `pod`."""
        return ports.invocation.open(namespace, pod, self.session.container) + self.way.words

    def check(self, *, shell: bool) -> None:
        """Raises click.UsageError for options that are missing or contradict each other.

        `shell`: a shell was requested; for many pods that is refused later, with their names.
        """
        self._check_targets()
        if self.is_many:
            self._check_many(shell=shell)
        elif self.output and self.dry_run is DryRun.NONE:
            raise click.UsageError("-o needs --dry-run; a session prints the output of the remote command")
        elif self.record and self.dry_run is not DryRun.NONE:
            raise click.UsageError("--record cannot be used with --dry-run, which opens no session")
        if self.way.app_image and self.dry_run is not DryRun.NONE:
            raise click.UsageError(
                "--dry-run prints nothing for --app-image: its entry names a process of the debug container before it"
            )
        if self.way.wait_for_start and self.dry_run is not DryRun.NONE:
            raise click.UsageError("--wait-for-start cannot be used with --dry-run, which opens no session")
        self.way.check(self.session, many=self.is_many, named=bool(self.name))
        check_command(self.command)
        self.session.check()

    def _check_targets(self) -> None:
        targets, everywhere = self.targets, self.all_namespaces
        if not targets and not self.selector and not everywhere and not self.all_pods:
            raise click.UsageError("no pod specified; usage: kubectl dshell POD (list pods with: kubectl get pods)")
        if targets and self.selector:
            raise click.UsageError("cannot combine names with -l; use one or the other")
        if targets and everywhere:
            raise click.UsageError(
                "a pod cannot be selected by name across all namespaces; use -l with -A, or -n with the name"
            )
        if len(targets) > 1 and self.command is None and all(t.kind is WorkloadKind.POD for t in targets):
            names = ", ".join(t.name for t in targets)
            hint = _meant_verb(targets[0].name)
            raise click.UsageError(f"a shell needs exactly one pod, got {len(targets)} ({names}); {_REMOTE}{hint}")

    def _check_many(self, *, shell: bool) -> None:
        if self.dry_run is not DryRun.NONE:
            raise click.UsageError("--dry-run prints the patch for a single pod; name that pod")
        if self.output is Format.YAML:
            raise click.UsageError("-o yaml needs --dry-run; for the output of many pods use -o json")
        if self.tty:
            raise click.UsageError("-t needs exactly one pod: a terminal cannot be shared")
        if self.record:
            raise click.UsageError("--record needs exactly one pod; to keep the output of many, use --output-dir")
        if self.stdin:
            raise click.UsageError("-i needs exactly one pod: stdin cannot be shared, and is empty in many pods")
        self._check_parts()
        if self.command is None and not (shell and self.lists):
            who = "many pods need" if self.lists else "-o json, --once and --output-dir need"
            raise click.UsageError(f"{who} a COMMAND; {_REMOTE}")

    def _check_parts(self) -> None:
        named = any(target.kind is WorkloadKind.POD for target in self.targets)
        if self.shard and (named or not (self.selector or self.all_namespaces or self.all_pods)):
            raise click.UsageError("--shard needs -l, -A or --all: it divides the pods of a selection, not named ones")
        if self.once and (self.name or self.session.new):
            raise click.UsageError("--once names a new debug container itself; omit --name and --new")


def _meant_verb(word: str) -> str:
    """A hint if the first of several arguments looks like a mistyped verb."""
    import difflib

    alike = difflib.get_close_matches(word, sorted(VERB_NAMES), n=1)
    return f"\nDid you mean this? kubectl dshell {alike[0]}" if alike else ""
