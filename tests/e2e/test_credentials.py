"""Who we are is asked for before a session and never in it; and the way there leads through proxies."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.kube.proxies import Http, Socks5
from tests.waiting import wait_until

from .attached import tethered
from .cluster import write_kubeconfig
from .users import create_user, token_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kube.proxies import AProxy

    from .cluster import Cluster
    from .conftest import MakePod
    from .pods import Pod
    from .program import Dshell

PROMPT = r"/app:/ \$ "
PASSWORD = "hunter2-for-the-sso"  # what must not get anywhere
_DROP_TETHER = r"""for p in /proc/[0-9]*; do tr '\0' '\n' <$p/cmdline 2>/dev/null | grep -qx tether && kill ${p#/proc/}; done; true"""
# Its tokens have expired as soon as it gives them. With a file "bad" the next one is rejected by the server; from then on, or with a
# file "ask", it asks for a password, and keeps what it got.
_PLUGIN = """#!/bin/sh
cd {folder} || exit 1
echo "$KUBERNETES_EXEC_INFO" >>infos
token=$(cat token)
if [ -e ask ]; then
	echo x >>asked
	printf 'Password for SSO: ' >&2
	read -r password && echo "$password" >>typed
	while [ ! -e go ]; do sleep 0.1; done
	exit 7
fi
[ -e bad ] && token=bad && touch ask
until=$(date -u +%Y-%m-%dT%H:%M:%SZ)
echo '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
echo '"status":{{"token":"'$token'","expirationTimestamp":"'$until'"}}}}'
"""


@dataclass(frozen=True, slots=True)
class Plugin:
    folder: Path

    def told(self, name: str) -> str:
        """What it wrote there; empty as long as nothing."""
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def touch(self, name: str) -> None:
        (self.folder / name).touch()


@pytest.fixture
def plugin(cluster: Cluster, namespace: str, tmp_path: Path) -> Plugin:
    name = f"plugin-{tmp_path.name[-1]}-{time.monotonic_ns() % 100000}"
    create_user(cluster, namespace, name, None)
    cluster.kubectl(
        *("create", "rolebinding", name, "-n", namespace, "--clusterrole=admin"),
        f"--serviceaccount={namespace}:{name}",
    )
    cluster.kubectl(
        *("create", "role", name, "-n", namespace, "--verb=patch", "--resource=pods/ephemeralcontainers"),
    )
    cluster.kubectl(
        *("create", "rolebinding", f"{name}-patch", "-n", namespace, f"--role={name}"),
        f"--serviceaccount={namespace}:{name}",
    )
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "token").write_text(token_of(cluster, namespace, name))
    (folder / "plugin").write_text(_PLUGIN.format(folder=folder))
    (folder / "plugin").chmod(0o700)
    return Plugin(folder)


@pytest.fixture
def asking(plugin: Plugin, cluster: Cluster, namespace: str, dshell: Dshell, tmp_path: Path) -> Dshell:
    """The program as a user of that plugin."""
    entry = {
        "command": str(plugin.folder / "plugin"),
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "IfAvailable",
    }
    return dshell.with_kubeconfig(
        write_kubeconfig(tmp_path / "asking", cluster.connection(), {"exec": entry}, namespace)
    )


def drop_tether(pod: Pod) -> None:
    """The one that is there: it connects after the prompt."""
    (name,) = pod.debug_containers()
    pod.cluster.kubectl("exec", pod.name, "-n", pod.namespace, "-c", name, "--", "sh", "-c", _DROP_TETHER)


