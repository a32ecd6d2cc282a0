"""What the words of `kubectl dshell TARGET...` point at, and whether that is one pod or many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubectl_dshell.domain.pod.reference import Reference, WorkloadKind, parse_reference

if TYPE_CHECKING:
    from kubectl_dshell.commands.fanout.targets import TargetQuery

_REMOTE = "a remote command goes behind --, as in: kubectl dshell web -- ls -l"


class TargetWord(click.ParamType[Reference]):
    """POD, pod/POD or KIND/NAME, as kubectl exec takes it."""

    name = "target"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Reference:
        if isinstance(value, Reference):
            return value
        try:
            return parse_reference(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def is_many(flags: dict[str, Any]) -> bool:
    """By the words alone: what a script gets must not depend on how many pods there happen to be."""
    forms = flags["output_dir"] or (flags["output"] == "json" and flags["dry_run"] == "none")
    return _lists(flags) or bool(forms)


def _lists(flags: dict[str, Any]) -> bool:
    return bool(flags["selector"] or flags["all_namespaces"] or flags["all_pods"] or len(flags["targets"]) > 1)


def check_words(ctx: click.Context, flags: dict[str, Any]) -> None:
    """Raises click.UsageError for words that say nothing, or two things at once."""
    targets, selector, everywhere = flags["targets"], flags["selector"], flags["all_namespaces"]
    if not targets and not selector and not everywhere and not flags["all_pods"]:
        raise click.UsageError("which pod? kubectl dshell POD; those there are: kubectl get pods", ctx)
    if targets and selector:
        raise click.UsageError("names and -l are two ways to choose; use one of them", ctx)
    if targets and everywhere:
        raise click.UsageError("a name says nothing in all namespaces; use -l with -A, or -n with the name", ctx)
    if len(targets) > 1 and ctx.obj is None and all(t.kind is WorkloadKind.POD for t in targets):
        names = ", ".join(t.name for t in targets)
        raise click.UsageError(f"a shell is for one pod, and here are {len(targets)} ({names}); {_REMOTE}", ctx)


def check_many(ctx: click.Context, flags: dict[str, Any], *, shell: bool) -> None:
    """What does not go with many pods. `shell`: a person asks for a shell, which is refused with the pods' names."""
    if flags["dry_run"] != "none":
        raise click.UsageError("--dry-run shows the patch of one pod; name one", ctx)
    if flags["output"] == "yaml":
        raise click.UsageError("-o yaml goes with --dry-run; what many pods print can be had with -o json", ctx)
    if flags["tty"]:
        raise click.UsageError("-t is for one pod: many have no terminal", ctx)
    if flags["record"]:
        raise click.UsageError("--record is for one pod; what many print can be kept with --output-dir", ctx)
    if flags["stdin"]:
        raise click.UsageError("-i is for one pod: many cannot share one stdin, and get an empty one", ctx)
    if ctx.obj is None and not (shell and _lists(flags)):
        who = "many pods need" if _lists(flags) else "-o json and --output-dir need"
        raise click.UsageError(f"{who} a COMMAND; {_REMOTE}", ctx)


def target_query(flags: dict[str, Any], namespace: str) -> TargetQuery:
    """Takes its flags out of `flags`."""
    from kubectl_dshell.commands.fanout.targets import TargetQuery

    return TargetQuery(
        references=flags.pop("targets"),
        selector=flags.pop("selector"),
        namespace=None if flags.pop("all_namespaces") else namespace,
        container=flags["container"],
        every=flags.pop("all_pods"),
    )
