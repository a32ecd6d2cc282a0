"""Text from the cluster cannot move the cursor."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.output.document import Format, format_document
from kubectl_dshell.output.escape import escape, escape_line, is_printed
from kubectl_dshell.output.table import format_table


def test_control_characters_are_made_visible() -> None:
    assert escape("a\x1b[2Jb\r\x07\u202e") == "a\\x1b[2Jb\\r\\x07\\u202e"


def test_other_ends_of_lines_are_made_visible_too() -> None:
    assert escape("a\u2028b\u2029c\n") == "a\\u2028b\\u2029c\n"
    assert escape_line("a\nb\u2028\x0b") == "a b\\u2028\\x0b"


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5))
def test_yaml_turns_no_terminal_around_and_is_read_back(document: Any) -> None:
    written = format_document(document, Format.YAML)

    assert all(c == "\n" or is_printed(c) for c in written)
    assert yaml.safe_load(written) == document or any(
        "\ud800" <= c <= "\udfff" for c in json.loads(json.dumps(str(document)))
    )


def test_yaml_is_read_by_people_where_it_can_be() -> None:
    assert format_document({"a": "größe"}, Format.YAML) == "a: größe\n"
    assert format_document({"a": "x\u202ey\u2028"}, Format.YAML) == 'a: "x\\u202Ey\\L"\n'


def test_plain_text_in_any_script_is_left_alone() -> None:
    assert escape("größe 大小 [subresource] [/foo]\n") == "größe 大小 [subresource] [/foo]\n"


@given(st.text())
def test_nothing_unprintable_comes_through(text: str) -> None:
    assert all(c == "\n" or not unicodedata.category(c).startswith("C") for c in escape(text))
    assert len(escape_line(text).splitlines()) <= 1


def test_tables_align_by_what_is_seen() -> None:
    assert format_table(["POD", "STATE"], [["web", "a\x1b"], ["大", ""]]) == "POD   STATE\nweb   a\\x1b\n大    <none>\n"
