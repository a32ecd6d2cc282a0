"""`kubectl dshell ls`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kubectl_dshell.cli.flags.ls import LsOptions
from kubectl_dshell.cli.flags.parsing import verb
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.output.document import Format

if TYPE_CHECKING:
    from kubectl_dshell.commands.manage.list import ListRequest
    from kubectl_dshell.commands.ports import Ports


@verb("ls", LsOptions)
def ls_command(options: LsOptions) -> int:
    """List the debug containers of any tool.

    Shows who created them, as which user they run, how many clients are attached, and how they ended. The number of
    clients is known only for debug containers of dshell, and asking for it requires permission to exec; without it,
    everything else is shown. Those that have ended are only counted, in the last line on stderr and as endedNotShown
    in -o json: their entries stay in the pod until it is replaced. --all shows them, in every output format.
    The exit code is 69 if a pod could not be parsed: the list is then incomplete.
    The fields of -o json are documented in docs/json.md.
    """
    options.check()
    from kubectl_dshell.cli.wiring import ports

    with ports(options.connection, options.namespace, quiet=False) as (bound, namespace):
        request = _request(options, namespace)
        if not options.watch:
            return _list(request, options, bound)
        _watch(request, options, bound)
    return 0


def _request(options: LsOptions, namespace: str) -> ListRequest:
    from kubectl_dshell.commands.manage.list import ListRequest
    from kubectl_dshell.domain.debug_container.listing import ListFilter

    choice = ListFilter(
        pods=frozenset(options.pods), stages=options.stages(), stale=options.stale, older_than=options.older_than
    )
    return ListRequest(
        namespace=None if options.all_namespaces else namespace,
        selector=options.selector,
        choice=choice,
        mine=options.mine,
        sort_by=options.sort_by,
        ask=options.output is not Format.NAME or options.stale,
    )


def _list(request: ListRequest, options: LsOptions, bound: Ports) -> int:
    """Like kubectl get when some objects fail: prints the others, and returns an exit code other than 0."""
    from kubectl_dshell.commands.manage.last_line import last_line
    from kubectl_dshell.commands.manage.list import list_chosen, say_way_out
    from kubectl_dshell.errors import ExitStatus
    from kubectl_dshell.output.debug_containers.formats import format_debug_containers, format_document_of

    everywhere, form = options.all_namespaces, options.output
    listed = list_chosen(request, bound)
    if form is Format.JSON or form is Format.YAML:
        write_data(format_document_of(listed.found, listed.unclear, listed.ended, form))
    elif listed.found or form is Format.NAME:
        if form is not Format.NAME:
            say_way_out(listed.found, bound)
        now, with_heads = bound.clock.now(), not options.no_headers
        shown = format_debug_containers(listed.found, form or "", now, everywhere=everywhere, with_heads=with_heads)
        write_data(shown)
    if form in (None, Format.WIDE) and (told := last_line(request, len(listed.found), listed.ended, bound.invocation)):
        bound.notices.notice(told)
    return int(ExitStatus.UNAVAILABLE if listed.unclear else ExitStatus.OK)


def _watch(request: ListRequest, options: LsOptions, bound: Ports) -> None:
    from contextlib import nullcontext

    from kubectl_dshell.commands.manage.last_line import last_line
    from kubectl_dshell.commands.manage.watch import watch_chosen
    from kubectl_dshell.output.debug_containers.changes import Changes, JsonLines, NameLines, TableLines
    from kubectl_dshell.output.progress.live_table import LiveTable

    def told(shown: int, ended: int) -> str:
        return last_line(request, shown, ended, bound.invocation)

    everywhere, wide = options.all_namespaces, options.output is Format.WIDE
    live = sys.stdout.isatty() and (options.output is None or wide) and not options.no_headers
    shown: Changes
    if live:
        shown = LiveTable(wide=wide, everywhere=everywhere, sort_by=request.sort_by, last_line=told)
    elif options.output is Format.JSON:
        shown = JsonLines(write_data)
    elif options.output is Format.NAME:
        shown = NameLines(write_data, everywhere=everywhere)
    else:
        shown = TableLines(write_data, wide=wide, everywhere=everywhere, with_heads=not options.no_headers)
    changing = watch_chosen(request, bound)
    first = next(changing)  # errors are reported before anything is drawn
    with shown if isinstance(shown, LiveTable) else nullcontext():
        shown.show(first, bound.clock.now())
        if not live and options.output is not Format.JSON and (line := told(len(first.changes), first.ended)):
            bound.notices.notice(line)
        for update in changing:
            shown.show(update, bound.clock.now())
