"""One connection out of kubeconfig and flags, and the same as what the kubernetes package makes of it."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kubectl_dshell.errors import ApiError, BadConfig, Forbidden
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.connection.resolve import connect
from kubectl_dshell.kube.exec.upgrade import open_exec
from kubectl_dshell.kube.kubeconfig import files as kubeconfig
from kubectl_dshell.kube.kubeconfig.secret import Secret
from kubectl_dshell.kube.net import tls
from kubectl_dshell.kube.rest.api import Api
from tests.kube.kubeconfig.test_files import config, together, write
from tests.kube.loopback import Peer, Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kube.conftest import Certificates


def entries(cluster: dict[str, Any], user: dict[str, Any] | None = None) -> dict[str, Any]:
    cluster = {"server": "https://a.test:6443", **cluster}
    return config("a", clusters=[{"name": "a", "cluster": cluster}], users=[{"name": "a", "user": user or {}}])


def data(content: bytes) -> str:
    return base64.b64encode(content).decode()


CASES = [
    pytest.param({}, {"token": "t0ken"}, id="token"),
    pytest.param({}, {"username": "jane", "password": "pa:ss word"}, id="password"),
    pytest.param({}, {"tokenFile": "token"}, id="token file beside the kubeconfig"),
    pytest.param({}, {"client-certificate": "jane.crt", "client-key": "jane.key"}, id="certificate files"),
    pytest.param({}, {"client-certificate-data": "@jane.crt", "client-key-data": "@jane.key"}, id="certificate data"),
    pytest.param({"certificate-authority-data": "@ca.crt"}, {"token": "t"}, id="authority data"),
    pytest.param({"certificate-authority": "ca.crt"}, {"token": "t"}, id="authority file"),
    pytest.param({"insecure-skip-tls-verify": True}, {"token": "t"}, id="insecure"),
    pytest.param({"tls-server-name": "cluster.test"}, {"token": "t"}, id="server name"),
    pytest.param({"proxy-url": "http://proxy.test:3128"}, {"token": "t"}, id="proxy"),
    pytest.param({"server": "https://a.test/k8s/c1/"}, {}, id="path and no user"),
    pytest.param({}, {"exec": {"command": "./plugin", "apiVersion": "client.authentication.k8s.io/v1"}}, id="plugin"),
]


@pytest.mark.parametrize(("cluster", "user"), CASES)
def test_the_kubernetes_package_agrees(
    cluster: dict[str, Any],
    user: dict[str, Any],
    tmp_path: Path,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from kubernetes.client import Configuration
    from kubernetes.config.kube_config import load_kube_config

    for name in ("ca.crt", "jane.crt", "jane.key"):
        (tmp_path / name).write_bytes(certificates.read(name))
    (tmp_path / "token").write_text("from-a-file")
    plugin = write(
        tmp_path / "plugin",
        '#!/bin/sh\necho \'{"apiVersion":"client.authentication.k8s.io/v1",'
        '"kind":"ExecCredential","status":{"token":"from-a-plugin"}}\'\n',
    )
    plugin.chmod(0o700)
    for entry in (cluster, user):
        for key, value in list(entry.items()):
            if isinstance(value, str) and value.startswith("@"):
                entry[key] = data(certificates.read(value[1:]))
    file = write(tmp_path / "config", entries(cluster, user))
    monkeypatch.setenv("KUBECONFIG", str(file))
    theirs = Configuration()

    load_kube_config(str(file), client_configuration=theirs)
    ours = connect(ConnectionOptions(), together(file))

    assert ours.server == theirs.host
    assert dict(ours.headers()).get("Authorization") == theirs.get_api_key_with_prefix("BearerToken")
    assert (ours.proxy.url if ours.proxy else None) == theirs.proxy
    assert ours.tls_server_name == theirs.tls_server_name
    assert ours.tls is not None
    assert (ours.tls.verify_mode is ssl.CERT_REQUIRED) == theirs.verify_ssl
    merged = kubeconfig.load(str(file), {})
    for key, kept, section in (
        ("certificate-authority", theirs.ssl_ca_cert, "clusters"),
        ("client-certificate", theirs.cert_file, "users"),
        ("client-key", theirs.key_file, "users"),
    ):
        assert tls.pem(merged.get(section, "a"), key) == (Path(kept).read_bytes() if kept else None)


def both(tmp_path: Path) -> dict[str, str]:
    return together(
        write(tmp_path / "1", entries({"tls-server-name": "old"}, {"token": "a", "as": "eve", "as-groups": ["g"]})),
        write(tmp_path / "2", config("b", users=[{"name": "b", "user": {"tokenFile": "token", "exec": {}}}])),
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(ConnectionOptions(), {"context": "a", "namespace": "a-ns"}, id="nothing"),
        pytest.param(ConnectionOptions(namespace="n"), {"namespace": "n", "context": "a"}, id="namespace"),
        pytest.param(
            ConnectionOptions(context="b"), {"server": "http://b.test", "namespace": "b-ns", "user": "b"}, id="context"
        ),
        pytest.param(
            ConnectionOptions(cluster="b"), {"server": "http://b.test", "namespace": "a-ns", "user": "a"}, id="cluster"
        ),
        pytest.param(
            ConnectionOptions(server="https://x/"), {"server": "https://x", "tls_server_name": None}, id="server"
        ),
        pytest.param(ConnectionOptions(tls_server_name="x"), {"tls_server_name": "x"}, id="server name"),
        pytest.param(ConnectionOptions(request_timeout=3.0), {"timeout": 3.0}, id="timeout"),
        pytest.param(ConnectionOptions(request_timeout=0.0), {"timeout": None}, id="timeout 0 is none"),
        pytest.param(
            ConnectionOptions(as_user="bob"),
            {"impersonation": (("Impersonate-User", "bob"), ("Impersonate-Group", "g"))},
            id="as, with the entry's groups",
        ),
        pytest.param(
            ConnectionOptions(as_user="bob", as_groups=("x", "y"), as_uid="7"),
            {
                "impersonation": (
                    ("Impersonate-User", "bob"),
                    ("Impersonate-Group", "x"),
                    ("Impersonate-Group", "y"),
                    ("Impersonate-Uid", "7"),
                )
            },
            id="as with groups and uid",
        ),
        pytest.param(
            ConnectionOptions(as_groups=("x",)),
            {"impersonation": (("Impersonate-User", "eve"), ("Impersonate-Group", "x"))},
            id="groups replace the kubeconfig's",
        ),
        pytest.param(
            ConnectionOptions(as_user_extra=(("Scope/x", "1=2"), ("Scope/x", "3"), ("ÄB", "4"))),
            {
                "impersonation": (
                    ("Impersonate-User", "eve"),
                    ("Impersonate-Group", "g"),
                    ("Impersonate-Extra-scope%2Fx", "1=2"),
                    ("Impersonate-Extra-scope%2Fx", "3"),
                    ("Impersonate-Extra-%C3%84b", "4"),
                )
            },
            id="extra; only ASCII letters are lowered",
        ),
        pytest.param(ConnectionOptions(disable_compression=True), {"compressed": False}, id="no compression"),
        pytest.param(ConnectionOptions(), {"compressed": True}, id="compression"),
    ],
)
def test_flags_override_the_kubeconfig(options: ConnectionOptions, expected: dict[str, object], tmp_path: Path) -> None:
    connection = connect(options, both(tmp_path))

    assert {name: getattr(connection, name) for name in expected} == expected


def test_a_token_flag_replaces_every_other_proof_but_certificates(tmp_path: Path) -> None:
    file = write(tmp_path / "c", entries({}, {"tokenFile": "absent", "username": "x", "exec": {"command": "absent"}}))

    assert connect(ConnectionOptions(token=Secret("flag")), together(file)).headers() == [
        ("Authorization", "Bearer flag")
    ]


def test_a_certificate_makes_the_plugin_needless(tmp_path: Path, certificates: Certificates) -> None:
    pair = {"client-certificate": str(certificates.path("jane.crt")), "client-key": str(certificates.path("jane.key"))}
    file = write(tmp_path / "c", entries({}, {**pair, "exec": {"command": "absent"}}))

    assert connect(ConnectionOptions(), together(file)).headers() == []


def test_an_authority_and_no_verification_are_refused_together(tmp_path: Path, certificates: Certificates) -> None:
    options = ConnectionOptions(certificate_authority=str(certificates.path("ca.crt")), insecure_skip_tls_verify=True)

    with pytest.raises(BadConfig, match="has both a certificate-authority and insecure-skip-tls-verify"):
        connect(options, together(write(tmp_path / "c", entries({}))))


def test_extra_impersonation_of_the_kubeconfig_is_sent(tmp_path: Path) -> None:
    file = write(tmp_path / "c", entries({}, {"as": "eve", "as-user-extra": {"Scope/x": ["1", "2"]}}))

    assert connect(ConnectionOptions(), together(file)).headers() == [
        ("Impersonate-User", "eve"),
        ("Impersonate-Extra-scope%2Fx", "1"),
        ("Impersonate-Extra-scope%2Fx", "2"),
    ]


def test_nothing_secret_travels_in_the_clear(tmp_path: Path) -> None:
    file = write(tmp_path / "c", entries({"server": "http://a.test"}, {"token": "s3cret", "as": "eve"}))

    assert connect(ConnectionOptions(), together(file)).headers() == [("Impersonate-User", "eve")]


def test_a_token_file_is_read_anew_for_each_request(tmp_path: Path) -> None:
    token = write(tmp_path / "token", "one\n")
    connection = connect(ConnectionOptions(), together(write(tmp_path / "c", entries({}, {"tokenFile": "token"}))))
    first = connection.headers()
    token.write_text("two\n")

    assert (first, connection.headers()) == ([("Authorization", "Bearer one")], [("Authorization", "Bearer two")])
    assert connection.renew()


def test_a_token_file_is_stronger_than_a_token(tmp_path: Path) -> None:
    write(tmp_path / "token", "file")
    file = write(tmp_path / "c", entries({}, {"tokenFile": "token", "token": "stale"}))

    assert connect(ConnectionOptions(), together(file)).headers() == [("Authorization", "Bearer file")]


def test_certificates_of_a_user_are_beside_its_own_file(tmp_path: Path, certificates: Certificates) -> None:
    """The Python client looks for them beside the cluster's file."""
    for name in ("jane.crt", "jane.key"):
        write(tmp_path / "user" / name, certificates.read(name).decode())
    cluster = entries({})
    cluster["users"] = []
    user = {"users": [{"name": "a", "user": {"client-certificate": "jane.crt", "client-key": "jane.key"}}]}

    files = together(write(tmp_path / "cluster" / "c", cluster), write(tmp_path / "user" / "c", user))

    assert connect(ConnectionOptions(), files).tls is not None


