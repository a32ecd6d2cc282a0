"""Which proxy leads to the API server."""

from __future__ import annotations

import pytest

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.net.endpoint import endpoint
from kubectl_dshell.kube.net.proxy import proxy_for

PROXY = "http://proxy.test:3128"


def found(server: str, configured: str, environ: dict[str, str]) -> str | None:
    proxy = proxy_for(endpoint(server, "it", ("http", "https")), configured, "the proxy-url", environ)
    return proxy.url if proxy else None


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
    assert found(server, configured, environ) == proxy


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
        ("https://a.test", "*a.test", False),
        ("https://x.a.test", "..a.test", False),
        ("https://a.test.", "a.test", False),
        ("https://a.test:6443", "a.test:", True),
        ("https://a.test:6443", ":6443", False),
        ("https://10.1.2.3", "10.0.0.0/255.0.0.0", False),
        ("https://10.1.2.3", "10.0.0.0/33", False),
        ("https://10.1.2.3", "2.3", False),
        ("https://[fd00::1]:6443", "[fd00:0::1]:6443", True),
        ("https://[fd00::1]:6443", "[fd00::1]", False),
        ("https://a.test", "", False),
    ],
)
def test_no_proxy_lets_go_direct(server: str, rule: str, direct: bool) -> None:
    environ = {"HTTPS_PROXY": PROXY, "NO_PROXY": rule}

    assert (found(server, "", environ) is None) == direct


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
def test_every_kind_that_kubectl_knows_is_taken_from_both_places(scheme: str) -> None:
    url = f"{scheme}://proxy.test:99"

    assert found("https://a.test", url, {}) == url
    assert found("https://a.test", "", {"HTTPS_PROXY": url, "ALL_PROXY": "http://other.test"}) == url


def test_what_only_other_programs_know_is_not_used() -> None:
    """As in Go: curl has ALL_PROXY."""
    assert found("https://a.test", "", {"ALL_PROXY": PROXY}) is None


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("socks4://user:s3cret@p:1", "is socks4://p:1, which is not an http://, https://, socks5:// or socks5h:// URL"),
        (
            "http://user:s3cret@127.0.0.1:99999",
            "is http://127.0.0.1:99999, which is not a valid URL: its port is not a number",
        ),
        ("http://[::1:8", "is http://[::1:8, which is not a valid URL: its IPv6 address must be in brackets"),
        ("http://user:s3cret@[::1:8", "is http://[::1:8, which is not a valid URL"),
        ("http://user:s3/cret@p:1", "is http://p:1, which is not a valid URL"),
        ("http://user:12/s3cret@p:1", "is http://p:1, whose login is not percent-encoded"),
        ("http://user:12?s3cret@p:1", "is http://p:1, whose login is not percent-encoded"),
        ("http://user:12#s3cret@p:1", "is http://p:1, whose login is not percent-encoded"),
        ("http://:s3cret@", "is http://, which is not an "),
        ("user:s3cret@p:x", "is http://p:x, which is not a valid URL"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_with_its_origin_and_without_its_login(url: str, says: str) -> None:
    with pytest.raises(BadConfig) as caught:
        found("https://a.test", "", {"HTTPS_PROXY": url})

    assert f"$HTTPS_PROXY {says}" in caught.value.message
    assert "cret" not in caught.value.message
    if "://" in url:
        with pytest.raises(BadConfig, match="the proxy-url is"):
            found("https://a.test", url, {})
