"""The scripts, as they are sent: comments and indentation are dropped."""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING

from kubectl_dshell.packaged import read_beside

if TYPE_CHECKING:
    from kubectl_dshell.domain.app_image.tools import Tools

_WIDEST_LINE = 150


@cache
def first_process() -> str:
    """What the first process of a debug container runs: a few readable lines, which stay in the pod's spec forever."""
    return _folded(_shipped("first_process.sh"))


@cache
def holder() -> str:
    """The text that the first process waits for."""
    return _shipped("processes.sh", "holder.sh") + "main\n"


@cache
def state() -> str:
    """Prints the state of the holder."""
    return _shipped("inbox.sh", "state.sh") + "report_state\n"


@cache
def tether(*, lend: bool = False) -> str:
    """Connects a session to the holder. `lend`: and tells how to run the tools of its container."""
    lends = ["lend.sh"] if lend else []
    return _shipped("inbox.sh", "deliver.sh", "target.sh", *lends, "tether.sh") + 'run_tether "$@"\n'


def borrowing(tools: Tools) -> str:
    """Precedes any of these in a container of the app's image, whose shell and tools are another image's."""
    variables = {
        "tools_root": tools.root,
        "tools_path": tools.search_path,
        "tools_shell": " ".join(tools.shell_words),
        "tools_loader": " ".join(tools.loader_words),
        "tools_applet": tools.applet if tools.links_lead_away else "",
        "no_target": "1" if tools.is_mounted else "",
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()) + _app_image()


def environment() -> str:
    """Precedes a session with --target-env."""
    return f"environment={shlex.quote(_shipped('environment.sh'))}\n"


def tracing(remedy: str, node_profile: str) -> str:
    """Precedes a session with --trace; the two are for what it prints (trace.sh)."""
    words = f"trace_remedy={shlex.quote(remedy)}\ntrace_profile={shlex.quote(node_profile)}\n"
    return words + _shipped("trace.sh")


@cache
def chrooting() -> str:
    """Precedes a session with --chroot."""
    return f"chroot_text={shlex.quote(_app_image())}\n" + _shipped("lend.sh", "chroot.sh")


@cache
def command(keep: int = 0, *, patient: bool = False) -> str:
    """Runs a command in the app's root; `keep`: for how many seconds the debug container is to stay afterwards.

    `patient`: what the command leaves running in the background goes on until its output has ended.
    """
    return (
        _task(keep, patient=patient)
        + _links()
        + _shipped("inbox.sh", "target.sh", "session.sh", "hints.sh", "command.sh")
        + 'run_command "$@"\n'
    )


@cache
def first_command(keep: int = 0, *, patient: bool = False) -> str:
    """The same in a new debug container: the text of the holder follows on stdin."""
    scripts = _shipped("inbox.sh", "deliver.sh", "target.sh", "session.sh", "hints.sh", "command.sh")
    return _task(keep, patient=patient) + _links() + scripts + 'deliver_program "$3"\nrun_command "$@"\n'


@cache
def shell() -> str:
    """Opens an interactive shell."""
    texts = {"links": "links.sh", "shell_rc": "shell_rc.sh", "completion": "completion.bash"}
    variables = "".join(f"{name}={shlex.quote(_shipped(file))}\n" for name, file in texts.items())
    parts = _shipped("inbox.sh", "target.sh", "session.sh", "hints.sh", "shell.sh")
    return parts + variables + 'open_shell "$@"\n'


@cache
def end() -> str:
    """The stdin of `sh` in any debug container, to end its processes."""
    return _shipped("processes.sh", "end.sh") + "main\n"


@cache
def names() -> str:
    """Prints the names in a directory of the app."""
    return _shipped("inbox.sh", "target.sh", "links.sh", "names.sh") + 'list_names "$@"\n'


@cache
def copy_out() -> str:
    """Reads files in the app's root."""
    return _shipped("links.sh", "resolve.sh", "copy_out.sh")


@cache
def copy_in() -> str:
    """Writes files in the app's root."""
    return _shipped("links.sh", "resolve.sh", "copy_in.sh")


def shipped(source: str) -> str:
    """`source` without comment lines, blank lines and indentation: a shell reads a stream byte by byte.

    Safe only because the scripts have no text over several lines where whitespace or a `#` would matter.
    """
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#")) + "\n"


def _app_image() -> str:
    return _shipped("environment.sh", "app_image.sh")


def _links() -> str:
    """For the script itself, and as a text for a shell that it starts."""
    return f'links={shlex.quote(_shipped("links.sh"))}\neval "$links"\n'


def _task(keep: int, *, patient: bool) -> str:
    settings = (f"keep={keep}; " if keep else "") + ("patient=1; " if patient else "")
    return f"task={shlex.quote(settings + _shipped('task.sh'))}\n"


def _shipped(*names: str) -> str:
    return shipped("".join(read_beside(__file__, name) for name in names))


def _folded(text: str) -> str:
    """Several commands per line. `text` has no here-document and no string over several lines."""
    folded = [""]
    for line in text.removeprefix(":\n").splitlines():
        joint = "" if not folded[-1] else " " if folded[-1].endswith((" do", " in", ";;", " ||")) else "; "
        if len(folded[-1]) + len(joint) + len(line) > _WIDEST_LINE:
            folded.append(line)
        else:
            folded[-1] += joint + line
    return "\n".join(folded)
