"""`kubectl dshell ls`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from kubectl_dshell.cli.flags.kubectl import GroupedCommand, to_connection_options
from kubectl_dshell.cli.flags.ls import listing_flags
from kubectl_dshell.cli.flags.types import PodName
from kubectl_dshell.cli.stdout import write_data

if TYPE_CHECKING:
    from kubectl_dshell.commands.manage.list import ListRequest
    from kubectl_dshell.commands.ports import Ports


@click.command(cls=GroupedCommand, options_metavar="[flags]")
@click.argument("pods", nargs=-1, type=PodName(), metavar="[POD]...")
@listing_flags
@click.pass_context
def ls_command(ctx: click.Context, /, **flags: Any) -> int:
    """List debug containers, made by any tool: who made them, as whom they run, who is in them, how they ended.

    Holders of our own that run are asked who is there, which needs the right to exec; without it the rest is shown.
    Exit code 69 if there is a pod that cannot be understood: the list is then not whole.
    The fields of -o json are described in docs/json.md.
    """
    _check(ctx, flags)
    watch, verbosity = flags.pop("watch"), flags.pop("verbosity")
    everywhere, form, with_heads = flags.pop("all_namespaces"), flags.pop("output") or "", not flags.pop("no_headers")
    wanted = {name: flags.pop(name) for name in ("pods", "selector", "sort_by", "mine", "stale", "older_than", "state")}
    from kubectl_dshell.cli.wiring import ports

    with ports(to_connection_options(flags), quiet=False, verbosity=verbosity) as (bound, namespace):
        request = _request(wanted, None if everywhere else namespace, form)
        if watch:
            _watch(request, form, bound, with_heads=with_heads)
        else:
            return _list(request, form, bound, with_heads=with_heads)
    return 0


def _check(ctx: click.Context, flags: dict[str, Any]) -> None:
    if ctx.obj is not None:
        raise click.UsageError("ls runs no command", ctx)
    if flags["pods"] and flags["all_namespaces"]:
        raise click.UsageError("a POD is in one namespace: leave out -A, or the POD", ctx)
    if flags["pods"] and flags["selector"]:
        raise click.UsageError("either PODs or -l", ctx)
    if flags["watch"] and flags["output"] == "yaml":
        raise click.UsageError("--watch prints a table, names or -o json, not -o yaml", ctx)


def _request(wanted: dict[str, Any], namespace: str | None, form: str) -> ListRequest:
    from kubectl_dshell.commands.manage.list import ListRequest
    from kubectl_dshell.domain.debug_container.listing import ListFilter, SortKey, Stage

    choice = ListFilter(
        pods=frozenset(wanted["pods"]),
        stage=Stage(wanted["state"]) if wanted["state"] else None,
        stale=wanted["stale"],
        older_than=wanted["older_than"],
    )
    return ListRequest(
        namespace=namespace,
        selector=wanted["selector"],
        choice=choice,
        mine=wanted["mine"],
        sort_by=SortKey(wanted["sort_by"]) if wanted["sort_by"] else None,
        ask=form != "name" or wanted["stale"],
    )


def _list(request: ListRequest, form: str, bound: Ports, *, with_heads: bool) -> int:
    """As kubectl get, of which some could not be got: what there is is shown, and the exit code says it is not all."""
    from kubectl_dshell.commands.manage.list import list_chosen, say_way_out
    from kubectl_dshell.errors import ExitStatus
    from kubectl_dshell.output.debug_containers.formats import format_debug_containers, format_document_of
    from kubectl_dshell.output.document import Format

    everywhere = request.namespace is None
    listed = list_chosen(request, bound)
    if form in ("json", "yaml"):
        write_data(format_document_of(listed.found, listed.unclear, Format(form)))
    elif not listed.found and form != "name":
        bound.notices.notice(_nothing(request))
    else:
        if form in ("", "wide"):
            say_way_out(listed.found, bound)
        now = bound.clock.now()
        write_data(format_debug_containers(listed.found, form, now, everywhere=everywhere, with_heads=with_heads))
    return int(ExitStatus.UNAVAILABLE if listed.unclear else ExitStatus.OK)


def _watch(request: ListRequest, form: str, bound: Ports, *, with_heads: bool) -> None:
    from contextlib import nullcontext

    from kubectl_dshell.commands.manage.watch import watch_chosen
    from kubectl_dshell.output.debug_containers.changes import Changes, JsonLines, NameLines, TableLines
    from kubectl_dshell.output.progress.live_table import LiveTable

    everywhere, wide = request.namespace is None, form == "wide"
    live = sys.stdout.isatty() and form in ("", "wide") and with_heads
    shown: Changes
    if live:
        shown = LiveTable(wide=wide, everywhere=everywhere, sort_by=request.sort_by, empty=_nothing(request))
    elif form == "json":
        shown = JsonLines(write_data)
    elif form == "name":
        shown = NameLines(write_data, everywhere=everywhere)
    else:
        shown = TableLines(write_data, wide=wide, everywhere=everywhere, with_heads=with_heads)
    changing = watch_chosen(request, bound)
    first = next(changing)  # what is wrong is said before anything is drawn
    if not first and not live and form != "json":
        bound.notices.notice(_nothing(request))
    with shown if isinstance(shown, LiveTable) else nullcontext():
        shown.show(first, bound.clock.now())
        for changes in changing:
            shown.show(changes, bound.clock.now())


def _nothing(request: ListRequest) -> str:
    """What was looked for and not found."""
    choice = request.choice
    kinds = [str(choice.stage)] if choice.stage else []
    kinds += ["stale"] if choice.stale else []
    kinds += ["older than asked for"] if choice.older_than is not None and not choice.stale else []
    kinds += ["of your own"] if request.mine else []
    what = "no debug containers" + (f" that are {' and '.join(kinds)}" if kinds else "")
    where = f"in namespace {request.namespace}" if request.namespace else "in any namespace"
    if choice.pods:
        where = f"in {', '.join(sorted(choice.pods))} {where}"
    return f"{what} {where}" + (f" in pods with {request.selector}" if request.selector else "")
