"""The manual page kubectl-dshell(1), from the same data as docs/reference.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hack.docs.reference import FlagEntry, Page, pages, shared_flags
from kubectl_dshell.cli.clock import MOST_PATIENT
from kubectl_dshell.cli.help import HELP
from kubectl_dshell.cli.settings import _OTHER_SPELLING, _VARIABLES
from kubectl_dshell.errors import EXIT_STATUS_MEANING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECIAL = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq"}
"""What roff would set as something else than what is to be typed (groff_man_style(7), "Portability")."""
_FILES = (
    ("~/.config/kubectl-dshell/config.toml", "Your defaults, or in $XDG_CONFIG_HOME/kubectl-dshell."),
    (
        "~/.local/state/kubectl-dshell/key",
        "By which debug containers of yours are known, or in $XDG_STATE_HOME/kubectl-dshell. Keep it to yourself.",
    ),
)

_OTHER_VARIABLES = {
    "DSHELL_PATIENCE": f"How many times slower than usual the nodes are: a number from 1 to {MOST_PATIENT}.",
    "DSHELL_DEBUG": "Anything: a bug is reported with its traceback.",
    "NO_COLOR": "Anything: no colours, unless colour in config.toml is always.",
    "FORCE_COLOR": "Anything but 0: colours in pipes and files, too, unless NO_COLOR is set or colour is never.",
    "KUBECONFIG": "As for kubectl.",
}


def manual() -> str:
    """docs/kubectl-dshell.1."""
    listed = pages()
    about = listed[0].about[0]
    lines = [
        '.\\" Written by "make reference"; a test compares it with the definitions of the flags.',
        '.TH KUBECTL\\-DSHELL 1 "" "kubectl dshell" "User Commands"',
        *(".SH NAME", f"kubectl\\-dshell \\- {roff(about[0].lower() + about[1:].rstrip('.'))}"),
        ".SH SYNOPSIS",
        *[line for page in listed for line in (f".B {roff(page.usage)}", ".br")][:-1],
        ".SH DESCRIPTION",
        *_examples(),
        ".SH COMMANDS",
        *(line for page in listed for line in _section(page)),
        ".SH KUBECTL FLAGS",
        roff("With kubectl's meaning, for every command that names them above."),
        *_flags(shared_flags()),
        ".SH EXIT STATUS",
        roff("That of COMMAND, or one of these:"),
        *(line for code, text in EXIT_STATUS_MEANING.items() for line in _tagged(str(int(code)), text)),
        ".SH ENVIRONMENT",
        *(line for name, text in _variables(listed).items() for line in _tagged(name, text)),
        ".SH FILES",
        *(line for file, text in _FILES for line in _tagged(file, text)),
        ".SH SEE ALSO",
        ".BR kubectl (1)",
    ]
    return "\n".join(lines) + "\n"


def roff(text: str) -> str:
    """Text as it stands, on one line; also at its start, where a full stop would begin a request."""
    escaped = "".join(_SPECIAL.get(character, character) for character in text)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


def _examples() -> list[str]:
    listed = HELP.partition("[-- COMMAND ARG...]\n\n")[2].partition("\n\n")[0].splitlines()
    lines = []
    for comment, command in zip(listed[::2], listed[1::2], strict=True):
        lines += [".PP", roff(comment.strip().removeprefix("# ") + ":"), ".PP", ".RS 4", ".nf", roff(command.strip())]
        lines += [".fi", ".RE"]
    return lines


def _section(page: Page) -> list[str]:
    lines = [f".SS {roff(page.title)}"]
    for paragraph in page.about:
        lines += [roff(paragraph.replace("`", "")), ".PP"]
    for heading, entries in page.groups.items():
        lines += [f".I {roff(heading)}", *_flags(entries), ".PP"]
    return [*lines, roff("It also takes the kubectl flags.")] if page.takes_shared else lines[:-1]


def _flags(entries: Iterable[FlagEntry]) -> list[str]:
    lines = []
    for one in entries:
        told = [one.help]
        told += [f"Default: {one.default}."] if one.default else []
        told += [f"Variable: {one.variable}."] if one.variable else []
        lines += _tagged(", ".join(one.names) + one.shown_value, " ".join(told))
    return lines


def _tagged(tag: str, text: str) -> list[str]:
    return [".TP", f".B {roff(tag)}", roff(text)]


def _variables(listed: Iterable[Page]) -> dict[str, str]:
    entries = [entry for page in listed for group in page.groups.values() for entry in group]
    flags = {entry.variable: f"The default of {entry.names[-1]}." for entry in entries if entry.variable}
    settings = {
        ", ".join(filter(None, (variable, _OTHER_SPELLING.get(variable)))): f"As {name} in config.toml."
        for name, variable in _VARIABLES.items()
    }
    return flags | settings | _OTHER_VARIABLES
