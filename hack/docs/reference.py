"""What docs/reference.md and the manual page say: every verb and flag, read from the definitions that parse them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, NamedTuple

import click

from kubectl_dshell.cli.dispatch import PROGRAM, VERBS
from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.parsing import OTHER, Flag
from kubectl_dshell.cli.help import HELP, verbs
from kubectl_dshell.cli.verbs.open import open_command

if TYPE_CHECKING:
    from collections.abc import Iterable

OPEN_TITLE = f"{PROGRAM} POD"
SHARED = "kubectl flags"
"""The heading of the flags that every verb with a cluster takes: they are listed once."""


class FlagEntry(NamedTuple):
    """A flag as it is typed; what does not exist is empty."""

    names: tuple[str, ...]
    shown_value: str
    """As it follows the last name: ` NAME`, or `[=NAME]` if it may be left out."""
    default: str
    variable: str
    help: str


class Page(NamedTuple):
    """One verb."""

    title: str
    usage: str
    about: tuple[str, ...]
    """Paragraphs; the first is one sentence."""
    groups: dict[str, tuple[FlagEntry, ...]]
    """The flags by heading, without those of `SHARED`."""
    takes_shared: bool


def pages() -> list[Page]:
    """Every verb, in the order of the help page; first the one without a name."""
    named = [_page(f"{PROGRAM} {verb}", VERBS[verb], _paragraphs(VERBS[verb].help or "")) for verb in verbs()]
    return [_page(OPEN_TITLE, open_command, (HELP.partition("\n")[0],)), *named]


def shared_flags() -> tuple[FlagEntry, ...]:
    return tuple(_entry(param) for param in ConnectionFlags.params() if isinstance(param, click.Option))


def _page(title: str, command: click.Command, about: tuple[str, ...]) -> Page:
    name = PROGRAM if title == OPEN_TITLE else title
    context = click.Context(command, info_name=name)
    groups: dict[str, tuple[FlagEntry, ...]] = {}
    for param in command.get_params(context):
        if isinstance(param, click.Option):
            heading = param.group if isinstance(param, Flag) else OTHER
            groups[heading] = (*groups.get(heading, ()), _entry(param))
    shared = groups.pop(SHARED, ())
    groups[OTHER] = groups.pop(OTHER)  # last, as in --help
    return Page(title, " ".join([name, *command.collect_usage_pieces(context)]), about, groups, bool(shared))


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(one.split()) for one in inspect.cleandoc(text).split("\n\n"))


def _entry(param: click.Option) -> FlagEntry:
    names = (*param.opts, *param.secondary_opts)
    return FlagEntry(tuple(name for name in names if name[0] == "-"), _value(param), _default(param), *_told(param))


def _value(param: click.Option) -> str:
    if param.is_flag:
        return ""
    metavar = param.make_metavar(click.Context(click.Command(None)))
    if isinstance(param.type, click.Choice):
        metavar = metavar.removeprefix("[").removesuffix("]")
    return f"[={metavar}]" if isinstance(param.flag_value, str) else f" {metavar}"


def _default(param: click.Option) -> str:
    """Empty also for a text that is empty, and for what is on or off."""
    default = param.to_info_dict()["default"]
    return str(default) if not param.is_flag and isinstance(default, str | int) else ""


def _told(param: click.Option) -> tuple[str, str]:
    return param.envvar if isinstance(param.envvar, str) else "", param.help or ""


def markdown() -> str:
    """docs/reference.md."""
    sections = [_section(page) for page in pages()]
    shared = f"## {SHARED}\n\nWith kubectl's meaning, for every verb that says so above.\n\n{_table(shared_flags())}"
    head = (
        "# Reference\n\nEvery command and flag, written by `make reference` from the definitions that parse them, and compared with them\n"
        "by a test. [Usage](usage.md) is by task; [exit codes](exit-codes.md) and [JSON](json.md) have pages of their own. A\n"
        "variable is the default of its flag, and is over [the configuration file](configuration.md). The package has a manual\n"
        "page of the same, as `share/man/man1/kubectl-dshell.1`: `man kubectl-dshell`.\n\n"
        "`kubectl dshell version [-o json|yaml]` prints the version, and `kubectl dshell help [VERB]` is `--help` of a verb.\n"
    )
    return "\n".join([head, *sections, shared])


def _section(page: Page) -> str:
    parts = [f"## {page.title}", f"```\n{page.usage}\n```", *map(_escaped, page.about)]
    for heading, entries in page.groups.items():
        parts += [f"**{_escaped(heading)}**", _table(entries).rstrip("\n")]
    if page.takes_shared:
        parts.append(f"It also takes the [{SHARED}](#{SHARED.replace(' ', '-')}).")
    return "\n\n".join(parts) + "\n"


def _table(entries: Iterable[FlagEntry]) -> str:
    rows = ["| flag | default | variable | |", "|---|---|---|---|"]
    for one in entries:
        names = [f"`{name}`" for name in one.names[:-1]]
        names.append(_code(f"{one.names[-1]}{one.shown_value}"))
        default, variable = (f"{_code(text)} " if text else "" for text in (one.default, one.variable))
        rows.append(f"| {', '.join(names)} | {default}| {variable}| {_escaped(one.help)} |")
    return "\n".join(rows) + "\n"


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _escaped(text: str) -> str:
    """Plain text as Markdown, in a cell of a table too; what stands in backquotes is code already."""
    parts = text.split("`")
    plain = ["".join(f"\\{c}" if c in "\\*_<>[]|" else c for c in part) for part in parts[::2]]
    return "".join(x for pair in zip(plain, [_code(code) for code in parts[1::2]] + [""], strict=True) for x in pair)
