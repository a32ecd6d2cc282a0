"""Names of hosts, as sockets and TLS accept them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_dshell.kube.net.endpoint import ascii_name, host_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cluster.test", b"cluster.test"),
        ("cluster.test.", b"cluster.test."),
        ("127.0.0.1", b"127.0.0.1"),
        ("::1", b"::1"),
        ("bücher.test", b"xn--bcher-kva.test"),
        ("a" * 63 + ".test", b"a" * 63 + b".test"),
    ],
)
def test_a_name_is_sent_as_ascii(text: str, name: bytes) -> None:
    assert ascii_name(host_name(text)) == name


@pytest.mark.parametrize("text", ["a..b", ".a", ".", "..", "\u2024b", ".:", "a" * 64, "a" * 64 + ".test", "ü" * 60])
def test_a_label_is_neither_empty_nor_too_long(text: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        host_name(text)


@given(st.text(st.sampled_from("aZ09-_.")) | st.integers(60, 67).map(lambda count: "a" * count + ".b"))
@example("")
@example("a.")
def test_ascii_names_are_checked_as_the_codec_does(text: str) -> None:
    try:
        known = text.encode("idna")
    except UnicodeError:
        known = None

    try:
        found = host_name(text).encode()
    except ValueError:
        found = None

    assert found == known
