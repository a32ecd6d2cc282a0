"""Which pods are copies that dshell has created."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.app_image.tools import MOUNTED
from kubectl_dshell.domain.debug_container.staleness import staleness
from kubectl_dshell.domain.debug_container.status import debug_containers
from kubectl_dshell.domain.pod.pod import Phase, parse_pod
from kubectl_dshell.errors import Malformed
from tests.commands.world import FakeClock
from tests.pods import STARTER, Json, pod_json

TOOLS = {"name": "DSHELL_TOOLS", "value": "/.dshell"}
OURS: Json = {
    "name": "dshell-abcde",
    "command": [*MOUNTED.shell_words, "-c", "x"],
    "env": [{"name": "DSHELL_PROTOCOL", "value": f"2 {STARTER}"}, TOOLS],
}


def copy_json(container: Json = OURS, phase: str = "Running", state: Json | None = None, **meta: Any) -> Json:
    running = {"name": "dshell-abcde", "state": state or {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
    pod = pod_json(spec={"containers": [container, {"name": "mesh"}]}, statuses=[running], phase=phase)
    pod["metadata"] |= meta
    return pod


def test_its_container_is_a_debug_container_with_tools_in_a_volume() -> None:
    pod = parse_pod(copy_json(annotations={"kubectl-dshell/copy-of": "web-0/app"}))
    (found,) = debug_containers(pod)

    assert pod.is_copy
    assert [one.name for one in pod.containers] == ["mesh"]
    assert (found.ours, found.is_copy, found.target, found.copy_of) == (True, True, "app", "web-0/app")
    assert (found.phase, found.tools, found.borrower) == (Phase.RUNNING, MOUNTED, "")


@pytest.mark.parametrize(
    "container",
    [
        pytest.param({**OURS, "name": "app"}, id="another name"),
        pytest.param({**OURS, "env": []}, id="no stamp"),
        pytest.param({**OURS, "env": [{**TOOLS, "value": "/x"}]}, id="another stamp"),
        pytest.param({**OURS, "env": [{"name": "DSHELL_TOOLS", "valueFrom": {}}]}, id="a stamp from elsewhere"),
    ],
)
def test_any_other_pod_is_an_app_whatever_its_annotations_say(container: Json) -> None:
    pod = parse_pod(copy_json(container, annotations={"kubectl-dshell/copy-of": "web-0/app"}))

    assert not pod.is_copy
    assert list(debug_containers(pod)) == []


@pytest.mark.parametrize("said", ["", "a" * 9000, "x\n\x1b[2J/\u2028y", "/", "a/b/c"])
def test_what_it_claims_to_be_a_copy_of_is_one_line(said: str) -> None:
    (found,) = debug_containers(parse_pod(copy_json(annotations={"kubectl-dshell/copy-of": said})))

    assert len(found.copy_of + found.target) <= 512
    assert (found.copy_of + found.target).isprintable()


@pytest.mark.parametrize("env", [7, [7], [{"name": 7}], {"name": "x"}])
def test_an_environment_of_another_type_is_malformed(env: Any) -> None:
    with pytest.raises(Malformed):
        parse_pod(copy_json({**OURS, "env": env}))


@pytest.mark.parametrize(
    ("phase", "state", "expected"),
    [
        ("Running", None, (Phase.RUNNING, "")),
        ("Pending", {"waiting": {"reason": "ErrImagePull"}}, (Phase.WAITING, "")),
        ("Succeeded", {"terminated": {"exitCode": 0}}, (Phase.TERMINATED, "a copy that has ended")),
        ("Failed", {"waiting": {"reason": "ErrImagePull"}}, (Phase.TERMINATED, "a copy that has ended")),
    ],
)
def test_one_that_has_ended_is_stale(phase: str, state: Json | None, expected: tuple[Phase, str]) -> None:
    (found,) = debug_containers(parse_pod(copy_json(phase=phase, state=state)))

    assert (found.phase, staleness(found, FakeClock().now())) == expected