def test_a_server_without_a_scheme_is_secure_if_anything_says_so(tmp_path: Path) -> None:
    plain = write(tmp_path / "1", entries({"server": "localhost:8080"}))
    secure = write(tmp_path / "2", entries({"server": "localhost:8080", "insecure-skip-tls-verify": True}))

    assert connect(ConnectionOptions(), together(plain)).server == "http://localhost:8080"
    assert connect(ConnectionOptions(), together(secure)).server == "https://localhost:8080"


def test_insecure_by_flag_forgets_the_authority(tmp_path: Path) -> None:
    file = write(tmp_path / "c", entries({"certificate-authority": "absent"}))

    context = connect(ConnectionOptions(insecure_skip_tls_verify=True), together(file)).tls

    assert context is not None
    assert context.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("memory", [True, False], ids=["memfd", "no memfd"])
def test_a_private_key_never_has_a_name_on_the_disk(
    tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, memory: bool
) -> None:
    """Not even while it is read: whatever ends us then leaves nothing."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    if memory:
        monkeypatch.setattr("tempfile.TemporaryFile", lambda: pytest.fail("a file was made"))
    else:
        monkeypatch.delattr("os.memfd_create")
    loaded: list[list[Path]] = []

    class Context(ssl.SSLContext):
        def load_cert_chain(self, *words: Any, **options: Any) -> None:
            super().load_cert_chain(*words, **options)
            loaded.append(list(folder.iterdir()))

    key = Secret(certificates.read("jane.key").decode())
    tls.load_client_certificate(Context(ssl.PROTOCOL_TLS_CLIENT), certificates.read("jane.crt"), key, "jane")

    assert loaded == [[]]


def test_a_login_in_the_servers_url_counts_last_and_is_not_shown(tmp_path: Path) -> None:
    """As Go sends it, but not in the clear."""
    server = {"server": "https://us%40er:p%3Aw@a.test:6443/k8s/"}
    alone = connect(ConnectionOptions(), together(write(tmp_path / "1", entries(server))))
    with_token = connect(ConnectionOptions(), together(write(tmp_path / "2", entries(server, {"token": "t"}))))
    plain = connect(
        ConnectionOptions(), together(write(tmp_path / "3", entries({"server": "http://us:pw@a.test:6443"})))
    )

    assert alone.server == "https://a.test:6443/k8s"
    assert alone.headers() == [("Authorization", "Basic " + data(b"us@er:p:w"))]
    assert with_token.headers() == [("Authorization", "Bearer t")]
    assert (plain.server, plain.headers()) == ("http://a.test:6443", [])


@pytest.mark.parametrize("words", [("Łukasz", "josé"), ("\udcc5\udc81ukasz", "jos\udcc3\udca9")], ids=["UTF-8", "C"])
@pytest.mark.parametrize("kind", ["request", "watch", "exec"])
def test_names_outside_ascii_are_sent_as_utf_8(words: tuple[str, str], kind: str, tmp_path: Path) -> None:
    """As client-go does: RBAC knows no other user of that name."""
    heads: list[bytes] = []

    def script(peer: Peer) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += peer.exactly(1)
        heads.append(head)
        peer.answer("403 Forbidden", {"kind": "Status", "message": "no"})

    server = Server(script)
    user = {"as-user-extra": {"Schlüssel/x": ["größe"]}}
    file = write(tmp_path / "c", entries({"server": f"http://127.0.0.1:{server.port}"}, {"as": "eve", **user}))
    options = ConnectionOptions(as_user=words[0], as_groups=(words[1],))
    connection = connect(options, together(file))
    ask: dict[str, Callable[[], object]] = {
        "request": lambda: Api(connection).get("/x"),
        "watch": lambda: Api(connection).open("/x", [], read_seconds=5),
        "exec": lambda: open_exec(connection, "n", "p", "c", ["x"], stdin=False, tty=False),
    }
    with pytest.raises((ApiError, Forbidden), match="no"):
        ask[kind]()

    server.finish()
    assert "Impersonate-User: Łukasz\r\n".encode() in heads[0]
    assert "Impersonate-Group: josé\r\n".encode() in heads[0]


def test_an_extra_outside_ascii_is_escaped_in_its_name(tmp_path: Path) -> None:
    user = {"as": "eve", "as-user-extra": {"Größe/x": ["größe"]}}

    assert connect(ConnectionOptions(), together(write(tmp_path / "c", entries({}, user)))).headers() == [
        ("Impersonate-User", "eve"),
        ("Impersonate-Extra-gr%C3%B6%C3%9Fe%2Fx", "größe"),
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (ConnectionOptions(as_user="a\nb"), "the user to impersonate contains a line break"),
        (ConnectionOptions(as_user=" "), "the user to impersonate is blank"),
        (ConnectionOptions(as_user="a", as_groups=("\udce9",)), "the group to impersonate is not UTF-8"),
        (ConnectionOptions(as_user="a", as_uid="1\0"), "the UID to impersonate contains a control character"),
    ],
)
def test_who_cannot_be_named_in_a_header_is_not_impersonated(
    options: ConnectionOptions, says: str, tmp_path: Path
) -> None:
    with pytest.raises(BadConfig, match=says):
        connect(options, together(write(tmp_path / "c", entries({}))))


@pytest.mark.parametrize(
    ("cluster", "user", "says"),
    [
        pytest.param(
            {"server": "ftp://x"}, {}, 'the server of cluster "a" is ftp://x, which is not an http', id="scheme"
        ),
        pytest.param(
            {"certificate-authority": "absent"}, {}, "absent, cannot be read: No such file", id="authority file"
        ),
        pytest.param({"certificate-authority-data": "bm8="}, {}, "is not PEM", id="authority that is no PEM"),
        pytest.param({"certificate-authority-data": "A"}, {}, "is not base64", id="authority that is no base64"),
        pytest.param(
            {"certificate-authority-data": "bm8=", "insecure-skip-tls-verify": True}, {}, "has both", id="both at once"
        ),
        pytest.param(
            {"proxy-url": "socks4://u:pw@p:1"}, {}, 'the proxy-url of cluster "a" is socks4://p:1', id="SOCKS 4"
        ),
        pytest.param({}, {"client-certificate-data": "bm8="}, "has no client-key to go with", id="half a certificate"),
        pytest.param({}, {"client-key-data": "bm8="}, "has no client-certificate to go with", id="a key alone"),
        pytest.param({}, {"client-certificate-data": "bm8=", "client-key-data": "bm8="}, "cannot be used", id="no PEM"),
        pytest.param({}, {"tokenFile": "absent"}, "tokenFile .*absent cannot be read", id="token file"),
        pytest.param({}, {"as-groups": ["x"]}, "needs a user to impersonate", id="groups of nobody"),
        pytest.param({}, {"exec": {"command": "x"}, "auth-provider": {"name": "oidc"}}, "has both exec and", id="two"),
        pytest.param(
            {}, {"auth-provider": {"name": "azure"}}, 'auth-provider "azure", which is not supported', id="azure"
        ),
        pytest.param({}, {"auth-provider": {"name": "oidc"}}, "no usable token in the kubeconfig", id="empty oidc"),
    ],
)
def test_is_refused_by_name(cluster: dict[str, Any], user: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=says):
        connect(ConnectionOptions(), together(write(tmp_path / "c", entries(cluster, user)))).headers()


def test_an_encrypted_key_is_refused_without_a_question(tmp_path: Path, certificates: Certificates) -> None:
    user = {
        "client-certificate": str(certificates.path("jane.crt")),
        "client-key": str(certificates.path("encrypted.key")),
    }

    with pytest.raises(BadConfig, match="cannot be used") as caught:
        connect(ConnectionOptions(), together(write(tmp_path / "c", entries({}, user))))

    assert "must not be encrypted" in caught.value.advice[0]


def id_token(expires: int) -> str:
    part = base64.urlsafe_b64encode(b'{"exp":%d}' % expires).decode().rstrip("=")
    return f"e30.{part}.c2ln"


def test_an_oidc_token_is_the_packages_business(tmp_path: Path) -> None:
    provider = {"name": "oidc", "config": {"id-token": id_token(4102444800)}}
    file = write(tmp_path / "c", entries({}, {"auth-provider": provider}))

    assert connect(ConnectionOptions(), together(file)).headers() == [
        ("Authorization", f"Bearer {id_token(4102444800)}")
    ]


def test_the_command_of_a_provider_is_a_plugin_to_kuberc(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    details = {"cmd-path": "/bin/sh", "cmd-args": f"-c 'touch {ran}'"}
    file = write(tmp_path / "c", entries({}, {"auth-provider": {"name": "gcp", "config": details}}))
    kuberc = write(
        tmp_path / "rc",
        "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n",
    )

    with pytest.raises(BadConfig, match=r"its command /bin/sh may not run: credentialPluginPolicy of .*rc is DenyAll"):
        connect(ConnectionOptions(kuberc=str(kuberc)), together(file)).headers()

    assert not ran.exists()


def test_an_oidc_token_is_not_renewed_over_unverified_tls(tmp_path: Path) -> None:
    provider = {"name": "oidc", "config": {"id-token": id_token(1), "idp-issuer-url": "https://127.0.0.1:1"}}
    file = write(tmp_path / "c", entries({}, {"auth-provider": provider}))

    with pytest.raises(BadConfig, match="without idp-certificate-authority it cannot be renewed safely"):
        connect(ConnectionOptions(), together(file)).headers()


def test_what_the_package_says_of_a_token_is_scrubbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its errors, and those of the libraries under it, quote what they were given."""
    from kubernetes.config.kube_config import KubeConfigLoader

    def quoting(_loader: object) -> None:
        raise RuntimeError("rejected: refresh-s3cret\nand Bearer xyz")

    monkeypatch.setattr(KubeConfigLoader, "_load_authentication", quoting)
    provider = {"name": "oidc", "config": {"id-token": "x", "refresh-token": "refresh-s3cret"}}
    file = write(tmp_path / "c", entries({}, {"auth-provider": provider}))

    with pytest.raises(BadConfig, match=r"RuntimeError: rejected: --- hidden --- and Bearer --- hidden ---$"):
        connect(ConnectionOptions(), together(file))


