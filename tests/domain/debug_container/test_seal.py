"""Only its maker can seal an entry, and the seal fits nowhere else."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import pytest

from kubectl_dshell.domain.debug_container.seal import Key, Seal, digest_of, is_mine, parse_seal, seal
from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec
from tests.pods import STARTER

SECRET = bytes(range(32))
KEY = Key(SECRET)
WANTED = DebugSpec("app", "busybox:1.37", None, {"runAsUser": 1, "runAsGroup": 2}, "ada", "0", 60, (("A", "b"),))


def entry(name: str = "dshell-a", key: Key = KEY, **changes: Any) -> dict[str, Any]:
    wanted = replace(WANTED, **changes)
    return container_spec(name, wanted, ["sh"], STARTER, seal=seal(key, "u-1", name, wanted))


def test_a_seal_is_its_maker_s_wherever_the_rest_of_the_entry_goes() -> None:
    assert is_mine(parse_seal(entry(), "u-1"), KEY)
    assert is_mine(parse_seal(entry() | {"image": "another", "command": ["x"]}, "u-1"), KEY)


@pytest.mark.parametrize(
    ("spec", "uid", "key"),
    [
        pytest.param(entry(), "u-2", KEY, id="another pod"),
        pytest.param(entry(), "", KEY, id="no pod"),
        pytest.param(entry() | {"name": "dshell-b"}, "u-1", KEY, id="another name"),
        pytest.param(entry(), "u-1", Key(bytes(32)), id="another key"),
        pytest.param(entry(), "u-1", None, id="no key"),
        pytest.param({"name": "dshell-a"}, "u-1", KEY, id="no seal"),
    ],
)
def test_it_fits_nowhere_else(spec: dict[str, Any], uid: str, key: Key | None) -> None:
    assert not is_mine(parse_seal(spec, uid), key)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("1 ", "2 ", 1),
        lambda text: text + "\n",
        lambda text: text + "0",
        lambda text: text.upper(),
        lambda text: text[:-1],
        lambda text: f" {text}",
        lambda text: text[:2] + ("0" if text[2] != "0" else "1") + text[3:],
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda _text: "1 ² ²",
        lambda _text: "x" * 100_000,
    ],
)
def test_what_was_changed_is_no_seal(change: Any) -> None:
    whole = seal(KEY, "u-1", "dshell-a", WANTED)
    spec = {"name": "dshell-a", "env": [{"name": "DSHELL_SEAL", "value": change(whole)}]}

    assert not is_mine(parse_seal(spec, "u-1"), KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"target": "proxy"},
        {"image": "other:1"},
        {"security": {"runAsUser": 0}},
        {"owner": "ben"},
        {"version": "0.2.0"},
        {"limit": 61},
        {"env": ()},
        {"env": (("A", "b"), ("C", "d"))},
        {"custom": {"workingDir": "/x"}},
    ],
    ids=str,
)
def test_the_digest_is_of_all_that_makes_a_purpose(change: dict[str, Any]) -> None:
    assert digest_of(replace(WANTED, **change)) != digest_of(WANTED)


@pytest.mark.parametrize("change", [{"reason": "r"}, {"measured": "m"}, {"pull_policy": "Always"}], ids=str)
def test_and_of_nothing_else(change: dict[str, Any]) -> None:
    assert digest_of(replace(WANTED, **change)) == digest_of(WANTED)


def test_the_order_of_keys_makes_no_other_purpose() -> None:
    assert digest_of(replace(WANTED, security={"runAsGroup": 2, "runAsUser": 1})) == digest_of(WANTED)


def test_a_seal_stays_what_it_was() -> None:
    """Written down: what runs is to be known as one's own by later versions, whatever a purpose is to them."""
    assert is_mine(Seal("u-1", "dshell-a", "d" * 16, "q5MwW5guNJBoFCzw"), KEY)


def test_a_key_is_not_shown_copied_or_pickled() -> None:
    for text in (repr(KEY), str(KEY), f"{KEY}", f"{KEY!r:>20}", "%s" % KEY):  # noqa: UP031  # one more way
        assert SECRET.hex() not in text
        assert repr(SECRET)[2:10] not in text
        assert "Key(...)" in text
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not to be copied"):
            way(KEY)


def test_a_key_has_all_its_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Key(b"short")
