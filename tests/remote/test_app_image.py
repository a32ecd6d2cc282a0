"""A debug container of the app's image, with the shell and tools of another one: two containers of real processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kubectl_dshell.domain.access.facts import HolderState
from kubectl_dshell.domain.app_image.tools import Tools
from kubectl_dshell.domain.stream import TerminalSize
from kubectl_dshell.remote import exec_script, protocol
from tests.remote.rig import Debug, Namespace, Pod, Process, Shell, furnish_image, pod
from tests.remote.test_holder_silence import lives, tell
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
A, B = "aaaaaaaa", "bbbbbbbb"
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
Layout = str
each_layout = pytest.mark.parametrize("layout", ["busybox", "links lead away", "bash", "dash+bash"])
HASTY = ("LENDER_SECONDS=15 LENT_SECONDS=30", "LENDER_SECONDS=1 LENT_SECONDS=3")
"""Of a holder that nobody wants to wait for."""


def lends(made: Pod, layout: Layout = "busybox", *, starter: str = f"{A} 50") -> Debug:
    shell: Shell = "busybox" if layout == "links lead away" else layout  # type: ignore[assignment]
    lender = Debug(made, shell, starter=starter)
    if layout == "links lead away":
        for link in (lender.container.root / "bin").iterdir():
            if link.is_symlink():
                link.unlink()
                link.symlink_to("/bin/busybox")
    return lender


def tools_of(lender: Debug, session: str = A) -> Tools:
    """As its tether tells, which keeps it for the lease."""
    tether = lender.tether(session, lend=True)
    facts = protocol.parse_facts(tether.hear(b"\n").decode())
    tell(tether, protocol.beat(session, 50))
    tether.close_input()
    tether.ended()
    assert facts.tools
    return facts.tools._replace(lender="dshell-lends")


def borrows(made: Pod, tools: Tools, session: str = A, *, hasty: bool = False, seconds: int = 50) -> Debug:
    """A debug container of the app's image."""
    text = exec_script.holder_text(exec_script.shell_of(tools)).decode().removesuffix("\n")
    if hasty:
        assert HASTY[0] in text
        text = text.replace(*HASTY)
    borrower = Debug(made, tools=tools, starter=f"{session} {seconds}", text=text)
    (borrower.container.root / "file").write_text("the image's\n")
    return borrower


@contextmanager
def pair(
    place: Path,
    layout: Layout = "busybox",
    *,
    kind: Namespace = "own",
    env: dict[str, str] | None = None,
    hasty: bool = False,
) -> Iterator[tuple[Debug, Debug]]:
    """The lender, and the one that borrows."""
    with pod(place, kind, env=env) as made:
        lender = lends(made, layout)
        yield lender, borrows(made, tools_of(lender), hasty=hasty)


