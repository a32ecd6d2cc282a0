"""Clusters that lack a feature, whatever their version.

Where the runtime does not report whom a container runs as, the spec is believed, and a wrong guess is corrected once.
Where the end of input cannot be sent, everything works that does not need it. Where there are no image volumes, a copy is
refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .older_runtime import Feature, OlderRuntime
from .pods import STATIC, STATIC_ROOT, STATIC_SCRATCH, Pod, add_by_hand, app
from .users import create_user, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster, Json
    from .conftest import MakePod
    from .program import Dshell

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
COPY_ROLE = SESSION_ROLE.with_name("copy.yaml")
WHO = ("--", "sh", "-c", "id -u; id -g; wc -c <tmp/own")
BOTH = {"runAsUser": 10001, "runAsGroup": 10002}
NO_END_OF_INPUT = (
    "error: the API server only supports v4.channel.k8s.io, which cannot signal the end of piped input\n"
    "Piped input needs v5.channel.k8s.io (Kubernetes 1.30, unless the feature gate TranslateStreamCloseWebsocketRequests "
    "is off)."
)
INSTEAD = " Here a terminal works, and a command without input: -I"


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


@pytest.fixture
def v4_dshell(cluster: Cluster, namespace: str, dshell: Dshell, token: str, tmp_path: Path) -> Iterator[Dshell]:
    """The program on a cluster whose execs speak v4.channel.k8s.io alone."""
    with OlderRuntime(cluster, tmp_path, lacks=Feature.V5) as older:
        yield dshell.with_kubeconfig(older.kubeconfig(tmp_path / "v4.kubeconfig", token, namespace))


def test_without_an_end_of_input_whatever_needs_none_works(
    make_pod: MakePod, v4_dshell: Dshell, tmp_path: Path
) -> None:
    pod = make_pod(app(STATIC, "-fill=/tmp/own=16", securityContext=BOTH))

    ran = v4_dshell(pod.name, "-I", "--keep=60s", "--", "sh", "-c", "echo out; echo err >&2; exit 42")
    copied = v4_dshell("cp", "-q", "--keep=60s", f"{pod.name}:/tmp/own", str(tmp_path / "own"))
    with v4_dshell.terminal(pod.name, "--keep=60s") as session:
        session.expect(r"\$ ")
        session.send("wc -c <tmp/own; exit 7\n")
        assert session.wait() == 7

    assert (ran.code, ran.stdout, ran.stderr) == (42, b"out\n", "err\n")
    assert (copied.code, copied.stderr, (tmp_path / "own").stat().st_size) == (0, "", 16)
    assert "\n16\r" in session.text


def test_without_an_end_of_input_a_pipe_is_refused_and_nothing_is_run(
    make_pod: MakePod, v4_dshell: Dshell, tmp_path: Path
) -> None:
    pod = make_pod(app(STATIC, "-fill=/tmp/own=16", securityContext=BOTH))
    (tmp_path / "mine").write_bytes(b"x")

    piped = v4_dshell(pod.name, "--keep=60s", "--", "sh", "-c", "cat; echo ran >tmp/ran", input=b"text")
    upload = v4_dshell("cp", "-q", "-y", "--keep=60s", str(tmp_path / "mine"), f"{pod.name}:/tmp/ran")
    listed = v4_dshell(pod.name, "-I", "--keep=60s", "--", "ls", "tmp")

    assert [(one.code, one.stdout) for one in (piped, upload)] == [(69, b"")] * 2
    assert (piped.stderr, upload.stderr) == (f"{NO_END_OF_INPUT}{INSTEAD}\n", f"{NO_END_OF_INPUT}\n")
    assert listed.stdout == b"own\n"


def test_without_image_volumes_a_copy_is_refused_and_nothing_is_left(
    cluster: Cluster, namespace: str, make_pod: MakePod, dshell: Dshell, tmp_path: Path
) -> None:
    pod = make_pod(app(STATIC, "no-such-mode"))
    create_user(cluster, namespace, "copier", COPY_ROLE)
    with OlderRuntime(cluster, tmp_path, lacks=Feature.IMAGE_VOLUMES) as older:
        kubeconfig = older.kubeconfig(tmp_path / "copier.kubeconfig", token_of(cluster, namespace, "copier"), namespace)

        refused = dshell.with_kubeconfig(kubeconfig)(pod.name, "--copy", "--", "true")

    assert (refused.code, refused.stdout) == (69, b"")
    assert refused.stderr.startswith("error: this cluster has no image volumes")

    def copies() -> list[str]:
        names = [one["metadata"]["name"] for one in cluster.get("pods", "-n", namespace)["items"]]
        return [name for name in names if name.startswith(f"{pod.name}-")]

    wait_until(lambda: not copies(), 60, "the copy is deleted")
