"""`doctor` tells the truth about a real cluster, whoever asks, and adds nothing to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kubectl_dshell.domain.permissions import USES

from .older_runtime import OlderRuntime
from .test_unreachable import kubectl_proxy
from .users import create_user, token_of

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakeNamespace, MakeUser
    from .pods import Pod
    from .program import Dshell, Result

RBAC = Path(__file__).parents[2] / "manifests/rbac"


def checks(done: Result) -> dict[str, Any]:
    assert done.stderr == ""
    document = json.loads(done.stdout)
    assert (document["apiVersion"], document["kind"]) == ("dshell/v1", "Checkup")
    return {one["name"]: one for one in document["checks"]}


def statuses(done: Result) -> dict[str, list[str]]:
    """The names of the checks by their status, without ok ones."""
    found: dict[str, list[str]] = {}
    for name, one in checks(done).items():
        if one["status"] != "ok":
            found.setdefault(one["status"], []).append(name)
    return found


def test_the_administrator_of_this_cluster_has_nothing_to_fix(shared_pod: Pod, dshell: Dshell) -> None:
    done = dshell("doctor", "-o", "json")

    assert (done.code, statuses(done)) == (0, {})
    found = checks(done)
    assert shared_pod.namespace in found["kubeconfig"]["message"]
    assert found["kubeconfig"]["message"].startswith(f"{dshell.kubeconfig} ($KUBECONFIG), ")
    assert found["containerUser"]["message"] == "the status of every running container here names its user"
    assert shared_pod.debug_containers() == {}


def test_people_read_a_line_for_each_check(dshell: Dshell) -> None:
    done = dshell("doctor")

    lines = done.stdout.decode().splitlines()
    assert (done.code, done.stderr) == (0, f"{len(lines)} ok\n")
    assert all(line.startswith("ok        ") for line in lines)


def test_on_a_terminal_the_status_is_in_colour_and_lines_fit(dshell: Dshell) -> None:
    with dshell.terminal("doctor", columns=80, env={"TERM": "xterm"}) as session:
        assert session.wait() == 0

    assert max(len(line) for line in session.text.splitlines() if "kubeconfig" not in line) <= 80
    assert "\x1b[32mok\x1b[0m" in session.output.decode()


def test_who_may_nothing_is_told_what_is_unknown_and_the_printed_role_suffices(
    cluster: Cluster, make_user: MakeUser, dshell: Dshell, shared_pod: Pod
) -> None:
    name, kubeconfig = make_user("doctor-nothing", None)
    nobody = dshell.of_somebody_else(kubeconfig)

    before, text = nobody("doctor", "-o", "json"), nobody("doctor", "-q")

    assert (before.code, text.code, text.stderr) == (69, 69, "")
    assert statuses(before) == {
        "failed": ["permissions.session"],
        "warning": [f"permissions.{use.name}" for use in USES[1:]],
        "unknown": ["nodes", "containerUser", "imageVolumes", "transport", "podSecurity", "debugImage"],
    }
    assert checks(before)["user"]["message"] == name

    cluster.kubectl("apply", "-f", "-", stdin=text.stdout.decode().partition("\n\n")[2])
    after = nobody("doctor", "-o", "json")
    entered = nobody(shared_pod.name, "--", "true")

    assert after.code == 0
    assert "failed" not in statuses(after)
    assert checks(after)["transport"]["status"] == "ok"
    assert (entered.code, entered.stderr) == (0, "")


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
def test_the_manifest_of_a_use_is_all_that_it_needs(use: Any, make_user: MakeUser, dshell: Dshell) -> None:
    _, kubeconfig = make_user(f"doctor-{use.name}", RBAC / f"{use.name}.yaml")

    found = checks(dshell.with_kubeconfig(kubeconfig)("doctor", "-o", "json"))

    assert found[f"permissions.{use.name}"]["status"] == "ok"
    assert found[f"permissions.{use.name}"]["missingRole"] is None


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_a_level_is_explained(level: str, make_namespace: MakeNamespace, dshell: Dshell) -> None:
    namespace = make_namespace(level)

    found = checks(dshell("doctor", "-n", namespace, "-o", "json"))["podSecurity"]

    assert found["status"] == "ok"
    assert found["message"].startswith(f"{level}: ")
    assert found["message"].endswith("--profile general is refused")


def test_what_cannot_be_reached_fails_and_the_rest_is_left_out(dshell: Dshell) -> None:
    done = dshell("doctor", "-o", "json", "-s", "https://127.0.0.1:1")

    assert (done.code, statuses(done)) == (69, {"failed": ["server"]})


def test_what_stops_websockets_is_told(cluster: Cluster, dshell: Dshell, shared_pod: Pod, tmp_path: Path) -> None:
    """kubectl proxy rejects the exec, and a reverse proxy may drop a header; started as the message says, one works."""
    with kubectl_proxy(cluster) as server:
        rejected = dshell("doctor", "-o", "json", "--server", server)
    with kubectl_proxy(cluster, "--reject-paths=^$") as server:
        passed = dshell("doctor", "-o", "json", "--server", server)
    account, namespace = "doctor-behind-a-proxy", shared_pod.namespace
    create_user(cluster, namespace, account, RBAC / "session.yaml")
    token = token_of(cluster, namespace, account)
    with OlderRuntime(cluster, tmp_path, drops_upgrades=True) as dropping:
        through = dshell.with_kubeconfig(dropping.kubeconfig(tmp_path / "dropping.kubeconfig", token, namespace))
        dropped = through("doctor", "-o", "json")

    assert [done.code for done in (rejected, passed, dropped)] == [69, 0, 69]
    assert "--reject-paths='^$'" in checks(rejected)["transport"]["fix"][0]
    assert checks(passed)["transport"]["status"] == "ok"
    assert "200 OK to a request for a WebSocket" in checks(dropped)["transport"]["message"]


def test_a_runtime_that_names_no_users_is_noticed_in_its_pods(
    cluster: Cluster, dshell: Dshell, shared_pod: Pod, tmp_path: Path
) -> None:
    namespace = shared_pod.namespace
    create_user(cluster, namespace, "doctor-older", RBAC / "ls.yaml")
    token = token_of(cluster, namespace, "doctor-older")
    with OlderRuntime(cluster, tmp_path) as older:
        through = dshell.with_kubeconfig(older.kubeconfig(tmp_path / "older.kubeconfig", token, namespace))
        found = checks(through("doctor", "-o", "json"))["containerUser"]

    assert found["status"] == "warning"
    assert found["message"].startswith("not in the status of ")


def test_an_image_that_no_node_has_and_a_namespace_that_does_not_exist(dshell: Dshell) -> None:
    done = dshell("doctor", "-n", "no-such-namespace", "--image", "dshell.test/none:1", "-o", "yaml")

    found = {one["name"]: one["status"] for one in yaml.safe_load(done.stdout)["checks"]}
    assert (done.code, found["debugImage"], found["podSecurity"]) == (69, "warning", "failed")
