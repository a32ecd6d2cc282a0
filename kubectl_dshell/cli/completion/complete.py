"""`kubectl-dshell __complete WORD...`: a line for each candidate, and a last one with a directive, as cobra does.

Silent whatever happens, and never for long: a person is typing.
"""

from __future__ import annotations

import os
import threading
from enum import IntFlag
from typing import TYPE_CHECKING

import click

from kubectl_dshell.cli.completion.line import read_line
from kubectl_dshell.cli.completion.wanted import NOTHING, Candidate, Source, Wanted, wanted
from kubectl_dshell.cli.completion.words import is_offered, unquoted
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.errors import DshellError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubectl_dshell.cli.completion.line import Line

MOST_SECONDS = 2.0
SHELL = "DSHELL_COMPLETE_SHELL"
"""Set by the scripts of this program: the shell, which will quote the candidates (kubectl's may not)."""


class Directive(IntFlag):
    """What the shell is to do with the candidates (cobra's ShellCompDirective)."""

    NO_SPACE = 2
    NO_FILES = 4
    FOLDERS = 16
    KEEP_ORDER = 32


def complete(words: Sequence[str]) -> int:
    """Print what may take the place of the last of `words`; the exit code is always 0."""
    shell = os.environ.get(SHELL, "")
    _leave_the_terminal_alone()
    watchdog = threading.Timer(MOST_SECONDS, _give_up)
    watchdog.daemon = True
    watchdog.start()
    try:
        want, found = _found([unquoted(word) for word in words] if shell == "bash" else words)
    except (DshellError, click.ClickException, ValueError, OSError):
        want, found = NOTHING, []
    watchdog.cancel()
    offered = [one for one in found if is_offered(one.word, quoted=bool(shell))]
    write_data(_text(offered, _directive(want, offered)))
    return 0


def _found(words: Sequence[str]) -> tuple[Wanted, list[Candidate]]:
    from kubectl_dshell.cli.completion.lookup import look_up
    from kubectl_dshell.cli.dispatch import VERBS
    from kubectl_dshell.cli.help import verbs
    from kubectl_dshell.cli.verbs.open import open_command

    line = read_line(words, VERBS, open_command)
    if line is None:
        return NOTHING, []
    want = wanted(line, verbs())
    return want, candidates(want, _looked_up(look_up, want, line))


def _looked_up(look_up: object, want: Wanted, line: Line) -> list[Candidate]:
    """Without the cluster the program's own words are still offered."""
    try:
        return look_up(want, line) if callable(look_up) else []
    except (DshellError, click.ClickException, OSError):
        return []


def candidates(want: Wanted, found: Iterable[Candidate]) -> list[Candidate]:
    """Those of `found` that go on as the word begins, completed to words, and the program's own."""
    begun = (one for one in found if one.word.startswith(want.typed))
    return [*(Candidate(f"{want.before}{one.word}{want.after}", one.about) for one in begun), *want.words]


def _directive(want: Wanted, offered: Sequence[Candidate]) -> Directive:
    found = Directive.KEEP_ORDER if want.source in (Source.PODS, Source.DEBUG_CONTAINERS) else Directive(0)
    if want.source is Source.FOLDERS:
        found |= Directive.FOLDERS
    elif not want.files:
        found |= Directive.NO_FILES
    if offered and all(one.word.endswith(("/", ":", "=")) for one in offered):
        found |= Directive.NO_SPACE
    return found


def _text(offered: Iterable[Candidate], directive: Directive) -> str:
    lines = [f"{word}\t{about}" if about and is_offered(about, quoted=True) else word for word, about in offered]
    return "\n".join([*lines, f":{int(directive)}\n"])


def _leave_the_terminal_alone() -> None:
    """Nobody is asked for anything, and nothing is written between what is being typed."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 2)


def _give_up() -> None:
    write_data(f":{int(Directive.NO_FILES)}\n")
    os._exit(0)
