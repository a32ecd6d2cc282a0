"""The identity ladder, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.access.facts import Facts
from kubectl_dshell.domain.access.identity import (
    Identity,
    Source,
    correction,
    disbelieved,
    identify,
    stamp,
    why_disbelieved,
)
from kubectl_dshell.domain.debug_container.seal import Key, seal
from kubectl_dshell.domain.debug_container.spec import DebugSpec, container_spec
from tests.pods import APP_ID, STARTER, make_pod, running

NO_USER = [running(user=None)]


def spec(container: dict[str, Any] | None = None, pod: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"containers": [{"name": "app", "securityContext": container or {}}], "securityContext": pod or {}}


@pytest.mark.parametrize(
    ("words", "run_as", "expected"),
    [
        pytest.param({}, (7, 8), Identity(7, 8, Source.GIVEN), id="--run-as wins"),
        pytest.param({}, (65532, None), Identity(65532, 65532, Source.GIVEN), id="--run-as takes the gid known for its uid"),
        pytest.param({}, (7, None), Identity(7, 0, Source.GIVEN), id="--run-as of another uid: group 0, as the runtime"),
        pytest.param({"statuses": [running(user=(65532, 0))]}, None, Identity(65532, 0, Source.STATUS), id="status: scratch image has group 0"),
        pytest.param({"spec": spec({"runAsUser": 5, "runAsGroup": 6})}, None, Identity(65532, 65532, Source.STATUS), id="status before spec"),
        pytest.param({"spec": spec({"runAsUser": 5, "runAsGroup": 6}), "statuses": NO_USER}, None, Identity(5, 6, Source.SPEC), id="container spec"),
        pytest.param({"spec": spec({}, {"runAsUser": 5, "runAsGroup": 6}), "statuses": NO_USER}, None, Identity(5, 6, Source.SPEC), id="pod spec"),
        pytest.param({"spec": spec({"runAsUser": 9}, {"runAsUser": 5, "runAsGroup": 6}), "statuses": NO_USER}, None, Identity(9, 6, Source.SPEC), id="field by field"),
        pytest.param({"spec": spec({"runAsUser": 0, "runAsGroup": 0}), "statuses": NO_USER}, None, Identity(0, 0, Source.SPEC), id="zero is an id"),
        pytest.param({"spec": spec({"runAsUser": 5}), "statuses": NO_USER}, None, Identity(5, 0, Source.GUESS), id="runAsUser alone says nothing of the group"),
        pytest.param({"statuses": NO_USER}, None, Identity(65532, 65532, Source.GUESS), id="nothing known"),
    ],
)  # fmt: skip
def test_the_best_source_wins(words: Any, run_as: tuple[int, int | None] | None, expected: Identity) -> None:
    pod = make_pod(**words)

    assert identify(pod, pod.containers[0], run_as) == expected


KEY, OTHER = Key(b"k" * 32), Key(b"o" * 32)


def stamped(measured: str, key: Key | None = KEY, id_: str = APP_ID) -> list[dict[str, Any]]:
    """An entry that says what was measured, sealed with `key`."""
    wanted = DebugSpec("app", "i", None, {}, "ada", "0", 60, (), measured=f"{id_} {measured}")
    sealed = seal(key, "u-1", "dshell-abcde", wanted) if key else ""
    return [container_spec("dshell-abcde", wanted, ["sh"], STARTER, seal=sealed)]


@pytest.mark.parametrize(
    ("entries", "statuses", "expected"),
    [
        pytest.param(stamped("101:101"), [running(user=(0, 0))], Identity(101, 101, Source.MEASURED), id="root that stepped down"),
        pytest.param(stamped("1000680000:0"), NO_USER, Identity(1000680000, 0, Source.MEASURED), id="nothing else is known"),
        pytest.param(stamped("101:101", OTHER), [running(user=(0, 0))], Identity(0, 0, Source.STATUS), id="somebody else's word"),
        pytest.param(stamped("101:101", None), [running(user=(0, 0))], Identity(0, 0, Source.STATUS), id="nobody's word"),
        pytest.param(stamped("0:0", None), NO_USER, Identity(65532, 65532, Source.GUESS), id="nobody's word for root"),
        pytest.param(stamped("101:101"), [running()], Identity(65532, 65532, Source.STATUS), id="the status names another who is not root"),
        pytest.param(stamped("0:0"), [running()], Identity(65532, 65532, Source.STATUS), id="root against the status"),
        pytest.param(stamped("0:0"), NO_USER, Identity(65532, 65532, Source.GUESS), id="never root"),
        pytest.param(stamped("101:101", id_="f" * 64), [running(user=(0, 0))], Identity(0, 0, Source.STATUS), id="of a container that is gone"),
        pytest.param(stamped("²:0"), NO_USER, Identity(65532, 65532, Source.GUESS), id="no number"),
        pytest.param(stamped("9" * 5000 + ":0"), NO_USER, Identity(65532, 65532, Source.GUESS), id="a number without an end"),
        pytest.param(stamped("1:"), NO_USER, Identity(65532, 65532, Source.GUESS), id="half"),
    ],
)  # fmt: skip
def test_what_was_measured_before_counts_where_it_is_our_own_and_raises_nothing(
    entries: Any, statuses: Any, expected: Identity
) -> None:
    pod = make_pod(ephemeral=entries, statuses=statuses)

    assert identify(pod, pod.containers[0], None, KEY) == expected


def test_the_stamp_is_what_is_read_back() -> None:
    pod = make_pod(statuses=[running(user=(0, 0))])

    assert stamp(Identity(101, 102, Source.MEASURED), pod.containers[0]) == f"{APP_ID} 101:102"


def facts(**changes: Any) -> Facts:
    usual: dict[str, Any] = {
        "pid": 7,
        "uid": (101,) * 4,
        "gid": (101,) * 4,
        "caps": 0,
        "dumpable": True,
        "root_open": False,
        "our_uid": 0,
        "our_gid": 0,
        "our_caps": 0xA80425FB,
        "left": 28800,
        "holder_alive": True,
    }
    return Facts(**usual | changes)


AS_ROOT = Identity(0, 0, Source.STATUS)
AS_GUESSED = Identity(65532, 65532, Source.GUESS)
ROOT_STATUS = {"statuses": [running(user=(0, 0))]}
UNKNOWN = {"statuses": NO_USER}
ROOT = {"uid": (0,) * 4, "gid": (0,) * 4, "caps": 0xA80425FB}
OURS = {"our_uid": 65532, "our_gid": 65532}


@pytest.mark.parametrize(
    ("words", "current", "measured", "expected"),
    [
        pytest.param(ROOT_STATUS, AS_ROOT, facts(), Identity(101, 101, Source.MEASURED), id="stepped down with exec"),
        pytest.param(ROOT_STATUS, AS_ROOT, facts(gid=(0,) * 4), Identity(101, 0, Source.MEASURED), id="stepped down, and kept its group"),
        pytest.param(ROOT_STATUS, AS_ROOT, facts(uid=(0,) * 4, caps=0), Identity(0, 101, Source.MEASURED), id="root that changed its group"),
        pytest.param(ROOT_STATUS, AS_ROOT, facts(dumpable=None), Identity(101, 101, Source.MEASURED), id="dumpable unknown: worth the one try"),
        pytest.param(ROOT_STATUS, AS_ROOT, facts(dumpable=False), None, id="stepped down without exec: no uid helps"),
        pytest.param(ROOT_STATUS, AS_ROOT, facts(caps=0x400), None, id="holds a capability no such container can have"),
        pytest.param(ROOT_STATUS, AS_ROOT, facts(uid=(0, 101, 101, 101)), None, id="ids differ among themselves"),
        pytest.param(ROOT_STATUS, AS_ROOT, facts(root_open=True), None, id="open"),
        pytest.param(ROOT_STATUS, AS_ROOT, facts(pid=0, uid=None, gid=None), None, id="not visible"),
        pytest.param(ROOT_STATUS, AS_ROOT, facts(uid=(2**31,) * 4), None, id="a user that the API takes from nobody"),
        pytest.param(ROOT_STATUS, Identity(0, 0, Source.GIVEN), facts(), None, id="what the user said stands"),
        pytest.param(ROOT_STATUS, Identity(101, 101, Source.STATUS), facts(our_uid=101, our_gid=101), None, id="already that"),
        pytest.param(ROOT_STATUS, Identity(101, 101, Source.MEASURED), facts(our_uid=5), None, id="already that, whatever it says of us"),
        pytest.param(UNKNOWN, AS_GUESSED, facts(**OURS), Identity(101, 101, Source.MEASURED), id="a guess"),
        pytest.param(UNKNOWN, AS_GUESSED, facts(uid=(65532,) * 4, gid=(0,) * 4, **OURS), Identity(65532, 0, Source.MEASURED), id="a guess, whose group is root"),
        pytest.param({**UNKNOWN, "spec": spec({"runAsUser": 5})}, Identity(5, 0, Source.GUESS), facts(uid=(5,) * 4), Identity(5, 101, Source.MEASURED), id="a guess of the group"),
    ],
)  # fmt: skip
def test_a_wrong_guess_is_corrected_only_where_that_helps(
    words: Any, current: Identity, measured: Facts, expected: Identity | None
) -> None:
    pod = make_pod(**words)

    assert correction(current, measured, pod, pod.containers[0]) == expected
    assert disbelieved(current, measured, pod, pod.containers[0]) is None


@pytest.mark.parametrize(
    ("words", "current", "forged", "claimed", "why"),
    [
        pytest.param({}, Identity(65532, 65532, Source.STATUS), facts(**ROOT, **OURS), "0:0", "the container's status says 65532:65532", id="root, and the status names another"),
        pytest.param({}, Identity(65532, 65532, Source.STATUS), facts(**OURS), "101:101", "the container's status says 65532:65532", id="another user than the status"),
        pytest.param({}, Identity(65532, 65532, Source.STATUS), facts(uid=(65532,) * 4, gid=(0,) * 4, **OURS), "65532:0", "the container's status says 65532:65532", id="the root group, and the status names another"),
        pytest.param({"statuses": [running(user=(0, 5))]}, Identity(0, 5, Source.STATUS), facts(**ROOT, our_uid=0, our_gid=5), "0:0", "the container's status says 0:5", id="the root group of root"),
        pytest.param({**UNKNOWN, "spec": spec({"runAsUser": 5, "runAsGroup": 6})}, Identity(5, 6, Source.SPEC), facts(**ROOT, our_uid=5, our_gid=6), "0:0", "the pod's spec says 5:6", id="root, and the spec names another"),
        pytest.param({**UNKNOWN, "spec": spec({}, {"runAsUser": 5})}, Identity(5, 0, Source.GUESS), facts(), "101:101", "the pod's spec says 5:?", id="another user than the spec"),
        pytest.param({**UNKNOWN, "spec": spec({"runAsUser": 5, "runAsGroup": 6})}, Identity(5, 6, Source.SPEC), facts(uid=(5,) * 4, gid=(0,) * 4), "5:0", "the pod's spec says 5:6", id="another group than the spec"),
        pytest.param(UNKNOWN, AS_GUESSED, facts(**ROOT, **OURS), "0:0", "neither the container's status nor the pod's spec specifies its user", id="root that nobody names"),
    ],
)  # fmt: skip
def test_nobody_becomes_another_user_on_the_word_of_a_process(
    words: Any, current: Identity, forged: Facts, claimed: str, why: str
) -> None:
    pod = make_pod(**words)
    app = pod.containers[0]

    assert correction(current, forged, pod, app) is None
    told = disbelieved(current, forged, pod, app)
    assert told is not None
    assert str(told) == claimed
    assert why_disbelieved(told, pod, app).startswith(f"{why}, but a process in it claims {claimed};")
