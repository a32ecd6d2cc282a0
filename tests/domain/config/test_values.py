"""Values of variables, written as in the file."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.config.values import Colour, nearest, read_variable


def test_variables_are_read_as_the_file() -> None:
    assert read_variable("reason-required", "true") is True
    assert read_variable("reason-required", "false") is False
    assert read_variable("colour", "never") is Colour.NEVER
    mirrors = read_variable("mirrors", "docker.io=m.example/d/, ghcr.io/a/=localhost:5000")
    assert mirrors == {"docker.io": "m.example/d", "ghcr.io/a": "localhost:5000"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("reason-required", "yes", "'yes' is neither true nor false"),
        ("colour", "alway", r"is not one of auto, always, never \(did you mean always\?\)"),
        ("mirrors", "docker.io", "'docker.io' is not PREFIX=MIRROR"),
        ("mirrors", "busybox=m.example", "a prefix begins with a registry"),
        ("mirrors", "docker.io=mirror", "'mirror' does not begin with a registry"),
        ("mirrors", "docker.io=https://m.example", "does not begin with a registry"),
    ],
)
def test_a_wrong_variable_says_what_is_wrong(name: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_variable(name, text)


def test_a_name_like_none_is_not_guessed() -> None:
    assert nearest("profil", ["profile", "ttl"]) == " (did you mean profile?)"
    assert nearest("zzz", ["profile", "ttl"]) == ""
