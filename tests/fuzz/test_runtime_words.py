"""Whatever a runtime says: one line, bounded, and soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.runtime.summary import summary
from kubectl_dshell.domain.runtime.words import Says, means
from tests.domain.runtime.recorded import ALL

_PIECES = st.sampled_from(
    [*(line.text for line in ALL), 'time="', '" level=error msg="', "\\", '"', "\n", "\u2028", " a=", "failed to do request: "]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.one_of(_PIECES, st.text(max_size=5)), max_size=30).map("".join)))
def test_it_is_one_short_line(text: str) -> None:
    line = summary(text)

    assert line == line.strip()
    assert not {"\n", "\r", "\x1b", "\u2028"} & set(line)
    assert len(line) < 2200
    assert all(means(text, meaning) in (True, False) for meaning in Says)


@pytest.mark.parametrize(
    "piece",
    ['time="" level=e msg="a" ', 'time="" level=e msg="\\', " a=b", 'time="', "exec: ", "executable file `", "failed to ",
     'Head "', "initializing source ", 'Back-off pulling image "', "task a"],
)  # fmt: skip
def test_no_text_takes_long(piece: str) -> None:
    text = ('time="" level=e msg=x' + piece * 16384)[:16384]
    began = time.process_time()

    summary(text)
    for meaning in Says:
        means(text, meaning)

    assert time.process_time() - began < 1