@pytest.mark.parametrize("why", ["expiry", "401"])
def test_a_plugin_asks_nothing_while_a_session_has_the_terminal(
    why: str, make_pod: MakePod, plugin: Plugin, asking: Dshell
) -> None:
    """What is typed goes to the pod alone, what a plugin would ask is asked nowhere, and both are said once."""
    pod = make_pod()
    with asking.terminal(pod.name) as session:
        session.expect(PROMPT)
        assert '"interactive": true' in plugin.told("infos")
        wait_until(lambda: tethered(pod), 20, "a tether")
        plugin.touch("ask" if why == "expiry" else "bad")

        drop_tether(pod)

        wait_until(lambda: bool(plugin.told("asked")), 30, "the plugin run for the tether")
        session.send("echo to-the-pod-$((40+2))\n")
        session.expect("to-the-pod-42")
        plugin.touch("go")
        session.expect(r"the session continues, but will end soon without credentials: .*exit code 7", 30)
        session.send(f"echo {PASSWORD} >/tmp/typed; cat /tmp/typed; exit 5\n")
        session.expect(rf"\n{PASSWORD}\r?\n")
        assert session.wait() == 5
        assert session.modes() == session.modes_before
        text = session.text

    assert plugin.told("typed") == ""
    assert json.loads(plugin.told("infos").splitlines()[-1])["spec"]["interactive"] is False
    # Once in the message, and never as a question: not even while the goodbye is said.
    assert text.count("Password for SSO") == text.count("will end soon without credentials") == 1


def test_credentials_that_expire_in_a_session_are_renewed(make_pod: MakePod, plugin: Plugin, asking: Dshell) -> None:
    """By a new run of the plugin, which nobody notices; a token is never older than its connection."""
    pod = make_pod()
    with asking.terminal(pod.name) as session:
        session.expect(PROMPT)
        wait_until(lambda: tethered(pod), 20, "a tether")
        runs = len(plugin.told("infos").splitlines())

        drop_tether(pod)

        wait_until(lambda: len(plugin.told("infos").splitlines()) > runs, 30, "another run of the plugin")
        session.send("echo still-$((40+2)); exit 5\n")
        session.expect("still-42")
        assert session.wait() == 5
        text = session.text

    assert "credentials" not in text
    assert json.loads(plugin.told("infos").splitlines()[-1])["spec"]["interactive"] is False


def test_a_plugin_asks_before_the_session(make_pod: MakePod, plugin: Plugin, asking: Dshell) -> None:
    pod = make_pod()
    plugin.touch("ask")
    plugin.touch("go")
    with asking.terminal(pod.name) as session:
        session.expect("Password for SSO: ")
        session.send(f"{PASSWORD}\n")
        assert session.wait() == 78

    assert plugin.told("typed") == f"{PASSWORD}\n"
    assert "failed with exit code 7" in session.text


@pytest.mark.parametrize("kind", [Socks5, Http])
def test_a_session_through_a_proxy_that_alone_knows_the_server(
    kind: type[AProxy], make_pod: MakePod, cluster: Cluster, namespace: str, dshell: Dshell, tmp_path: Path
) -> None:
    pod = make_pod()
    host, port = cluster.address()
    with kind("api.nowhere.test", (host, port), login="jane:pass") as proxy:
        entry = {
            **cluster.connection(),
            "server": f"https://api.nowhere.test:{port}",
            "tls-server-name": host,
            "proxy-url": proxy.url,
        }
        far = dshell.with_kubeconfig(write_kubeconfig(tmp_path / "far", entry, cluster.credentials(), namespace))
        with far.terminal(pod.name) as session:
            session.expect(PROMPT)
            session.send("echo from-$((40+2)); exit 3\n")
            session.expect("from-42")
            assert session.wait() == 3
        data = bytes(range(256)) * 4096
        piped = far(pod.name, "-i", "--", "cat", input=data)
        assert (piped.stdout, piped.code) == (data, 0), piped.stderr
        assert set(proxy.asked) == {f"api.nowhere.test:{port}"}

    dead = far("ls")
    assert dead.code == 76
    assert f"the proxy {kind.scheme}://127.0.0.1:{proxy.port} cannot be reached: Connection refused" in dead.stderr
    assert "pass" not in dead.stderr


def test_a_kubeconfig_out_of_a_pipe(shared_pod: Pod, dshell: Dshell) -> None:
    """`--kubeconfig <(sops -d k.yaml)`, and the variable."""
    flag = dshell.in_shell('"$@" --kubeconfig <(cat "$KUBECONFIG")', "ls", "-A", "-o", "name")
    variable = dshell.in_shell('KUBECONFIG=<(cat "$KUBECONFIG") "$@"', "ls", "-A", "-o", "name")

    assert (flag.code, variable.code) == (0, 0), flag.stderr + variable.stderr
    del shared_pod
