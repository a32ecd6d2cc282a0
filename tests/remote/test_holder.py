"""The holder waits without a trace, and lives as long as its words say."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kubectl_dshell.remote import protocol
from tests.remote.rig import Debug, Process, Shell, attempts, pod
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
A, B = "aaaaaaaa", "bbbbbbbb"


def tell(tether: Process, *words: bytes) -> None:
    for word in words:
        tether.say(word)
        tether.hear(word)


def ended_after(debug: Debug, seconds: float = 10) -> float:
    started = time.monotonic()
    assert debug.holder.ended(seconds) == 0
    return time.monotonic() - started


@each_shell
def test_waiting_takes_no_process_and_no_cpu(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        holder = debug.container.pids()[0]
        wait_until(lambda: any(word in wchan(holder) for word in (b"poll", b"select", b"pipe_read")), 10)
        before = cost(holder)

        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            assert debug.container.pids() == [holder]
            time.sleep(0.1)

        assert cost(holder) == before


def wchan(pid: int) -> bytes:
    return Path(f"/proc/{pid}/wchan").read_bytes()


def cost(pid: int) -> tuple[list[str], list[str]]:
    """CPU ticks, and how often it was scheduled."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return fields[11:13], [line for line in status if "ctxt_switches" in line]


@each_shell
def test_the_first_beat_takes_the_place_of_the_lease(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)

        tell(debug.tether(A), protocol.beat(A, 1))

        assert ended_after(debug) < 3


@each_shell
def test_another_session_keeps_it_alive_and_the_last_bye_ends_it(place: Path, shell: Shell) -> None:
    def last_bye(folder: Path) -> float:
        with pod(folder) as made:
            debug = Debug(made, shell)
            tether = debug.tether(A)
            tell(tether, protocol.beat(A, 50), protocol.beat(B, 50), protocol.bye(A))
            tell(tether, b"nonsense\n", b"beat\n", b"beat x\n", b"beat x 08\n", b"beat x -1\n", b"keep x\n", b"\n")
            with pytest.raises(Exception, match="timed out"):
                debug.holder.ended(0.6)

            tell(tether, protocol.bye(B))

            seconds = ended_after(debug)
            assert debug.message() == "ended by its last session"
            return seconds

    assert any(last_bye(folder) < 1 for folder in attempts(place))


@each_shell
def test_a_session_that_comes_and_goes_does_not_end_what_was_started_for_another(place: Path, shell: Shell) -> None:
    def starters_bye(folder: Path) -> float:
        with pod(folder) as made:
            debug = Debug(made, shell, starter=f"{A} 50")
            tether = debug.tether(B)
            tell(tether, protocol.beat(B, 50), protocol.bye(B))
            with pytest.raises(Exception, match="timed out"):
                debug.holder.ended(0.6)

            tell(tether, protocol.beat(A, 50), protocol.bye(A))

            return ended_after(debug)

    assert any(starters_bye(folder) < 1 for folder in attempts(place))


@each_shell
def test_a_beat_within_the_grace_revives_it(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        tether = debug.tether(A)

        tell(tether, protocol.beat(A, 50), protocol.bye(A), protocol.beat(B, 2))

        assert 1 < ended_after(debug) < 4
        assert debug.message() == "ended after 2 s without a client"


@each_shell
def test_kept_it_stays_until_then(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)

        tell(debug.tether(A), protocol.beat(A, 50), protocol.keep(2), protocol.bye(A))

        assert 1 < ended_after(debug) < 4
        assert debug.message() == "ended after being kept for 2 s"


@each_shell
def test_the_limit_is_stronger_than_beats_and_keeps(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, env={"DSHELL_LIMIT": "2"})

        tell(debug.tether(A), protocol.beat(A, 50), protocol.keep(50))

        assert ended_after(debug) < 4
        assert debug.message() == "ended at its limit of 2 s"


@each_shell
def test_no_word_that_was_echoed_is_lost(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        one, other = debug.tether(A), debug.tether(B)
        for _ in range(30):
            tell(one, protocol.beat(A, 50), protocol.bye(A))
            tell(other, protocol.beat(B, 50))
        tell(one, protocol.bye(B))

        assert ended_after(debug) < 5


@each_shell
@pytest.mark.parametrize("log", ["ended by a client", "4194303", "1"])
def test_where_the_holder_has_ended_no_word_is_echoed_and_nothing_is_run(place: Path, shell: Shell, log: str) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        debug.log.write_text(f"{log}\n")
        tether = debug.tether(A)

        facts = protocol.parse_facts(tether.hear(b"\n").decode())
        tether.say(protocol.beat(A, 50))

        assert (facts.holder_alive, facts.left) == (False, 0)
        assert tether.ended() == 73
        command = debug.run(A, "touch", "/tmp/after")
        assert command.ended() == 73
        assert command.printed() == b""
        assert not (debug.container.root / "tmp/after").exists()
