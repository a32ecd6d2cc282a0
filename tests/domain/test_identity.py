"""The identity ladder, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.facts import Facts
from kubectl_dshell.domain.identity import Identity, Source, correction, identify, stamp
from tests.pods import APP_ID, make_pod, running

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


def test_what_was_measured_once_is_not_guessed_again() -> None:
    app = make_pod().containers[0]
    env = [{"name": "DSHELL_MEASURED", "value": stamp(Identity(101, 101, Source.MEASURED), app)}]
    pod = make_pod(ephemeral=[{"name": "dshell-abcde", "env": env}], statuses=[running(user=(0, 0))])

    assert identify(pod, pod.containers[0], None) == Identity(101, 101, Source.MEASURED)


def test_a_measurement_of_a_container_that_is_gone_counts_for_nothing() -> None:
    env = [{"name": "DSHELL_MEASURED", "value": f"{'f' * 64} 101:101"}]
    pod = make_pod(ephemeral=[{"name": "dshell-abcde", "env": env}], statuses=[running(user=(0, 0), id_=APP_ID)])

    assert identify(pod, pod.containers[0], None) == Identity(0, 0, Source.STATUS)


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


@pytest.mark.parametrize(
    ("current", "measured", "expected"),
    [
        pytest.param(AS_ROOT, facts(), Identity(101, 101, Source.MEASURED), id="stepped down with exec"),
        pytest.param(AS_ROOT, facts(dumpable=None), Identity(101, 101, Source.MEASURED), id="dumpable unknown: worth the one try"),
        pytest.param(AS_ROOT, facts(dumpable=False), None, id="stepped down without exec: no uid helps"),
        pytest.param(AS_ROOT, facts(caps=0x400), None, id="holds a capability no such container can have"),
        pytest.param(AS_ROOT, facts(uid=(0, 101, 101, 101)), None, id="ids differ among themselves"),
        pytest.param(AS_ROOT, facts(root_open=True), None, id="open"),
        pytest.param(AS_ROOT, facts(pid=0, uid=None, gid=None), None, id="not visible"),
        pytest.param(Identity(0, 0, Source.GIVEN), facts(), None, id="what the user said stands"),
        pytest.param(Identity(101, 101, Source.STATUS), facts(our_uid=101, our_gid=101), None, id="already that"),
        pytest.param(Identity(65532, 65532, Source.GUESS), facts(uid=(0,) * 4, gid=(0,) * 4, caps=0xA80425FB, our_uid=65532, our_gid=65532), Identity(0, 0, Source.MEASURED), id="a guess that was root with capabilities"),
    ],
)  # fmt: skip
def test_a_wrong_guess_is_corrected_only_where_that_helps(
    current: Identity, measured: Facts, expected: Identity | None
) -> None:
    assert correction(current, measured) == expected
