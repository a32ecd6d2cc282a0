"""What an exec is started with: its argv, and the script that it reads from stdin."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_plus

from kubectl_dshell.remote import script
from kubectl_dshell.remote.protocol import checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kubectl_dshell.domain.app_image.tools import Tools
    from kubectl_dshell.domain.stream import TerminalSize

MARK = b"\x1e"
"""What a script prints when the command begins. On a terminal it is also the first thing that it prints: only the echo
of its own text precedes it, and has no such byte."""
OWN_SHELL = b"\x1d"
"""What a shell's script prints before the second MARK if the app's image has a shell of its own."""

_FIRST = ("sh", "-c", 'read -t 0 </dev/null 2>&0; [ $? = 2 ] && exec bash -c "$0"; eval "$0"')
# Reads a script from stdin, up to an empty line. A shell reads a pipe or terminal byte by byte, so it leaves the rest.
_READ_SCRIPT = """dshell=
while IFS= read -r line; do [ "$line" ] || { eval "$dshell"; exit; }; dshell=$dshell$line"
"; done"""
_UNSET = "unset app_image app_volumes chroot_text environment no_target tools_shell trace_remedy\n"
"""The image, or --env, may have variables of these names, by which the scripts know what came before them."""
_NO_TARGET = "no_target=1\n"
_NO_SESSION = "complete"
"""In the place of an ID, for what is no session."""
_LONGEST_ARGUMENTS = 2500
"""Bytes in the request line, which proxies limit to 8 kB. With _READ_SCRIPT, the names of namespace, pod and container,
and the rest of the URL, the line stays below 4 kB."""
_PIECES = re.compile(r"([^\x00-\x1f\x7f]{1,500})|(\n)|([\x00-\x1f\x7f])")


@dataclass(frozen=True, slots=True)
class ExecScript:
    """What to exec, and the bytes to send to its stdin at once: the script that it reads, and what that reads first."""

    argv: tuple[str, ...]
    text: bytes
    tty: bool = False
    """On a terminal the output begins after the first MARK."""
    is_command: bool = False
    """On a terminal: it is not a shell, which displays again what was typed before it started."""


class Shell(NamedTuple):
    """Who reads the scripts: the words that start it, and what it runs before each script."""

    words: tuple[str, ...] = ("sh",)
    prelude: str = ""
    """For the shells that the scripts start, too."""
    chroot: bool = False
    """What is run has the app's root directory as its own."""
    target_env: bool = False
    """What is run has the app's variables."""
    trace: str = ""
    """Precedes the scripts of a session that is to say whether debuggers can attach (script.tracing)."""
    places: tuple[str, ...] = ()
    """Where the app's volumes are, if that is all there is of the app: what is run starts in the first of them."""


OWN = Shell()
"""That of the debug image."""


def shell_of(
    tools: Tools | None,
    *,
    chroot: bool = False,
    target_env: bool = False,
    trace: str = "",
    places: tuple[str, ...] = (),
) -> Shell:
    """The one that a debug container borrows, if it is of the app's image: what it runs has the app's variables."""
    if tools:
        return Shell(tools.shell_words, script.borrowing(tools))
    return Shell(chroot=chroot, target_env=target_env, trace=trace, places=places)


def first_command(shell: Shell = OWN) -> list[str]:
    """The command of a debug container's first process."""
    return [*((*shell.words, "-c") if shell.prelude else _FIRST), script.first_process()]


def shell_exec(
    target_id: str, session_id: str, name: str, size: TerminalSize | None = None, *, shell: Shell = OWN
) -> ExecScript:
    """An interactive shell in the target's root; `name` is for its prompt.

    `target_id` is the containerID of the target's status, with or without the runtime's "containerd://".
    """
    return _interactive("shell", target_id, session_id, name, size, shell)


def outside_exec(target_id: str, session_id: str, name: str, size: TerminalSize | None = None) -> ExecScript:
    """An interactive shell in the debug image, for a target whose root cannot be entered."""
    return _interactive("outside", target_id, session_id, name, size, OWN)


def command_exec(  # noqa: PLR0913  # what a command is run with
    target_id: str,
    session_id: str,
    command: Sequence[str],
    *,
    stdin: bool = False,
    first: bool = False,
    keep: int = 0,
    patient: bool = False,
    shell: Shell = OWN,
) -> ExecScript:
    """A command in the target's root, without a terminal; its arguments are passed unchanged.

    It sends its own goodbye: `protocol.has_said_goodbye`. `first`: into a new debug container, with the text of the
    holder. `keep`: for how many seconds the debug container is to stay after the last session.
    `patient`: it sends none as long as something that it has started still runs.
    """
    text = (script.first_command if first else script.command)(keep, patient=patient)
    exec_ = _exec(text, "pipe" if stdin else "run", target_id, session_id, command, shell=shell)
    return _followed(exec_, holder_text(shell)) if first else exec_


