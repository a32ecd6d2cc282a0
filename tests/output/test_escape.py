"""Text from the cluster cannot move the cursor."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.output.escape import escape
from kubectl_dshell.output.table import format_table


def test_control_characters_are_made_visible() -> None:
    assert escape("a\x1b[2Jb\r\x07\u202e") == "a\\x1b[2Jb\\r\\x07\\u202e"


def test_plain_text_in_any_script_is_left_alone() -> None:
    assert escape("größe 大小 [subresource] [/foo]\n") == "größe 大小 [subresource] [/foo]\n"


@given(st.text())
def test_nothing_unprintable_comes_through(text: str) -> None:
    assert all(c == "\n" or not unicodedata.category(c).startswith("C") for c in escape(text))


def test_tables_align_by_what_is_seen() -> None:
    assert format_table(["POD", "STATE"], [["web", "a\x1b"], ["大", ""]]) == "POD   STATE\nweb   a\\x1b\n大    <none>\n"
