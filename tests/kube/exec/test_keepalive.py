"""When to ping and when silence counts, without a clock."""

from __future__ import annotations

import pytest

from kubectl_dshell.kube.connection.connection import LastHeard
from kubectl_dshell.kube.exec.keepalive import Keepalive, PeerSilent

MANY = 1_000_000


def test_a_quiet_stream_is_pinged_every_fifteen_seconds() -> None:
    beat = Keepalive(100.0)

    assert beat.due(100.0) is None
    assert beat.next(100.0) == 115.0
    assert beat.due(115.0) is not None
    assert beat.next(115.0) == 130.0


def test_thirty_seconds_without_a_sound_are_silence() -> None:
    beat = Keepalive(0.0)
    beat.due(15.0)
    beat.due(29.9)

    with pytest.raises(PeerSilent):
        beat.due(30.0)


def test_any_sound_starts_the_patience_anew() -> None:
    beat = Keepalive(0.0)
    beat.due(15.0)
    beat.heard()
    beat.due(29.0)
    beat.due(58.0)

    with pytest.raises(PeerSilent):
        beat.due(59.0)


def test_while_we_do_not_listen_silence_is_our_own_doing() -> None:
    beat = Keepalive(0.0)
    for now in (10.0, 25.0, 40.0, 55.0):
        beat.excuse(now)
        beat.due(now)

    beat.due(84.0)
    with pytest.raises(PeerSilent):
        beat.due(85.0)


def test_a_process_that_was_stopped_asks_before_it_judges() -> None:
    beat = Keepalive(0.0)

    assert beat.due(3600.0) is not None
    beat.due(3620.0)
    with pytest.raises(PeerSilent):
        beat.due(3630.0)


def test_a_command_that_does_not_read_its_stdin_is_not_a_dead_connection() -> None:
    beat = Keepalive(0.0)
    beat.sent(MANY)

    assert [now for now in range(0, 600, 10) if beat.due(float(now))] == list(range(20, 600, 20))


def test_once_a_ping_behind_the_input_is_answered_silence_counts_again() -> None:
    beat = Keepalive(0.0)
    beat.sent(MANY)
    ping = beat.due(15.0)
    assert ping is not None
    beat.heard()
    beat.answered(ping)
    beat.due(20.0)
    beat.due(40.0)

    with pytest.raises(PeerSilent):
        beat.due(50.0)


def test_an_answer_to_an_old_ping_proves_nothing() -> None:
    beat = Keepalive(0.0)
    old = beat.due(15.0)
    beat.sent(MANY)
    beat.due(30.0 - 1)
    beat.due(31.0)
    assert old is not None
    beat.answered(old)

    for now in range(40, 200, 10):
        beat.due(float(now))


def test_a_few_typed_keys_do_not_hide_a_dead_connection() -> None:
    beat = Keepalive(0.0)
    beat.sent(100)
    beat.due(15.0)

    with pytest.raises(PeerSilent):
        beat.due(30.0)


def test_what_is_heard_is_as_good_as_the_answer_to_a_ping() -> None:
    beat = Keepalive(0.0)
    for now in range(15, 600, 15):
        beat.heard()
        assert beat.due(float(now)) is None

    assert beat.due(601.0) is None
    assert beat.due(602.0) is not None, "17 s after the last sound"


def test_input_that_may_be_stuck_is_asked_about_all_the_same() -> None:
    beat = Keepalive(0.0)
    beat.sent(MANY)
    pings = []
    for now in range(0, 61, 5):
        beat.heard()
        pings += [now] if beat.due(float(now)) else []

    assert pings == [15, 30, 45, 60]


def pings(beat: Keepalive, others: LastHeard, heard: range, until: int) -> list[int]:
    """When it pings while the other stream hears something at these times."""
    found = []
    for now in range(until):
        if now in heard:
            others.at = float(now)
        found += [now] if beat.due(float(now)) else []
    return found


def test_while_another_stream_is_heard_a_quiet_one_is_asked_half_as_often() -> None:
    others = LastHeard()
    beat = Keepalive(0.0, others)
    beat.heard()
    beat.due(0.0)

    assert pings(beat, others, range(1, 60, 15), 40) == [30]
    with pytest.raises(PeerSilent):
        beat.due(43.0)


def test_once_the_other_is_silent_too_the_end_is_noticed_within_30_seconds() -> None:
    others = LastHeard()
    beat = Keepalive(0.0, others)
    beat.heard()
    beat.due(0.0)

    assert pings(beat, others, range(1, 2), 30) == [18]
    beat.due(30.9)
    with pytest.raises(PeerSilent):
        beat.due(31.0)


def test_no_stream_is_believed_because_of_its_own_sounds() -> None:
    others = LastHeard()
    beat = Keepalive(0.0, others)
    beat.heard()
    beat.due(0.0)

    assert others.at == 0.0
    assert pings(beat, others, range(0), 18) == [17]


def test_silence_that_nobody_asked_about_proves_nothing() -> None:
    others = LastHeard()
    beat = Keepalive(0.0, others)
    beat.heard()
    beat.due(0.0)
    others.at = 29.0

    assert beat.due(29.9) is None
    assert beat.due(35.0) is not None
    assert beat.next(35.0) == 43.0
