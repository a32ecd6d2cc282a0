"""What would be sent, and what was: --dry-run and -v."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from .pods import STATIC_FILECAPS, app

if TYPE_CHECKING:
    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod
    from .program import Dshell

FLAGS = ("--env", "GREETING=hello $USER $(HOME) $$", "--ttl", "1h", "--image-pull-policy", "IfNotPresent")
REQUEST = re.compile(r"(GET|POST|PATCH) https://[^/]+(/\S*) (\d{3} [\w ]+) in \d+ ms")


@pytest.mark.parametrize("mode", ["client", "server"])
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_dry_run_prints_exactly_what_is_then_sent(make_pod: MakePod, dshell: Dshell, mode: str, form: str) -> None:
    pod = make_pod()

    shown = dshell(pod.name, *FLAGS, f"--dry-run={mode}", "-o", form)
    assert pod.debug_containers() == {}
    entered = dshell(pod.name, *FLAGS, "--", "sh", "-c", 'echo "$GREETING"')

    assert (shown.code, shown.stderr) == (0, "")
    patch = json.loads(shown.stdout) if form == "json" else yaml.safe_load(shown.stdout)
    (printed,) = patch.pop("spec")["ephemeralContainers"]
    assert patch == {}
    assert entered.stdout == b"hello $USER $(HOME) $$\n"
    (sent,) = pod.debug_containers().values()
    defaults = {"terminationMessagePath": "/dev/termination-log", "resources": {}}  # the server's own
    assert {**defaults, **nameless(printed)} == nameless(sent.spec)
    seals = [[one["name"] for one in spec["env"] if one["name"] == "DSHELL_SEAL"] for spec in (printed, sent.spec)]
    assert seals == [[], ["DSHELL_SEAL"]]  # what is shown could be added with another command


def nameless(container: Json) -> Json:
    """Without the name, which is drawn by lot, and what is made of it."""
    made_of_it = ("DSHELL_PROTOCOL", "DSHELL_SEAL")
    env = [variable for variable in container["env"] if variable["name"] not in made_of_it]
    return {**container, "name": "", "env": env}


def test_what_a_dry_run_prints_is_accepted_by_kubectl(cluster: Cluster, make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    shown = dshell(pod.name, "--dry-run", "-o", "json")
    where = ("-n", pod.namespace, "--subresource=ephemeralcontainers", "--type=strategic")
    cluster.kubectl("patch", "pod", pod.name, *where, "-p", shown.stdout.decode())

    (printed,) = json.loads(shown.stdout)["spec"]["ephemeralContainers"]
    assert list(pod.debug_containers()) == [printed["name"]]


def test_only_the_server_knows_what_a_policy_refuses(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod(app(STATIC_FILECAPS), namespace=make_namespace("baseline"))
    general = (pod.name, "-n", pod.namespace, "--profile", "general")

    shown, refused = (dshell(*general, f"--dry-run={mode}") for mode in ("client", "server"))
    really = dshell(*general, "--", "true")

    assert (shown.code, shown.stderr) == (0, "")
    assert (refused.code, refused.stdout) == (77, b"")
    assert without_names(refused.stderr) == without_names(really.stderr)
    assert 'violates PodSecurity "baseline:latest"' in refused.stderr
    assert pod.debug_containers() == {}


def without_names(text: str) -> str:
    return re.sub(r"dshell-\w{5}", "dshell-NAME", text)


def test_v6_shows_each_request_with_its_status_and_time(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    entered = dshell(pod.name, "-v", "6", "--", "cat", "app/secret.txt")

    assert (entered.code, entered.stdout) == (0, b"only the app reads this\n")
    requests = [REQUEST.fullmatch(line) for line in entered.stderr.splitlines()]
    assert all(requests), entered.stderr
    seen = {(one[1], one[2].partition("?")[0], one[3]) for one in requests if one}
    here = f"/api/v1/namespaces/{pod.namespace}/pods"
    only_of_a_slow_start = {("GET", f"/api/v1/namespaces/{pod.namespace}/events", "200 OK")}
    assert seen - only_of_a_slow_start == {
        ("GET", f"{here}/{pod.name}", "200 OK"),
        ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "201 Created"),
        ("PATCH", f"{here}/{pod.name}/ephemeralcontainers", "200 OK"),
        ("GET", here, "200 OK"),
        ("GET", here, "101 Switching Protocols"),
        ("GET", f"{here}/{pod.name}/exec", "400 Bad Request"),
        ("GET", f"{here}/{pod.name}/exec", "101 Switching Protocols"),
    }


def test_v8_shows_bodies_without_what_is_secret(
    make_pod: MakePod, dshell: Dshell, cluster: Cluster, namespace: str
) -> None:
    account = ("serviceaccount", "traced", "-n", namespace)
    cluster.kubectl("create", *account)
    admin = ("--clusterrole=cluster-admin", f"--serviceaccount={namespace}:traced", "-n", namespace)
    cluster.kubectl("create", "rolebinding", "traced", *admin)
    token = cluster.kubectl("create", "token", *account[1:]).stdout.strip()
    variables: list[Json] = [{"name": "DATABASE_PASSWORD", "value": "pa55-of-the-app"}]
    pod = make_pod(app(env=variables))

    entered = dshell(pod.name, "-v", "8", "--token", token, "--env", "API_KEY=k3y-of-the-user", "--", "true")

    assert entered.code == 0
    assert f'"name":"{pod.name}"' in entered.stderr
    assert '"name":"DATABASE_PASSWORD"' in entered.stderr
    assert '"ephemeralContainers":[{"name":"dshell-' in entered.stderr
    for secret in ("pa55-of-the-app", "k3y-of-the-user", token, token.rpartition(".")[2]):
        assert secret not in entered.stderr