def terminal_exec(
    target_id: str, session_id: str, command: Sequence[str], size: TerminalSize | None, *, shell: Shell = OWN
) -> ExecScript:
    """The same on a terminal of `size`."""
    arguments = [*_size(size), *command]
    made = _exec(script.command(), "terminal", target_id, session_id, arguments, tty=True, shell=shell)
    return replace(made, is_command=True)


def tether_exec(
    target_id: str, session_id: str, *, first: bool = False, lend: bool = False, shell: Shell = OWN
) -> ExecScript:
    """The connection to the holder: sends the facts, then echoes each message.

    `first`: into a new debug container, whose first process waits for the text of the holder.
    `lend`: the facts tell how to run the tools of this debug container from another one.
    """
    text = script.tether(lend=lend)
    tether = _exec(text, "tether", target_id, session_id, ["lend"] if lend else [], shell=shell)
    return _followed(tether, program(shell)) if first else tether


def program(shell: Shell = OWN) -> bytes:
    """The text of the holder, sent through a tether to a first process that has none yet (Facts.holder_waits)."""
    return b"program\n" + holder_text(shell)


def holder_text(shell: Shell = OWN) -> bytes:
    """The text of the holder, and the empty line at its end."""
    return f"{_NO_TARGET * bool(shell.places)}{shell.prelude}{script.holder()}\n".encode()


def state_exec(shell: Shell = OWN) -> ExecScript:
    """Queries the state without a message to the holder; ends at once."""
    return ExecScript((*shell.words, "-c", _READ_SCRIPT, "dshell", "state"), _text(shell.prelude + script.state()))


def names_exec(target_id: str, folder: str, beginning: str) -> ExecScript:
    """Prints the names in a directory of the target with this beginning, and a NUL after each; changes nothing."""
    return _exec(script.names(), "names", target_id, _NO_SESSION, [folder, beginning])


def end_exec(shell: Shell = OWN) -> ExecScript:
    """Ends the processes of any debug container by signals."""
    return ExecScript(shell.words, (shell.prelude + script.end()).encode())


def _interactive(
    mode: str, target_id: str, session_id: str, name: str, size: TerminalSize | None, shell: Shell
) -> ExecScript:
    return _exec(script.shell(), mode, target_id, session_id, [name, *_size(size)], tty=True, shell=shell)


def _size(size: TerminalSize | None) -> tuple[str, str]:
    return (str(size.rows), str(size.columns)) if size else ("", "")


def _exec(
    text: str,
    mode: str,
    target_id: str,
    session_id: str,
    arguments: Sequence[str] = (),
    *,
    tty: bool = False,
    shell: Shell = OWN,
) -> ExecScript:
    """The arguments are in the argv, where an audit log shows them, unless the request line would get too long."""
    text = _UNSET + _before(shell) + text
    argv = (*shell.words, "-c", _READ_SCRIPT, "dshell", mode, target_id.rpartition("/")[2], checked(session_id))
    if (
        sum(len(quote_plus(word, errors="surrogateescape")) + len("&command=") for word in arguments)
        <= _LONGEST_ARGUMENTS
    ):
        return ExecScript((*argv, *arguments), _text(text, tty=tty), tty)
    words = " \\\n".join("\\\n".join(_quoted(word)) for word in arguments)
    return ExecScript(argv, _text(f'n="\n"\nset -- "$@" {words}\n{text}', tty=tty), tty)


def _before(shell: Shell) -> str:
    if shell.prelude:
        return f'app_image={shlex.quote(shell.prelude)}\neval "$app_image"\n'
    if shell.places:
        return f"{_NO_TARGET}app_volumes={shlex.quote(':'.join(shell.places))}\n"
    within = script.chrooting() if shell.chroot else script.environment() if shell.target_env else ""
    return shell.trace + within


def _text(text: str, *, tty: bool = False) -> bytes:
    """The script, and the empty line that ends it; it contains no other."""
    mark = f"printf '\\{MARK[0]:03o}'\n" if tty else ""
    return f"{mark}{text}\n".encode(errors="surrogateescape")


def _quoted(word: str) -> Iterator[str]:
    """`word` as pieces for a shell, without control characters, which a terminal would not pass on."""
    if not word:
        yield "''"
    for printable, line_break, control in _PIECES.findall(word):
        if printable:
            yield "'" + printable.replace("'", "'\\''") + "'"
        else:
            yield '"$n"' if line_break else f"\"$(printf '\\{ord(control):03o}')\""


def _followed(exec_: ExecScript, text: bytes) -> ExecScript:
    return replace(exec_, text=exec_.text + text)
