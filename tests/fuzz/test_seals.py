"""What stands in an entry that anybody may have written: its seal, and what it says it was made for."""

from __future__ import annotations

import json
import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.access.identity import identify
from kubectl_dshell.domain.debug_container.admission import admission_changes
from kubectl_dshell.domain.debug_container.purpose import differences, live_holders, lookalikes, purpose
from kubectl_dshell.domain.debug_container.seal import Key, digest_of, is_mine, parse_seal, seal
from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec
from tests.pods import APP_ID, STARTER, Json, make_pod

KEY = Key(b"k" * 32)
digits = st.text(string.ascii_letters + string.digits + "-_", min_size=21, max_size=23)
seals = st.one_of(st.text(), st.tuples(st.sampled_from(["1", "2", "", "²"]), digits, digits).map(" ".join))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)
wanteds = st.builds(
    DebugSpec,
    target=st.text(),
    image=st.text(),
    pull_policy=st.one_of(st.none(), st.text()),
    security=st.dictionaries(st.text(), json_values),
    owner=st.text(),
    version=st.text(),
    limit=st.integers(1, 999_999_999),
    env=st.lists(st.tuples(st.text(), st.text())).map(tuple),
    measured=st.text(),
    reason=st.text(),
    tools_image=st.text(),
)
stamps = st.dictionaries(
    st.sampled_from(["DSHELL_SEAL", "DSHELL_LIMIT", "DSHELL_OWNER", "DSHELL_MEASURED", "DSHELL_REASON", "DSHELL_VERSION", "A"]),
    st.one_of(st.text(), seals, st.tuples(st.just(APP_ID), st.text("0123456789:²", max_size=30)).map(" ".join)),
)  # fmt: skip


def entry(stamps: dict[str, str]) -> Json:
    env = [{"name": name, "value": value} for name, value in stamps.items()]
    return {"name": "dshell-a", "image": "i", "targetContainerName": "app", "env": env}


@given(stamps)
def test_what_others_write_is_never_mine(stamps: dict[str, str]) -> None:
    wanted = DebugSpec("app", "i", None, {}, "ada", "0", 60, ())
    spec = entry(stamps)
    pod = make_pod(ephemeral=[spec], ephemeral_statuses=[{"name": "dshell-a", "state": {"running": {}}}])

    assert not is_mine(parse_seal(spec, pod.uid), KEY)
    assert live_holders(pod, wanted, KEY) == []
    assert lookalikes(pod, wanted, KEY) in ([], ["dshell-a"])
    assert identify(pod, pod.containers[0], None, KEY) == identify(make_pod(), pod.containers[0], None, KEY)
    assert all(len(line.splitlines()) == 1 for line in differences(spec, wanted))
    assert 0 <= purpose(spec).limit < 10**9


@given(wanteds, wanteds, st.text(min_size=1), st.text(min_size=1))
def test_what_i_made_is_mine_and_for_what_i_asked(wanted: DebugSpec, other: DebugSpec, uid: str, name: str) -> None:
    spec = container_spec(name, wanted, ["sh"], STARTER, seal=seal(KEY, uid, name, wanted))
    found = parse_seal(spec, uid)

    assert found is not None
    assert is_mine(found, KEY)
    assert not is_mine(parse_seal(spec, uid + "x"), KEY)
    assert not is_mine(parse_seal(spec | {"name": name + "x"}, uid), KEY)
    assert found.digest == digest_of(wanted)
    assert (digest_of(other) == digest_of(wanted)) == (essence(other) == essence(wanted))


@given(
    wanteds,
    wanteds,
    st.dictionaries(st.sampled_from(["image", "securityContext", "env", "x", "resources"]), json_values),
)
def test_what_admission_made_of_an_entry_is_told_on_lines(wanted: DebugSpec, other: DebugSpec, stored: Json) -> None:
    spec = container_spec("dshell-a", wanted, ["sh"], "abcdefgh 4", seal=seal(KEY, "u", "dshell-a", wanted))
    found = parse_seal(spec, "u")

    lines = admission_changes(spec, spec | stored)
    differ = differences(spec, other, found)

    assert all(len(line.splitlines()) == 1 and len(line) < 1000 for line in lines)
    assert not differ or essence(other) != essence(wanted)


def essence(wanted: DebugSpec) -> str:
    parts = [wanted.target, wanted.image, wanted.security, wanted.owner, wanted.version, wanted.limit, wanted.env]
    return json.dumps([*parts, wanted.tools_image], sort_keys=True)
