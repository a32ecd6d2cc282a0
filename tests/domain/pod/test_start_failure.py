"""Which of the kubelet's reasons end the wait, and with what advice."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_dshell.domain.pod.start_failure import StartMonitor, describe, may_start
from kubectl_dshell.errors import ExitStatus
from kubectl_dshell.output.failure import format_failure
from tests.domain.runtime.recorded import NEVER_ROOT, NO_APPARMOR, NO_SHELL, NOT_PULLED, Line, ids
from tests.pods import Json, make_pod

NAME = "dshell-abcde"
PULL = (
    'failed to pull and unpack image "registry.invalid/none:1": failed to resolve image: failed to do request: '
    "dial tcp: lookup registry.invalid: no such host"
)


def waiting(reason: str, message: str = "") -> list[Json]:
    return [{"name": NAME, "state": {"waiting": {"reason": reason, "message": message}}}]


def judge(*reports: list[Json], phase: str = "Running") -> list[str | None]:
    watch = StartMonitor(NAME)
    pods = [
        make_pod(ephemeral=[{"name": NAME, "image": "tools:1"}], ephemeral_statuses=statuses, phase=phase)
        for statuses in reports
    ]
    return [str(error) if (error := watch.judge(pod)) else None for pod in pods]


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("ContainerCreating", ""),
        ("PodInitializing", ""),
        ("CreateContainerConfigError", "unable to find target container app"),
        ("RunContainerError", "runc create failed: unable to create new parent process: namespace path: lstat /proc/9/ns/pid: no such file"),
        ("ErrImagePull", PULL),
        ("ImagePullBackOff", "Back-off"),
    ],
)  # fmt: skip
def test_what_may_clear_by_itself_is_waited_for(reason: str, message: str) -> None:
    assert judge(waiting(reason, message)) == [None]


@pytest.mark.parametrize(
    ("reason", "message", "status", "said"),
    [
        ("ErrImageNeverPull", "not present", ExitStatus.UNAVAILABLE, "tools:1 is not on the node and the pull policy is Never"),
        ("InvalidImageName", "couldn't parse", ExitStatus.UNAVAILABLE, "the node cannot use the image tools:1: couldn't parse"),
        ("CreateContainerConfigError", "container has runAsNonRoot and image will run as root", ExitStatus.FORBIDDEN, "requires runAsNonRoot"),
        ("CreateContainerConfigError", "container's runAsUser breaks non-root policy", ExitStatus.FORBIDDEN, "requires runAsNonRoot"),
        ("CreateContainerConfigError", "secret not found", ExitStatus.UNAVAILABLE, "cannot configure the debug container: secret not found"),
        ("RunContainerError", 'error during container init: exec: "sh": executable file not found in $PATH', ExitStatus.UNAVAILABLE, "tools:1 has no shell"),
        ("CreateContainerError", 'invalid target container: container "x" is not running', ExitStatus.NOT_FOUND, "the target container ended before"),
        ("RunContainerError", "runc create failed: procReady not received", ExitStatus.UNAVAILABLE, "killed while starting"),
        ("RunContainerError", 'runc create failed: exec: "sh": exec format error', ExitStatus.UNAVAILABLE, "is not built for the architecture of the pod's node node-1"),
        ("RunContainerError", "no space left on device", ExitStatus.UNAVAILABLE, "cannot start dshell-abcde: no space left"),
    ],
)  # fmt: skip
def test_what_never_clears_ends_the_wait_at_once(
    reason: str, message: str, status: ExitStatus, said: str, snapshot: SnapshotAssertion
) -> None:
    error = StartMonitor(NAME).judge(
        make_pod(ephemeral=[{"name": NAME, "image": "tools:1"}], ephemeral_statuses=waiting(reason, message))
    )

    assert error is not None
    assert said in error.message
    assert error.status is status
    assert format_failure(error) == snapshot


@pytest.mark.parametrize("line", NO_SHELL, ids=ids(NO_SHELL))
def test_an_image_without_a_shell_ends_the_wait_at_once_whoever_says_it(line: Line) -> None:
    words = line.short.removeprefix("exec: ")
    (said,) = judge(waiting(line.reason, line.text))

    assert said == f"tools:1 has no shell: {words} (dshell-abcde never ran, but stays listed in the pod)"


@pytest.mark.parametrize(
    ("line", "said"),
    [(NO_APPARMOR, "the node cannot start dshell-abcde: "), (NEVER_ROOT, "the pod requires runAsNonRoot")],
    ids=ids((NO_APPARMOR, NEVER_ROOT)),
)
def test_what_else_a_node_has_said_ends_the_wait_at_once(line: Line, said: str) -> None:
    (found,) = judge(waiting(line.reason, line.text))

    assert found is not None
    assert found.startswith(said)
    assert line.short in found


def test_what_a_runtime_may_get_over_is_waited_for() -> None:
    """The kubelet tries again for ever; CRI-O gives it this reason for everything that fails before the start."""
    for message in ("context deadline exceeded", "failed to reserve container name", "no such file or directory", ""):
        assert judge(waiting("CreateContainerError", message)) == [None]


@pytest.mark.parametrize("line", NOT_PULLED, ids=ids(NOT_PULLED))
def test_the_cause_of_a_failed_pull_is_the_same_whoever_says_it(line: Line) -> None:
    found = judge(waiting("ErrImagePull", "x"), waiting("ImagePullBackOff", line.text))
    pod = make_pod(ephemeral=[{"name": NAME}], ephemeral_statuses=waiting(line.reason, line.text))

    assert found == [
        None,
        f"the node cannot pull tools:1: {line.short} (dshell-abcde never ran, but stays listed in the pod)",
    ]
    assert describe(pod, NAME, []) == f"{line.reason}: {line.short}"


@pytest.mark.parametrize("line", NO_SHELL, ids=ids(NO_SHELL))
def test_the_live_line_is_short_and_one(line: Line) -> None:
    pod = make_pod(ephemeral=[{"name": NAME}], ephemeral_statuses=waiting(line.reason, line.text))

    assert describe(pod, NAME, []) == f"{line.reason}: {line.short}"


def test_what_a_process_wrote_before_its_end_is_one_line() -> None:
    ended = [{"name": NAME, "state": {"terminated": {"exitCode": 69, "message": "one\ntwo\n"}}}]

    assert judge(ended) == ["dshell-abcde (tools:1) exited immediately: one two (exit code 69)"]


def test_crun_words_another_architecture_in_its_own_way() -> None:
    """Known from its source: strerror(3) begins with a capital letter."""
    ended = {"exitCode": 1, "reason": "Error", "message": "exec container process `/bin/sh`: Exec format error\n"}

    (said,) = judge([{"name": NAME, "state": {"terminated": ended}}])

    assert said is not None
    assert "is not built for the architecture" in said


def test_an_image_that_cannot_be_pulled_ends_the_wait_on_the_second_report() -> None:
    assert judge(waiting("ErrImagePull", PULL), waiting("ErrImagePull", PULL), waiting("ImagePullBackOff", f'Back-off pulling image "x": ErrImagePull: {PULL}')) == [
        None,
        None,
        ("the node cannot pull tools:1: lookup registry.invalid: no such host "
         "(dshell-abcde never ran, but stays listed in the pod)"),
    ]  # fmt: skip


def event(reason: str, message: str, name: str = NAME, last: str = "") -> Json:
    about = {"fieldPath": f"spec.ephemeralContainers{{{name}}}"}
    return {"involvedObject": about, "reason": reason, "message": message, "lastTimestamp": last}


PULL_FAILED = event("Failed", f'Failed to pull image "x": {PULL}', last="2026-01-01T00:00:01Z")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (event("InspectFailed", "couldn't parse image name"), "the node cannot use the image tools:1: couldn't parse"),
        (event("ErrImageNeverPull", "not present"), "tools:1 is not on the node and the pull policy is Never"),
    ],
)
def test_an_event_ends_the_wait_before_the_status_does(event: Json, said: str) -> None:
    pod = make_pod(ephemeral=[{"name": NAME, "image": "tools:1"}], ephemeral_statuses=waiting("ContainerCreating"))

    assert said in str(StartMonitor(NAME).judge(pod, [event]))


def test_an_event_is_the_first_report_of_a_failed_pull_and_the_status_the_second() -> None:
    watch = StartMonitor(NAME)
    creating, failed = (
        make_pod(ephemeral=[{"name": NAME, "image": "tools:1"}], ephemeral_statuses=waiting(reason, PULL))
        for reason in ("ContainerCreating", "ErrImagePull")
    )

    assert [watch.judge(creating, [PULL_FAILED, event("Failed", "Error: ErrImagePull")]) for _ in range(2)] == [
        None,
        None,
    ]
    assert "the node cannot pull tools:1: lookup registry.invalid: no such host" in str(
        watch.judge(failed, [PULL_FAILED])
    )


def test_events_of_another_container_say_nothing() -> None:
    pod = make_pod(ephemeral=[{"name": NAME, "image": "tools:1"}], ephemeral_statuses=waiting("ContainerCreating"))

    assert StartMonitor(NAME).judge(pod, [event("InspectFailed", "no", name="app")]) is None


def test_a_debug_container_that_ended_at_once_says_its_last_words() -> None:
    ended = [{"name": NAME, "state": {"terminated": {"exitCode": 69, "message": "needs read -t"}}}]

    assert judge(ended) == ["dshell-abcde (tools:1) exited immediately: needs read -t (exit code 69)"]


@pytest.mark.parametrize("last", ["sh: 1: exec: bash: not found", "sh: 1: exe", ""])
def test_a_shell_without_read_t_is_told_by_our_own_command(last: str) -> None:
    """Dash puts the command before its message, and the kubelet may read the log before all of it is there."""
    message = f"exec 3<&0; s=${{DSHELL_PROTOCOL##* }}; while read -r -t $s k v; do :; done: {last}"
    ended = [{"name": NAME, "state": {"terminated": {"exitCode": 127, "message": message}}}]

    assert judge(ended) == [
        "dshell-abcde (tools:1) exited immediately: its sh has no read -t, and it has no bash (exit code 127)"
    ]


def test_a_pod_that_is_over_is_not_waited_for() -> None:
    assert judge([], phase="Succeeded") == [
        "pod web has terminated (phase Succeeded); dshell-abcde will not start in it"
    ]


PULLING = event("Pulling", 'Pulling image "tools:1"')


@pytest.mark.parametrize(
    ("statuses", "events", "line"),
    [
        pytest.param([], [], "waiting for the kubelet on node-1", id="no status"),
        pytest.param(waiting("ContainerCreating"), [], "creating the debug container", id="creating"),
        pytest.param(waiting("ContainerCreating"), [PULLING], "pulling image tools:1", id="an event tells more"),
        pytest.param(
            waiting("ContainerCreating"),
            [PULLING, PULL_FAILED],
            "the image could not be pulled, retrying: lookup registry.invalid: no such host",
            id="a failure",
        ),
        pytest.param(
            waiting("ContainerCreating"),
            [event("Pulling", 'Pulling image "tools:1"', last="2026-01-01T00:00:02Z"), PULL_FAILED],
            "pulling image tools:1",
            id="tried again",
        ),
        pytest.param(waiting("ImagePullBackOff", "Back-off"), [], "ImagePullBackOff: Back-off", id="back-off"),
        pytest.param(
            waiting("ImagePullBackOff", f'Back-off pulling image "x": ErrImagePull: {PULL}'),
            [PULLING],
            "ImagePullBackOff: lookup registry.invalid: no such host",
            id="the cause of a back-off",
        ),
        pytest.param(
            waiting("CreateContainerConfigError", "unable to find target container app"),
            [],
            "CreateContainerConfigError: unable to find target container app",
            id="another reason",
        ),
    ],
)
def test_the_live_line_says_what_is_waited_for(statuses: list[Json], events: list[Json], line: str) -> None:
    pod = make_pod(ephemeral=[{"name": NAME, "image": "tools:1"}], ephemeral_statuses=statuses)

    assert describe(pod, NAME, events) == line


def test_an_image_for_another_architecture_is_told_from_one_without_a_shell() -> None:
    """Runc has begun by then: its words are in the container's log, and so in its termination message."""
    ended = {"exitCode": 255, "reason": "Error", "message": "exec /bin/sh: exec format error\n"}

    (said,) = judge([{"name": NAME, "state": {"terminated": ended}}])

    assert said is not None
    assert said.startswith("tools:1 is not built for the architecture of the pod's node node-1")


