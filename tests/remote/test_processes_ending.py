"""However a session ends, its work ends with it, without a side effect, a zombie or a scratch on the app."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kubectl_dshell.remote import protocol
from tests.remote.rig import Debug, Namespace, Pod, Shell, attempts, pod
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
A, B = "aaaaaaaa", "bbbbbbbb"
AFTER = "touch /tmp/after"


def typed(text: str) -> tuple[str, ...]:
    return ("type", text)


def command(text: str) -> tuple[str, ...]:
    return ("run", "sh", "-c", text)


WORK = {
    "a shell at its prompt": (typed(""), 0),
    "a command in the foreground": (typed("sleep 100"), 1),
    "a background job too": (typed("sleep 100 & sleep 101"), 2),
    "background jobs at the prompt": (typed("sleep 100 & sleep 101 &"), 2),
    "a stopped job": (typed("sh -c 'kill -STOP $$; sleep 1' & sleep 101"), 1),
    "commands typed ahead": (typed(f"sleep 100\n{AFTER}\n{AFTER}"), 1),
    "a script from the prompt": (typed(f"sh -c 'sleep 100; {AFTER}'"), 1),
    "a script": (command(f"sleep 100; {AFTER}"), 1),
    "a script in a script": (command(f"sh -c 'sleep 100; {AFTER}'; {AFTER}"), 1),
    "a script that reads": (command(f"cat; {AFTER}"), 1),
    "a script that waits": (command(f"sleep 100 & wait; {AFTER}"), 1),
    "a pipeline": (command(f"sleep 100 | sleep 101; {AFTER}"), 2),
    "a program alone": (("run", "sleep", "100"), 1),
}
# At SIGINT bash leaves its `wait` without reaping. Any other way lets it go on with its script, which is worse.
ZOMBIES = {("a script that waits", "bash"): 1}


def begin(debug: Debug, session: str, work: tuple[str, ...], commands: int) -> None:
    """Start the work, and wait until so many more of sleep and cat run."""
    kind, *words = work
    before = waiting(debug)
    if kind == "run":
        debug.run(session, *words)
    else:
        shell = debug.shell(session)
        shell.hear(b"$ ")
        shell.say(words[0].encode() + b"\n")
        shell.hear(b"\n")
    wait_until(lambda: waiting(debug) == before + commands, 10)


def waiting(debug: Debug) -> int:
    return sum(name in ("cat", "sleep") for name in debug.commands())


def sessions(debug: Debug) -> int:
    _, live = debug.state()
    assert live is not None
    return live.clients


def assert_nothing_is_left(pod: Pod, debug: Debug) -> None:
    wait_until(lambda: not debug.container.pids(), 10)
    assert not (debug.container.root / "tmp/after").exists()
    assert pod.app.pids() == [pod.app_pid]
    assert debug.holder.printed() == b""


@each_shell
@pytest.mark.parametrize("work", WORK)
def test_bye_ends_all_work_within_a_second_and_without_a_zombie(place: Path, shell: Shell, work: str) -> None:
    assert any(ended_by_bye(folder, shell, work) < 2 for folder in attempts(place))


def ended_by_bye(place: Path, shell: Shell, work: str) -> float:
    """Seconds from the goodbye to the end of the holder, in a pod of its own; nothing is left of any attempt."""
    with pod(place) as made:
        debug = Debug(made, shell)
        tether = debug.tether(A)
        begin(debug, A, *WORK[work])

        started = time.monotonic()
        tether.say(protocol.bye(A))
        tether.hear(protocol.bye(A))
        assert debug.holder.ended() == 0
        seconds = time.monotonic() - started

        assert debug.message() == "ended by its last session"
        assert_nothing_is_left(made, debug)
        assert len(made.zombies()) <= ZOMBIES.get((work, shell), 0)
    return seconds


@each_shell
@pytest.mark.parametrize("kind", ["own", "shared", "host"])
@pytest.mark.parametrize("ending", ["lease", "end", "limit", "bye"])
def test_every_ending_says_why_and_leaves_nothing(place: Path, shell: Shell, kind: Namespace, ending: str) -> None:
    with pod(place, kind) as made:
        debug = Debug(made, shell, env={"DSHELL_LIMIT": "3" if ending == "limit" else "28800"})
        tether = debug.tether(A)
        tether.hear(b"\n")
        begin(debug, A, typed("sleep 100 & sleep 101"), 2)
        words = {"lease": protocol.beat(A, 1), "end": protocol.END, "bye": protocol.bye(A)}
        if ending in words:
            tether.say(words[ending])
            tether.hear(words[ending])

        assert debug.holder.ended() == 0

        assert debug.message() == {
            "lease": "ended after 1 s without a client",
            "end": "ended by a client",
            "limit": "ended at its limit of 3 s",
            "bye": "ended by its last session",
        }[ending]  # fmt: skip
        assert_nothing_is_left(made, debug)
        assert made.zombies() == []


@each_shell
@pytest.mark.parametrize("ending", ["bye", "silence"])
def test_a_session_that_ends_while_another_lives_takes_its_own_work_along(
    place: Path, shell: Shell, ending: str
) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        one, other = debug.tether(A), debug.tether(B)
        assert one.hear(b"\n")
        assert other.hear(b"\n")
        begin(debug, B, typed("sleep 100 & sleep 101"), 2)
        other.say(protocol.beat(B, 50))
        other.hear(protocol.beat(B, 50))
        kept = set(debug.others())
        begin(debug, A, typed("sleep 100 & sleep 101"), 2)

        one.say(protocol.bye(A) if ending == "bye" else protocol.beat(A, 1))

        wait_until(lambda: debug.commands().count("sleep") == 2, 10)
        wait_until(lambda: set(debug.others()) <= kept, 10)
        one.close_input()
        wait_until(lambda: len(debug.others()) == len(kept) - 1, 10)
        assert made.zombies() == []
        other.say(protocol.bye(B))
        assert debug.holder.ended() == 0
        assert_nothing_is_left(made, debug)


@each_shell
def test_what_starts_after_its_session_said_goodbye_ends_at_once_and_nobody_waits_for_it(
    place: Path, shell: Shell
) -> None:
    """A client that is ended early says goodbye while the node still starts its command."""
    with pod(place) as made:
        debug = Debug(made, shell)
        tether = debug.tether(A)
        for word in (protocol.beat(A, 50), protocol.beat(B, 50), protocol.bye(A)):
            tether.say(word)
            tether.hear(word)

        late = [debug.run(A, "sh", "-c", f"sleep 100; {AFTER}") for _ in range(3)]

        assert all(process.ended(30) for process in late)
        wait_until(lambda: sessions(debug) == 1, 10)
        tether.say(protocol.bye(B))
        assert debug.holder.ended(30) == 0
        assert debug.message() == "ended by its last session"
        assert_nothing_is_left(made, debug)
        assert made.zombies() == []


@each_shell
def test_what_is_just_starting_when_its_session_says_goodbye_ends_with_it(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        tether = debug.tether(B)
        tether.hear(b"\n")
        tether.say(protocol.beat(B, 50))
        tether.hear(protocol.beat(B, 50))
        there = debug.others()

        for letter in "cdefgh":
            session = letter * 8
            started = debug.run(session, "sh", "-c", f"sleep 100; {AFTER}")
            wait_until(lambda: debug.others() != there, 10)
            tether.say(protocol.bye(session))
            assert started.ended(30)

        wait_until(lambda: sessions(debug) == 1, 10)
        tether.say(protocol.bye(B))
        assert debug.holder.ended(30) == 0
        assert_nothing_is_left(made, debug)
        assert made.zombies() == []


@each_shell
def test_leaving_a_shell_takes_its_background_jobs_along(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        inside = debug.shell(A)
        inside.hear(b"$ ")
        inside.say(b"sleep 100 & sleep 101 & sh -c 'sleep 102; true' &\n")
        wait_until(lambda: debug.commands().count("sleep") == 3, 10)

        inside.say(b"exit 7\n")

        assert inside.ended() == 7
        assert debug.others() == []
        assert made.zombies() == []


@each_shell
def test_a_holder_with_nothing_to_end_ends_after_the_grace_alone(place: Path, shell: Shell) -> None:
    def grace(folder: Path) -> float:
        with pod(folder) as made:
            debug = Debug(made, shell)
            tether = debug.tether(A)
            tether.say(protocol.beat(A, 50))
            tether.hear(protocol.beat(A, 50))

            started = time.monotonic()
            tether.say(protocol.bye(A))
            assert debug.holder.ended() == 0
            seconds = time.monotonic() - started

        assert seconds >= 0.25
        return seconds

    assert any(grace(folder) < 1 for folder in attempts(place))


@each_shell
def test_a_process_of_the_app_with_our_user_and_our_environment_is_never_touched(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        tether = debug.tether(A)
        made.app.env = {"DSHELL_SESSION": A, "DSHELL_NAME": "x"}
        made.app.start(["/sleep", "1000"])
        wait_until(lambda: made.app.asleep(2), 10)
        before = made.app.states()

        tether.say(protocol.bye(A) + protocol.END)
        assert debug.holder.ended() == 0

        assert made.app.states() == before
