"""Proxies as kubectl uses them: the same choice for every variable and rule, and the same way through each kind."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from kubectl_dshell.errors import BadConfig, DshellError
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.connection.resolve import connect
from kubectl_dshell.kube.rest.api import Api
from tests.kube.conftest import issue
from tests.kube.proxies import Http, Https, Socks5

from .recorder import NO_SUCH_POD, POD, Recorder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kube.conftest import Certificates
    from tests.kube.proxies import AProxy

    from .cluster import Cluster

PATH = f"/api/v1/namespaces/default/pods/{POD}"
KINDS: dict[str, type[AProxy]] = {"socks5": Socks5, "socks5h": Socks5, "http": Http, "https": Https}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("pki"))


def kubeconfig(folder: Path, **cluster: Any) -> Path:
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "c", "user": {"token": "t"}}],
    }
    file = folder / "config"
    file.write_text(json.dumps(document))
    return file


def files(file: Path) -> dict[str, str]:
    """The variables that lead both programs to this kubeconfig, and to no kuberc."""
    return {"KUBECONFIG": str(file), "HOME": str(file.parent)}


def kubectl(cluster: Cluster, file: Path, environ: dict[str, str]) -> str:
    """What it said of its only request."""
    done = subprocess.run(
        [cluster.kubectl_program, "get", "--raw", PATH, "--request-timeout=5s"],
        env={"PATH": os.environ["PATH"], **files(file), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


@pytest.mark.parametrize("by", ["proxy-url", "HTTPS_PROXY"])
@pytest.mark.parametrize("scheme", KINDS)
def test_both_get_through(scheme: str, by: str, cluster: Cluster, certificates: Certificates, tmp_path: Path) -> None:
    """Only the proxy knows the name of the server."""
    tls = certificates.server_context() if scheme == "https" else None
    with Recorder(certificates) as recorder:
        port = int(recorder.url.rpartition(":")[2])
        with KINDS[scheme]("cluster.test", port, login="jane:pa ss", tls=tls) as proxy:
            url = proxy.url.replace(" ", "%20").replace("socks5://", f"{scheme}://")
            entry = {
                "server": f"https://cluster.test:{port}",
                "certificate-authority": str(certificates.path("ca.crt")),
            }
            file = kubeconfig(tmp_path, **entry, **({by: url} if by == "proxy-url" else {}))
            environ = {} if by == "proxy-url" else {by: url}

            said = kubectl(cluster, file, environ)
            theirs, asked = recorder.asked[:], proxy.asked[:]
            recorder.asked.clear()
            proxy.asked.clear()
            with pytest.raises(DshellError, match=NO_SUCH_POD):
                Api(connect(ConnectionOptions(), {**files(file), **environ})).get(PATH)

            assert proxy.asked == [f"cluster.test:{port}"]
            assert [one["headers"] for one in recorder.asked] == [[("authorization", "Bearer t")]]
            if (scheme, by) == ("socks5h", "proxy-url"):  # kubectl takes it from the variable only; it means socks5
                assert 'unsupported scheme "socks5h"' in said
            else:
                assert NO_SUCH_POD in said
                assert (proxy.asked, recorder.asked) == (asked, theirs)


A, FOUR, SIX = "https://a.nowhere.test:6443", "https://192.0.2.3:6443", "https://[2001:db8::1]:6443"
"""A name of no domain, and addresses of documentation, which belong to nobody: without a proxy, kubectl dials them."""
RULES = [
    *((A, rule) for rule in ("", "a.nowhere.test", "nowhere.test", ".nowhere.test", ".a.nowhere.test", "*", " , *")),
    *(
        (A, rule)
        for rule in ("*.nowhere.test", "*nowhere.test", "*.a.nowhere.test", "a.*", "..nowhere.test", "where.test")
    ),
    *((A, rule) for rule in ("x, A.NoWhere.Test ,y", "a.nowhere.test:6443", "nowhere.test:443", "a.nowhere.test:")),
    *((A, rule) for rule in ("https://a.nowhere.test", "a.nowhere.test:https", ":6443", "10.0.0.0/8", "0.0.0.0/0")),
    ("https://a.nowhere.test", "a.nowhere.test:443"),
    ("https://a.nowhere.test.:6443", "a.nowhere.test"),
    *(
        (FOUR, rule)
        for rule in (
            *("192.0.0.0/8", "192.0.2.0/24", "192.0.2.3/32", "193.0.0.0/8", "192.0.0.0/33", "192.0.0.0/255.0.0.0"),
            "192.0.2.3",
        )
    ),
    *((FOUR, rule) for rule in ("192.0.2.3:6443", "192.0.2.3:443", "192.0.2", "2.3", "*.2.3", "::/0", "0192.0.0.0/8")),
    *(
        (SIX, rule)
        for rule in (
            *("2001:db8::/32", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:6443", "[2001:db8:0::1]:6443"),
            "2001:db8:0:0::1",
        )
    ),
    *((address, "") for address in ("https://localhost:1", "https://127.8.8.8:1", "https://[::1]:1")),
]


@pytest.mark.parametrize(("server", "rule"), RULES)
def test_no_proxy_means_the_same(server: str, rule: str, cluster: Cluster, tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, server=server)
    with Http("nobody.test", 1) as proxy:
        environ = {"HTTPS_PROXY": proxy.url, "NO_PROXY": rule}
        kubectl(cluster, file, environ)

        ours = connect(ConnectionOptions(), {**files(file), **environ}).proxy

        assert (ours is not None) == bool(proxy.asked)


VARIABLES: list[tuple[str, dict[str, str], str]] = [
    (A, {"https_proxy": "URL"}, ""),
    (A, {"HTTPS_PROXY": "URL", "https_proxy": "http://127.0.0.1:1"}, ""),
    (A, {"HTTPS_PROXY": "127.0.0.1:PORT"}, ""),
    (A, {"HTTP_PROXY": "URL"}, ""),
    (A, {"ALL_PROXY": "URL"}, ""),
    (A, {"HTTPS_PROXY": "URL", "no_proxy": "a.nowhere.test"}, ""),
    (A, {"HTTPS_PROXY": "URL", "no_proxy": "a.nowhere.test", "NO_PROXY": "x"}, ""),
    (A, {"NO_PROXY": "*"}, "URL"),
    (A, {"HTTPS_PROXY": "http://127.0.0.1:1"}, "URL"),
    ("http://a.nowhere.test:6443", {"HTTP_PROXY": "URL"}, ""),
    ("http://a.nowhere.test:6443", {"HTTPS_PROXY": "URL"}, ""),
    ("https://127.0.0.1:1", {}, "URL"),
    (A, {}, "socks4://127.0.0.1:PORT"),
    (A, {}, "127.0.0.1:PORT"),
]


@pytest.mark.parametrize(("server", "variables", "configured"), VARIABLES)
def test_the_same_proxy_is_chosen(
    server: str, variables: dict[str, str], configured: str, cluster: Cluster, tmp_path: Path
) -> None:
    with Http("nobody.test", 1) as proxy:

        def written(text: str) -> str:
            return text.replace("URL", proxy.url).replace("PORT", str(proxy.port))

        file = kubeconfig(tmp_path, server=server, **({"proxy-url": written(configured)} if configured else {}))
        environ = {name: written(value) for name, value in variables.items()}
        kubectl(cluster, file, environ)

        try:
            ours = connect(ConnectionOptions(), {**files(file), **environ}).proxy
        except BadConfig:
            ours = None

        assert (ours is not None and ours.url == proxy.url) == bool(proxy.asked)
