"""What a holder's last words mean to the client of a session."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.debug_container.end_message import EndMessage, EndReason, parse_end_message


@pytest.mark.parametrize(
    ("message", "end", "text"),
    [
        (
            "ended after 60 s without its first client",
            EndReason.NOBODY_CAME,
            "ended after 60 s without its first client",
        ),
        ("ended after 50 s without a client\n", EndReason.SILENCE, "ended after 50 s without a client"),
        ("ended by the cluster", EndReason.STOPPED, "was stopped by its node"),
        ("ended by a client", EndReason.OTHER, "was ended by kubectl dshell cleanup (run by a user or the janitor)"),
        ("ended at its limit of 28800 s", EndReason.OTHER, "ended at its limit of 28800 s"),
        ("ended after 1234567890 s without a client", EndReason.OTHER, "ended after 1234567890 s without a client"),
        ("ended by a client\x1b[2J", EndReason.OTHER, "ended by a client [2J"),
    ],
)
def test_what_is_known_is_told_in_words_of_ours(message: str, end: EndReason, text: str) -> None:
    assert parse_end_message(message) == EndMessage(end, text)


@pytest.mark.parametrize("message", ["", " \n", "1 3 0 18000", "7"])
def test_the_numbers_of_a_holder_that_was_killed_are_no_message(message: str) -> None:
    assert parse_end_message(message) is None


def test_a_forged_message_is_cut() -> None:
    found = parse_end_message("x" * 10_000)

    assert found is not None
    assert len(found.text) == 256