@pytest.mark.parametrize(
    "message",
    [
        'failed to pull and unpack image "tools:1": no match for platform in manifest: not found',
        'choosing image instance: no image found in image index for architecture "arm64", variant "v8", OS "linux"',
        'choosing an image: no image found in manifest list for architecture "arm64", variant "v8", OS "linux"',
        "no matching manifest for linux/arm64/v8 in the manifest list entries",
    ],
    ids=["containerd", "CRI-O", "an older CRI-O", "Docker"],
)
def test_an_image_that_no_registry_has_for_the_node_ends_the_wait_at_the_first_report(message: str) -> None:
    pod = make_pod(ephemeral=[{"name": NAME, "image": "tools:1"}], ephemeral_statuses=waiting("ErrImagePull", message))

    error = StartMonitor(NAME, architecture={"node-1": "arm64"}.__getitem__).judge(pod)

    assert error is not None
    assert error.message.startswith("tools:1 is not built for the architecture of the pod's node node-1 (arm64): ")
    assert error.advice[0].startswith("dshell needs an image for arm64, ")


def test_the_node_is_not_asked_for_its_architecture_for_anything_else() -> None:
    pod = make_pod(ephemeral=[{"name": NAME, "image": "tools:1"}], ephemeral_statuses=waiting("ErrImagePull", PULL))
    monitor = StartMonitor(NAME, {"Failed to pull image"}, pytest.fail)

    assert monitor.judge(pod) is not None


