"""When to ping and when silence counts, without a clock."""

from __future__ import annotations

import pytest

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

    for now in range(0, 600, 10):
        beat.due(float(now))


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
