"""Secret text shows itself to nobody by accident."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from dataclasses import dataclass

import pytest

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.kubeconfig.header import bearer, header_value
from kubectl_dshell.kube.kubeconfig.secret import HIDDEN, Secret, scrub

TEXT = "hunter2-hunter2"


def test_no_way_of_making_text_shows_it() -> None:
    secret = Secret(TEXT)

    @dataclass
    class Holder:
        inside: Secret

    made = [str(secret), repr(secret), f"{secret}", f"{secret:>40}", "%s" % secret, "{!r}".format(secret)]  # noqa: UP031, UP032  # each is one way
    made += [repr([secret]), repr(Holder(secret)), repr(ConnectionOptions(token=secret)), str({"a": secret})]

    assert all(HIDDEN in text and TEXT not in text for text in made)
    assert secret.reveal() == TEXT


def test_it_is_not_logged_pickled_copied_or_made_json(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(TEXT)
    logging.getLogger("x").warning("it is %s", secret)

    assert HIDDEN in caplog.text
    for way in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, hash):
        with pytest.raises(TypeError) as caught:
            way(secret)
        assert TEXT not in str(caught.value)


def test_it_is_equal_to_the_same_secret_only() -> None:
    assert Secret("é-1") == Secret("é-1")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert (bool(Secret("")), bool(Secret("x"))) == (False, True)


def test_what_was_held_is_scrubbed_with_what_looks_like_it() -> None:
    Secret("line one\nline-two-of-it")
    Secret("Bearer some-token")  # the word before it is none

    assert scrub("say line-two-of-it, some-token and Bearer abc") == f"say {HIDDEN}, {HIDDEN} and Bearer {HIDDEN}"
    assert scrub("http://jane:pw@host/x and a@b") == f"http://{HIDDEN}@host/x and a@b"


@pytest.mark.parametrize(
    ("text", "value"),
    [(" t0ken\n", "t0ken"), ("Łukasz", "Łukasz"), ("\udcc5\udc81", "Ł"), ("a b", "a b"), ("😀", "😀")],
)
def test_a_header_value_is_made_of(text: str, value: str) -> None:
    assert header_value(text, "it") == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\nb", "the token of user x contains a line break"),
        ("a\r\n b", "contains a line break"),
        ("a\0b", r"contains a control character \(U\+0000\)"),
        ("a\x85b", r"contains a control character \(U\+0085\)"),
        ("a\udce9b", "is not UTF-8"),
        (" \n", "is empty"),
    ],
)
def test_a_header_value_that_cannot_be_sent_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(BadConfig, match=says) as caught:
        bearer(text, "the token of user x")

    assert not text.strip() or text not in str(caught.value)