def inner_pid(debug: Debug) -> int:
    """Of its first process, as it sees itself."""
    status = Path(f"/proc/{debug.container.pids()[0]}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1])


def start_of(debug: Debug) -> int:
    return int(debug.container.states()[0][4])


@each_layout
@pytest.mark.parametrize("kind", ["own", "shared", "host"])
def test_what_a_lender_tells_starts_its_shell_in_another_container(
    place: Path, layout: Layout, kind: Namespace
) -> None:
    with pod(place, kind) as made:
        lender = lends(made, layout)
        tools = tools_of(lender)
        assert (tools.holder, tools.started) == (inner_pid(lender), start_of(lender))
        assert tools.links_lead_away is (layout == "links lead away")
        assert bool(tools.loader) is ("bash" in layout)

        other = made.container("other")
        furnish_image(other)
        started = other.start([*tools.shell_words, "-c", "read -t 9 word && echo $word $(pwd)"])
        started.say(b"started\n")

        assert started.ended() == 0
        assert started.printed() == b"started /\n"


def test_an_image_without_a_fit_shell_tells_of_none(place: Path) -> None:
    with pod(place) as made:
        lender = Debug(made, "dash+bash")
        (lender.container.root / "bin/bash").unlink()

        facts = protocol.parse_facts(lender.tether(A, lend=True).hear(b"\n").decode())

        assert facts.tools is None
        assert facts.holder_alive


def test_an_image_with_more_folders_than_a_line_holds_tells_of_none(place: Path) -> None:
    folders = [f"/tmp/{number:0200}" for number in range(20)]
    with pod(place) as made:
        lender = Debug(made, env={"PATH": ":".join(["/bin", *folders])})
        for folder in folders:
            (lender.container.root / folder.lstrip("/")).mkdir()

        facts = protocol.parse_facts(lender.tether(A, lend=True).hear(b"\n").decode())

        assert facts.tools is None
        assert facts.holder_alive


def test_nothing_is_told_to_who_does_not_ask(place: Path) -> None:
    with pod(place) as made:
        assert b"lends" not in Debug(made).tether(A).hear(b"\n")


@each_layout
@pytest.mark.parametrize("kind", ["own", "shared", "host"])
def test_a_command_runs_in_the_image_with_the_app_beside_it(place: Path, layout: Layout, kind: Namespace) -> None:
    with pair(place, layout, kind=kind) as (_, borrower):
        command = borrower.run_without_stdin(A, "sh", "-c", 'cat file "$DSHELL_ROOT/file"')

        assert command.ended() == 0
        assert command.printed() == b"the image's\nthe app's\n"


@each_layout
def test_a_command_reads_its_stdin(place: Path, layout: Layout) -> None:
    with pair(place, layout) as (_, borrower):
        command = borrower.run(A, "cat")
        command.say(b"through\n")
        command.close_input()

        assert command.ended() == 0
        assert command.printed() == b"through\n"


@each_layout
def test_a_command_on_a_terminal(place: Path, layout: Layout) -> None:
    with pair(place, layout) as (_, borrower):
        size = TerminalSize(30, 100)
        exec_ = exec_script.terminal_exec(borrower.target.id, A, ["stty", "size"], size, shell=borrower.reader)

        assert b"30 100\r\n" in borrower.exec(exec_).shown()


@each_layout
def test_a_shell_stands_in_the_image_and_has_the_tools(place: Path, layout: Layout) -> None:
    with pair(place, layout) as (_, borrower):
        inside = borrower.shell(A)
        inside.hear(b"pod/app image:/ $ ")
        for typed, shown in [
            (b"cat file", b"\nthe image's\r\n"),
            (b"cat $DSHELL_ROOT/file | cat", b"\nthe app's\r\n"),
            (b"stty size", b"\n24 80\r\n"),
            (b"cd tmp", b"pod/app image:/tmp $ "),
            (b"cd $DSHELL_ROOT", b"pod/app:/ $ "),
            (b"cd; pwd", b"\n/\r\n"),
            (b"/busybox echo of the image", b"\nof the image\r\n"),
        ]:
            inside.say(typed + b"\n")
            inside.hear(shown)
        inside.say(b"exit 3\n")

        assert inside.ended() == 3


@each_layout
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 42"), 42),
        (("sh", "-c", "exit $#", "sh", "a b", ""), 2),
        (("/busybox", "sh", "-c", "exit 7"), 7),
        (("nosuch",), 127),
        (("-nosuch",), 127),
        (("./file",), 126),
        (("sh", "-c", "kill -KILL $$"), 137),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_the_exit_code_of_a_command_is_its_own(place: Path, layout: Layout, words: tuple[str, ...], code: int) -> None:
    with pair(place, layout) as (_, borrower):
        assert borrower.run_without_stdin(A, *words).ended() == code


@each_layout
def test_the_words_of_a_command_arrive_byte_for_byte(place: Path, layout: Layout) -> None:
    words = ["a b", "", "-n", "*", "$HOME", "`true`", "q\"'\\", "new\nline\n", "tab\t", "ü€", "x" * 60000]
    with pair(place, layout) as (_, borrower):
        command = borrower.run_without_stdin(A, "/busybox", "cat", "/proc/self/cmdline", "--", "/dev/null", *words)

        shown = command.hear("\0".join(words).encode() + b"\0")

        assert shown.split(b"\0")[5:-1] == [word.encode() for word in words]


@each_layout
def test_a_script_on_stdin_has_the_tools(place: Path, layout: Layout) -> None:
    with pair(place, layout) as (_, borrower):
        command = borrower.run(A, "sh")
        command.say(b"cat file | cat; ls / >/dev/null && exit 3\n")
        command.close_input()

        assert command.ended() == 3
        assert command.printed() == b"the image's\n"


OF_THE_APP = {
    "GREETING": "hello  world",
    "TWO_LINES": "one\ntwo\n\nfour",
    "ODD": "$(echo >/tmp/ran) `echo >/tmp/ran` ' \" \\ * ; exit 9",
    "EMPTY": "",
    "LOG": "/of/the/app",
    "LEASE": "1",
    "LENDER_SECONDS": "0",
    "HOME": "/tmp",
    "ENV": "/tmp/rc",
    "log": "/tmp/log",
    "code": "9",
    "keep": "99",
    "patient": "1",
    "holder": "1",
    "session": "x",
    "name": "x",
    "folder": "/x",
    "task": "exit 9",
    "shell": "/x",
    "mode": "x",
    "location": "/tmp",
    "before": "/tmp",
}
"""Variables that a session has as the app has them."""
OURS = {
    "tools_shell": "/x",
    "tools_loader": "/x",
    "tools_applet": "/x",
    "tools_root": "/x",
    "app_image": "exit 9",
    "tool": "/x",
    "image_directory": "/tmp",
    "elsewhere": "/tmp",
    "dshell_before": "exit 9",
    "dshell_program": "x",
    "IFS": "/aeiou",
    "PS1": "$(echo >/tmp/ran)",
    "PS4": "$(echo >/tmp/ran)",
    "PROMPT_COMMAND": "echo >/tmp/ran",
    "BASH_ENV": "/tmp/rc",
    "SHELLOPTS": "xtrace",
    "BASH_FUNC_cat%%": "() { echo >/tmp/ran; }",
    "DSHELL_SESSION": "x",
    "DSHELL_ROOT": "/x",
    "DSHELL_TOOLS": "x",
    "PWD": "/x",
    "OLDPWD": "/x",
    "TERM": "x",
    "UID": "0",
    "PPID": "1",
    "a b": "x",
    "1": "x",
}
"""Variables that would take over our scripts, or that a shell does not let go."""


@contextmanager
def hostile_pair(place: Path, layout: Layout) -> Iterator[tuple[Debug, Debug]]:
    """With an app that has all of these variables."""
    with pair(place, layout, env={"PATH": "/of/app:/app", **OF_THE_APP, **OURS}) as (lender, borrower):
        for container in (borrower.container, borrower.target):
            rc = container.root / "tmp/rc"
            rc.write_text("echo >/tmp/ran\n")
        yield lender, borrower
        assert not (borrower.container.root / "tmp/ran").exists()
        assert not (borrower.target.root / "tmp/ran").exists()


def variables(environ: bytes) -> dict[str, str]:
    """As in /proc/PID/environ."""
    return dict(entry.decode().partition("=")[::2] for entry in environ.split(b"\0") if entry)


@each_layout
@pytest.mark.parametrize("stdin", [False, True], ids=["run", "pipe"])
def test_a_command_has_the_app_s_variables_and_none_that_is_ours(place: Path, layout: Layout, *, stdin: bool) -> None:
    with hostile_pair(place, layout) as (_, borrower):
        command = (borrower.run if stdin else borrower.run_without_stdin)(A, "/busybox", "cat", "/proc/self/environ")
        if stdin:
            command.close_input()
        assert command.ended() == 0
        seen = variables(command.printed())

        assert {name: seen.get(name) for name in OF_THE_APP} == OF_THE_APP
        assert not {name for name, value in OURS.items() if seen.get(name) == value}
        assert {name for name in seen if name.startswith(("DSHELL", "dshell", "tools", "app_image"))} == {
            "DSHELL_PID",
            "DSHELL_ROOT",
            "DSHELL_SESSION",
        }
        assert seen["PATH"].startswith("/of/app:/app:/proc/")


@each_layout
def test_such_variables_change_no_command(place: Path, layout: Layout) -> None:
    with hostile_pair(place, layout) as (_, borrower):
        tell_first(borrower.tether(A), protocol.beat(A, 50))
        for session, words, code, printed in [
            ("b", ("cat", "file"), 0, b"the image's\n"),
            ("c", ("sh", "-c", 'cat file; echo "$LOG"; exit 4'), 4, b"the image's\n/of/the/app\n"),
            ("d", ("nosuch",), 127, None),
        ]:
            command = borrower.run_without_stdin(session * 8, *words)
            assert command.ended() == code
            assert printed is None or command.printed() == printed


@each_layout
def test_such_variables_do_not_take_over_a_shell(place: Path, layout: Layout) -> None:
    with hostile_pair(place, layout) as (_, borrower):
        inside = borrower.shell(A)
        inside.hear(b"pod/app image:/ $ ")
        for typed, shown in [
            (b'echo "<$LOG,$LEASE,$TWO_LINES>"', b"</of/the/app,1,one\r\ntwo\r\n\r\nfour>\r\n"),
            (b"cat file | cat", b"\nthe image's\r\n"),
            (b"cd tmp", b"pod/app image:/tmp $ "),
            (b"cd; pwd", b"\n/\r\n"),
        ]:
            inside.say(typed + b"\n")
            inside.hear(shown)
        inside.say(b"exit 3\n")

        assert inside.ended() == 3


@each_layout
def test_one_goodbye_ends_both(place: Path, layout: Layout) -> None:
    with pair(place, layout) as (lender, borrower):
        assert borrower.run_without_stdin(A, "true").ended() == 0

        for debug in (borrower, lender):
            assert debug.holder.ended() == 0
            assert debug.message() == "ended by its last session"
            assert debug.holder.printed() == b""
        assert borrower.pod.zombies() == []
        assert borrower.pod.app.pids() == [borrower.pod.app_pid]


@each_layout
def test_by_a_tether_too_and_the_processes_of_the_session_end(place: Path, layout: Layout) -> None:
    with pair(place, layout) as (lender, borrower):
        tether = borrower.tether(A)
        tell_first(tether, protocol.beat(A, 50))
        borrower.run(A, "/sleep", "1000")
        wait_until(lambda: borrower.runs("/sleep", "1000"), 10)

        tell(tether, protocol.bye(A))

        for debug in (borrower, lender):
            assert debug.holder.ended() == 0
            assert debug.message() == "ended by its last session"
        assert borrower.pod.zombies() == []


def tell_first(tether: Process, *words: bytes) -> None:
    tether.hear(b"\n")
    tell(tether, *words)


@each_layout
def test_another_session_keeps_the_lender_alone(place: Path, layout: Layout) -> None:
    with pair(place, layout) as (lender, borrower):
        tell_first(lender.tether(B), protocol.beat(B, 50))

        assert borrower.run_without_stdin(A, "true").ended() == 0

        assert borrower.holder.ended() == 0
        assert lives(lender, 1)


def clients(debug: Debug) -> int:
    _, report = debug.state()
    return report.clients if report else 0


@each_layout
def test_the_lender_of_one_that_was_killed_ends_within_its_lease(place: Path, layout: Layout) -> None:
    with pair(place, layout, hasty=True) as (lender, borrower):
        tell_first(borrower.tether(A), protocol.beat(A, 2))
        wait_until(lambda: clients(borrower) == 1, 10)  # and then the lender has been told for how long

        os.kill(borrower.container.pids()[0], signal.SIGKILL)

        assert borrower.holder.ended() == 137
        assert lender.holder.ended(30) == 0
        assert lender.message().startswith("ended after ")
        assert lender.message().endswith(" s without a client")
        assert borrower.pod.zombies() == []


@each_layout
def test_one_whose_lender_was_killed_ends_with_it(place: Path, layout: Layout) -> None:
    with pair(place, layout, hasty=True) as (lender, borrower):
        tell_first(borrower.tether(A), protocol.beat(A, 50))
        borrower.run(A, "/sleep", "1000")
        wait_until(lambda: borrower.runs("/sleep", "1000"), 10)

        os.kill(lender.container.pids()[0], signal.SIGKILL)

        assert lender.holder.ended() == 137
        assert borrower.holder.ended(30) == 0
        assert borrower.message() == "ended with its tools"
        wait_until(lambda: borrower.container.pids() == [], 10)
        assert borrower.pod.zombies() == []


@each_layout
def test_one_that_was_told_to_end_takes_the_other_with_it(place: Path, layout: Layout) -> None:
    with pair(place, layout, hasty=True) as (lender, borrower):
        tell_first(borrower.tether(A), protocol.beat(A, 50))

        tell_first(lender.tether(B), protocol.END)

        assert lender.holder.ended() == 0
        assert borrower.holder.ended(30) == 0
        assert borrower.message() == "ended with its tools"


def test_another_process_by_the_number_of_the_lender_s_is_never_written_to(place: Path) -> None:
    with pod(place) as made:
        lender = lends(made, starter="- 50")
        tools = tools_of(lender, B)
        before = lender.message()

        other = Debug(made, tools=tools._replace(started=tools.started + 1), starter=f"{A} 50")

        assert other.holder.ended() == 0
        assert other.message() == "ended with its tools"
        assert lender.message() == before
        assert lives(lender, 1)


class Inbox:
    """A lender that reads nothing: what is written to it is seen here."""

    def __init__(self, made: Pod) -> None:
        self.lender = lends(made)
        self.tools = tools_of(self.lender)
        self.pid = self.lender.container.pids()[0]
        os.kill(self.pid, signal.SIGSTOP)
        self.pipe = os.open(f"/proc/{self.pid}/fd/3", os.O_RDONLY | os.O_NONBLOCK)

    def read(self) -> list[list[str]]:
        """The words of the messages that have come since."""
        try:
            return [line.split() for line in os.read(self.pipe, 65536).decode().splitlines()]
        except BlockingIOError:
            return []

    def next(self) -> list[str]:
        """Those of the last one of those that come next."""
        return wait_until(self.read, 30)[-1]

    def close(self) -> None:
        os.close(self.pipe)
        os.kill(self.pid, signal.SIGCONT)


@contextmanager
def watched(place: Path, *, seconds: int = 50) -> Iterator[tuple[Inbox, Debug]]:
    with pod(place) as made:
        inbox = Inbox(made)
        try:
            yield inbox, borrows(made, inbox.tools, hasty=True, seconds=seconds)
        finally:
            inbox.close()


def test_a_lender_is_to_stay_a_while_longer_than_who_borrows(place: Path) -> None:
    with watched(place, seconds=20) as (inbox, borrower):
        word, session, seconds = inbox.next()
        assert (word, session) == ("beat", A)
        assert int(seconds) <= 20 + 3
        tell_first(tether := borrower.tether(A), protocol.beat(A, 50))
        inbox.read()

        word, session, seconds = inbox.next()
        assert (word, session) == ("beat", A)
        assert 3 < int(seconds) <= 50 + 3

        inbox.read()
        tell(tether, protocol.bye(A))
        assert borrower.holder.ended() == 0
        *beats, last = inbox.read()
        assert last == ["bye", A]
        assert all(int(words[2]) <= 50 + 3 for words in beats), "without a session it may be killed, too"


def test_how_long_one_is_kept_reaches_its_lender(place: Path) -> None:
    with watched(place) as (inbox, borrower):
        tell_first(borrower.tether(A), protocol.beat(A, 50), protocol.keep(600), protocol.bye(A))

        said = wait_until(lambda: [words for words in inbox.read() if int(words[2]) > 500], 30)[-1]

        assert said[:2] == ["beat", A]
        assert int(said[2]) <= 600 + 3
        assert borrower.state()[0] is HolderState.LISTENS


@each_layout
def test_waiting_takes_no_process(place: Path, layout: Layout) -> None:
    with pair(place, layout, hasty=True) as (lender, borrower):
        holder = borrower.container.pids()[0]
        lender_s = lender.container.pids()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            assert borrower.container.pids() == [holder]
            time.sleep(0.01)

        assert lender.container.pids() == lender_s[:1]
        assert borrower.pod.zombies() == []


@each_layout
def test_its_state_can_be_asked_for_and_its_end_forced(place: Path, layout: Layout) -> None:
    with pair(place, layout) as (_, borrower):
        tell_first(borrower.tether(A), protocol.beat(A, 50))
        wait_until(lambda: borrower.message().split()[1] == "1", 10)

        state, report = borrower.state()
        assert state is HolderState.LISTENS
        assert report
        assert report.clients == 1

        ending = borrower.exec(exec_script.end_exec(borrower.reader))
        ending.close_input()
        borrower.holder.ended()
        wait_until(lambda: borrower.container.pids() == [], 10)
        assert borrower.pod.app.pids() == [borrower.pod.app_pid]
        assert borrower.pod.zombies() == []


@each_layout
def test_a_tether_brings_the_text_with_its_prelude(place: Path, layout: Layout) -> None:
    with pod(place) as made:
        lender = lends(made, layout)
        borrower = Debug(made, tools=tools_of(lender), starter=f"{A} 20", waits=True)

        tether = borrower.tether(A, first=True)
        tell_first(tether, protocol.beat(A, 50))

        wait_until(lambda: (report := borrower.state()[1]) is not None and report.clients == 1, 10, borrower.message)


@each_layout
def test_nobody_comes(place: Path, layout: Layout) -> None:
    with pod(place) as made:
        lender = lends(made, layout)
        borrower = Debug(made, tools=tools_of(lender), starter=f"{A} 1", waits=True)

        assert borrower.holder.ended(30) == 0
        assert borrower.message() == "ended after 1 s without its first client"
        assert made.zombies() == []
