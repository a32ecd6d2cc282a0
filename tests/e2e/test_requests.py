"""What a session asks of the API server, no more, and that the least role allows it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from .audit import asked
from .traces import log_of

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakePod, MakeUser
    from .program import Dshell

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
CHECK = ["get pods/exec 400", "watch pods 101"]  # whether an exec would get through
TARGET = ["get pods 200", "create selfsubjectreviews 201", *CHECK]
EXEC = TETHER = "get pods/exec 101"
FIRST = [*TARGET, "patch pods/ephemeralcontainers 200", "watch pods 200", EXEC]
REUSED = [*TARGET, EXEC]


def test_a_session_makes_these_requests_and_a_reused_one_fewer(
    cluster: Cluster, make_pod: MakePod, make_user: MakeUser, dshell: Dshell
) -> None:
    pod = make_pod()
    user, kubeconfig = make_user("ada", SESSION_ROLE)
    ada = dshell.with_kubeconfig(kubeconfig)

    with ada.terminal(pod.name, "--keep=20s") as session:
        session.expect(r"/app:/ \$ ")
        session.send("exit 3\n")
        assert session.wait() == 3
    first = asked(cluster, user, kubeconfig)
    done = ada(pod.name, "--", "cat", "app/secret.txt")
    both = asked(cluster, user, kubeconfig)

    assert sorted(first) == sorted([*FIRST, TETHER])
    assert (done.stdout, done.stderr, done.code) == (b"only the app reads this\n", "", 0)
    assert sorted(both[len(first) :]) == sorted(REUSED)


def test_the_least_role_is_enough_for_a_command_even_without_watch(
    cluster: Cluster, make_pod: MakePod, make_user: MakeUser, dshell: Dshell, tmp_path: Path
) -> None:
    role = yaml.safe_load(SESSION_ROLE.read_text())
    role["metadata"]["name"] = "without-watch"
    role["rules"][0]["verbs"].remove("watch")
    manifest = tmp_path / "role.yaml"
    manifest.write_text(yaml.safe_dump(role))
    pod = make_pod()
    user, kubeconfig = make_user("ben", manifest)

    done = dshell.with_kubeconfig(kubeconfig)(pod.name, "--", "sh", "-c", "cat; exit 42", input=b"in\n")

    assert (done.stdout, done.stderr, done.code) == (b"in\n", "", 42)
    requests = asked(cluster, user, kubeconfig)
    polls = requests.count("get pods 200") - 1
    assert 1 <= polls <= 20
    refused = [re.sub("watch pods .*", "watch pods 403", request) for request in FIRST]
    assert sorted(requests) == sorted([*refused, *["get pods 200"] * polls])


@pytest.mark.parametrize("verb", ["get", "patch", "create"])
def test_each_right_of_the_least_role_is_needed(
    make_pod: MakePod, make_user: MakeUser, dshell: Dshell, tmp_path: Path, verb: str
) -> None:
    role = yaml.safe_load(SESSION_ROLE.read_text())
    role["metadata"]["name"] = f"without-{verb}"
    role["rules"] = [{**rule, "verbs": [one for one in rule["verbs"] if one != verb]} for rule in role["rules"]]
    manifest = tmp_path / "role.yaml"
    manifest.write_text(yaml.safe_dump({**role, "rules": [rule for rule in role["rules"] if rule["verbs"]]}))
    pod = make_pod()
    _, kubeconfig = make_user(f"no-{verb}", manifest)

    done = dshell.with_kubeconfig(kubeconfig)(pod.name, "--", "true")

    assert done.code == 77
    assert f"may not {verb} pods" in done.stderr


def test_nothing_typed_or_printed_is_in_the_log_of_the_debug_container(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    with dshell.terminal(pod.name) as session:
        session.expect(r"/app:/ \$ ")
        session.send("cat app/secret.txt; ls no-such-file; exit\n")
        session.expect("only the app reads this")
        assert session.wait() == 1
    (name,) = pod.debug_containers()
    pod.wait_terminated(name, 10)

    assert log_of(pod, name) == ""
