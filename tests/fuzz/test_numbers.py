"""The smallest parsers of all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.text.bounds import LONGEST_LINE, one_line, shortened, small_number


@given(st.text())
def test_numbers_and_lines_take_every_text(text: str) -> None:
    number = small_number(text)
    assert number is None or 0 <= number < 10**9
    line = one_line(text)
    assert len(line) <= LONGEST_LINE
    assert len(line.splitlines()) <= 1
    assert shortened(text).startswith(text[:2048])