REFUSED = 'failed to resolve reference "r.example/tools:1": '


@pytest.mark.parametrize(
    "cause",
    [
        "unexpected status from HEAD request to https://r.example/v2/tools/manifests/1: 401 Unauthorized",
        "failed to authorize: failed to fetch anonymous token: unexpected status: 403 Forbidden",
        "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
        "reading manifest 1 in r.example/tools: unauthorized: authentication required",
        "denied: requested access to the resource is denied",
        "no basic auth credentials",
    ],
)
def test_a_registry_that_wants_credentials_has_those_of_the_pod_named(cause: str) -> None:
    without = private({}, cause)
    many = private({"imagePullSecrets": [{"name": f"cred-{number}"} for number in range(7)]}, cause)
    odd = private({"imagePullSecrets": "no list"}, cause)

    assert "the kubelet uses those of pod web, which has no imagePullSecrets, and the node's." in without[0]
    assert (
        "imagePullSecrets (cred-0, cred-1, cred-2, cred-3, cred-4, ...), its own or its service account's," in many[0]
    )
    assert odd == without
    assert without[1] == "Use another image: --image, or set DSHELL_IMAGE."


def private(spec: Json, cause: str) -> tuple[str, ...]:
    """The advice for a pod of this spec."""
    pod = make_pod(
        spec=spec,
        ephemeral=[{"name": NAME, "image": "tools:1"}],
        ephemeral_statuses=waiting("ErrImagePull", REFUSED + cause),
    )
    error = StartMonitor(NAME, {"Failed to pull image"}).judge(pod)
    assert error is not None
    return tuple(error.advice)


def test_an_image_that_is_not_there_says_nothing_of_credentials() -> None:
    assert private({}, "r.example/tools:1: not found") == ("Use another image: --image, or set DSHELL_IMAGE.",)


@pytest.mark.parametrize(
    ("state", "may"),
    [
        ({}, True),
        ({"waiting": {}}, True),
        ({"waiting": {"reason": "ContainerCreating"}}, True),
        ({"waiting": {"reason": "ErrImagePull"}}, True),
        ({"waiting": {"reason": "CreateContainerConfigError"}}, True),
        ({"waiting": {"reason": "CreateContainerError"}}, False),
        ({"waiting": {"reason": "RunContainerError"}}, False),
        ({"running": {}}, False),
        ({"terminated": {}}, False),
    ],
)
def test_where_another_one_would_wait_for_the_same(state: Json, may: bool) -> None:  # from the table
    pod = make_pod(ephemeral=[{"name": NAME}], ephemeral_statuses=[{"name": NAME, "state": state}])

    assert may_start(pod.ephemeral[0].state) is may