def test_a_renewed_oidc_token_is_kept_where_the_old_one_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kubernetes.config.kube_config import KubeConfigLoader

    def renew(_loader: object, provider: Any) -> None:
        provider["config"].value["id-token"] = id_token(4102444800)
        provider["config"].value["refresh-token"] = "next"

    monkeypatch.setattr(KubeConfigLoader, "_refresh_oidc", renew)
    details = {"id-token": id_token(1), "refresh-token": "first", "idp-certificate-authority": "ca.crt"}
    document = entries({}, {"auth-provider": {"name": "oidc", "config": details}})
    document["users"].append({"name": "other", "user": {"token": "untouched"}})
    file = write(tmp_path / "c", document)

    assert connect(ConnectionOptions(), together(file)).headers() == [
        ("Authorization", f"Bearer {id_token(4102444800)}")
    ]
    merged = kubeconfig.load(str(file), {})
    kept = merged.get("users", "a").value["auth-provider"]["config"]
    assert (kept["id-token"], kept["refresh-token"]) == (id_token(4102444800), "next")
    assert merged.get("users", "other").value == {"token": "untouched"}


def test_nothing_secret_is_shown_by_repr(tmp_path: Path) -> None:
    file = write(tmp_path / "c", entries({"proxy-url": "http://u:pr0xy@p:1"}, {"token": "s3cret"}))
    options = ConnectionOptions(token=Secret("fl4g"))

    shown = repr(connect(ConnectionOptions(), together(file))) + repr(options)

    assert not any(secret in shown for secret in ("s3cret", "pr0xy", "fl4g"))
