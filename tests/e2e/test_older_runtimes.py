"""Where the runtime does not report whom a container runs as: the spec is believed, a wrong guess is corrected once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .older_runtime import OlderRuntime
from .pods import STATIC, STATIC_ROOT, STATIC_SCRATCH, Pod, add_by_hand, app
from .users import create_user, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster, Json
    from .conftest import MakePod
    from .program import Dshell

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
WHO = ("--", "sh", "-c", "id -u; id -g; wc -c <tmp/own")
BOTH = {"runAsUser": 10001, "runAsGroup": 10002}


@pytest.fixture(scope="module")
def token(cluster: Cluster, namespace: str) -> str:
    create_user(cluster, namespace, "old", SESSION_ROLE)
    return token_of(cluster, namespace, "old")


@pytest.fixture
def old_dshell(cluster: Cluster, namespace: str, dshell: Dshell, token: str, tmp_path: Path) -> Iterator[Dshell]:
    """The program on the older cluster, with no more rights than documented."""
    with OlderRuntime(cluster, tmp_path) as older:
        yield dshell.with_kubeconfig(older.kubeconfig(tmp_path / "old.kubeconfig", token, namespace))


def tried_in(pod: Pod) -> list[tuple[int, int]]:
    """Whom the pod's debug containers were, in the order of their ids."""
    contexts = [entry.spec["securityContext"] for entry in pod.debug_containers().values()]
    return sorted((one["runAsUser"], one["runAsGroup"]) for one in contexts)


@pytest.mark.parametrize(
    ("container", "spec", "tried"),
    [
        pytest.param(app(STATIC, securityContext=BOTH), {}, [(10001, 10002)], id="ids of the container"),
        pytest.param(app(), {"securityContext": BOTH}, [(10001, 10002)], id="ids of the pod"),
        pytest.param(
            app(securityContext={"runAsUser": 10001}),
            {"securityContext": {"runAsUser": 1, "runAsGroup": 10002}},
            [(10001, 10002)],
            id="the container's before the pod's",
        ),
        pytest.param(app(), {}, [(65532, 65532)], id="nothing known, the guess is right"),
        pytest.param(app(STATIC_SCRATCH), {}, [(65532, 65532), (65532, 0)], id="nothing known, the guess is wrong"),
        pytest.param(
            app(securityContext={"runAsUser": 65532}),
            {},
            [(65532, 0), (65532, 65532)],
            id="runAsUser without runAsGroup",
        ),
    ],
)
def test_an_app_is_entered_as_itself(
    make_pod: MakePod, old_dshell: Dshell, container: Json, spec: Json, tried: list[tuple[int, int]]
) -> None:
    pod = make_pod({**container, "args": ["-fill=/tmp/own=16"]}, **spec)

    entered = old_dshell(pod.name, *WHO)

    assert (entered.code, entered.stderr) == (0, "")
    assert entered.stdout.decode().split() == [str(tried[-1][0]), str(tried[-1][1]), "16"]
    assert tried_in(pod) == sorted(tried)


def test_nobody_becomes_root_on_the_word_of_a_process(make_pod: MakePod, old_dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_ROOT, "-fill=/tmp/own=16"))

    refused = old_dshell(pod.name, *WHO)
    said = old_dshell(pod.name, "--run-as=0:0", *WHO)

    assert (refused.code, refused.stdout) == (77, b"")
    first, advice = refused.stderr.splitlines()
    assert (
        "neither the container's status nor the pod's spec specifies its user, but a process in it claims 0:0" in first
    )
    assert advice == f"If the claim is right, retry with: kubectl dshell {pod.name} -n {pod.namespace} --run-as 0:0"
    assert (said.code, said.stdout.split()) == (0, [b"0", b"0", b"16"])
    assert tried_in(pod) == [(0, 0), (65532, 65532)]


def test_what_somebody_else_says_was_measured_counts_for_nothing(make_pod: MakePod, old_dshell: Dshell) -> None:
    pod = make_pod()
    stamps = {"DSHELL_OWNER": "admin", "DSHELL_MEASURED": f"{pod.container_id()} 0:0"}
    add_by_hand(pod, {"name": "dshell-forged", "env": [{"name": k, "value": v} for k, v in stamps.items()]})

    entered = old_dshell(pod.name, "--", "id", "-u")

    assert (entered.stdout, entered.code) == (b"65532\n", 0)


def test_what_was_measured_once_is_known_to_the_next(make_pod: MakePod, old_dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_SCRATCH))

    codes = [old_dshell(pod.name, "--", "true").code for _ in range(2)]

    assert codes == [0, 0]
    # the second one may still find the first one's debug container
    assert tried_in(pod) in ([(65532, 0), (65532, 65532)], [(65532, 0), (65532, 0), (65532, 65532)])


def test_a_person_is_told_of_the_guess_and_of_the_measurement(make_pod: MakePod, old_dshell: Dshell) -> None:
    guessed, measured = make_pod(), make_pod(app(STATIC_SCRATCH))

    def told(pod: str) -> str:
        with old_dshell.terminal(pod, "--", "true", columns=200) as session:
            assert session.wait() == 0
        return session.text.strip().partition(f" in {pod} as ")[2]

    assert told(guessed.name) == "65532:65532 (a guess: neither the status nor the spec specifies a user)"
    assert told(measured.name) == "65532:0 (measured in the container)"
