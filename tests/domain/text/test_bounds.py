"""Text from a cluster is bounded before anybody reads it."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.text.bounds import one_line, shortened, small_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("999999999", 999_999_999)])
def test_a_small_number_is_up_to_nine_ascii_digits(text: str, number: int) -> None:
    assert small_number(text) == number


@pytest.mark.parametrize("text", ["", "²", "\uff11", "1 ", "-1", "+1", "1_0", "1000000000", "9" * 5000, None, 5, True])
def test_anything_else_is_no_number_and_never_an_exception(text: object) -> None:
    assert small_number(text) is None


def test_a_line_has_no_breaks_no_control_characters_and_an_end() -> None:
    assert one_line("a\nb\x1b[2Jc\u2028d") == "a b [2Jc d"
    assert one_line("x" * 300) == "x" * 255 + "…"
    assert one_line("x" * 256) == "x" * 256


def test_a_long_message_says_how_long_it_was() -> None:
    assert shortened("x" * 2048) == "x" * 2048
    assert shortened("x" * 3000) == "x" * 2048 + "… (3000 characters in total; -v 8 shows more)"
