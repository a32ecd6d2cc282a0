"""Which proxy leads to the API server."""

from __future__ import annotations

import pytest

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.proxy import proxy_for

PROXY = "http://proxy.test:3128"


@pytest.mark.parametrize(
    ("server", "configured", "environ", "proxy"),
    [
        pytest.param("https://a.test", "", {}, None, id="none"),
        pytest.param("https://a.test", PROXY, {"NO_PROXY": "*"}, PROXY, id="configured, always"),
        pytest.param("https://127.0.0.1", PROXY, {}, PROXY, id="configured, even for this machine"),
        pytest.param("https://a.test", "", {"HTTPS_PROXY": PROXY}, PROXY, id="environment"),
        pytest.param("https://a.test", "", {"https_proxy": "proxy.test:3128"}, PROXY, id="lower case, no scheme"),
        pytest.param("https://a.test", "", {"HTTP_PROXY": PROXY}, None, id="the other scheme's"),
        pytest.param("http://a.test", "", {"HTTP_PROXY": PROXY}, PROXY, id="plain http"),
        pytest.param("https://localhost:6443", "", {"HTTPS_PROXY": PROXY}, None, id="localhost"),
        pytest.param("https://127.8.8.8", "", {"HTTPS_PROXY": PROXY}, None, id="loopback"),
        pytest.param("https://[::1]:6443", "", {"HTTPS_PROXY": PROXY}, None, id="loopback, IPv6"),
    ],
)
def test_the_proxy_is(server: str, configured: str, environ: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(server, configured, environ) == proxy


@pytest.mark.parametrize(
    ("server", "rule", "direct"),
    [
        ("https://a.test", "a.test", True),
        ("https://sub.a.test", "a.test", True),
        ("https://sub.a.test", ".a.test", True),
        ("https://a.test", ".a.test", False),
        ("https://sub.a.test", "*.a.test", True),
        ("https://nota.test", "a.test", False),
        ("https://a.test:6443", "a.test:6443", True),
        ("https://a.test:443", "a.test:6443", False),
        ("https://a.test", "a.test:443", True),
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://11.1.2.3", "10.0.0.0/8", False),
        ("https://10.1.2.3", "10.1.2.3", True),
        ("https://10.1.2.3:6443", "10.1.2.3:6443", True),
        ("https://[fd00::1]:6443", "fd00::/8", True),
        ("https://A.test", "x, A.TEST ,y", True),
        ("https://a.test", "*", True),
        ("https://a.test", "", False),
    ],
)
def test_no_proxy_lets_go_direct(server: str, rule: str, direct: bool) -> None:
    environ = {"HTTPS_PROXY": PROXY, "NO_PROXY": rule}

    assert (proxy_for(server, "", environ) is None) == direct


def test_a_proxy_of_the_environment_we_cannot_speak_to_is_named_with_its_variable() -> None:
    with pytest.raises(BadConfig, match=r"\$HTTPS_PROXY is socks5://p:1"):
        proxy_for("https://a.test", "", {"HTTPS_PROXY": "socks5://user:secret@p:1"})
