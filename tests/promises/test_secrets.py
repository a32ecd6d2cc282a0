"""Every source of credentials, with broken and with good values: the program runs whole, and the secret stays in it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.kube.conftest import certificates
from tests.kube.kubeconfig.test_files import config, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.kube.conftest import Certificates

__all__ = ["certificates"]

_TOP = Path(__file__).parents[2]
SECRET = "s3cret-Wq8Zt"  # what is looked for
VALUES = {
    "good": SECRET,
    "line break behind": f"{SECRET}\n",
    "line break inside": f"{SECRET}\nx-{SECRET}",
    "control characters": f"\x1b[31m{SECRET}\0\r{SECRET}",
    "no ASCII": f"Łé{SECRET}",
    "lone surrogate": f"\ud83d{SECRET}",
    "long": SECRET * 20000,
}
V1 = "client.authentication.k8s.io/v1"


class Rejecting(BaseHTTPRequestHandler):
    """An API server that knows nobody; it remembers what it was sent."""

    sent: list[str]

    def do_GET(self) -> None:
        self.server.sent.append(str(self.headers.get("Authorization")))  # type: ignore[attr-defined]  # ours
        body = json.dumps({"kind": "Status", "status": "Failure", "code": 401, "message": "Unauthorized"}).encode()
        self.send_response(401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # as http.server has it

    def log_message(self, *_: object) -> None:
        pass


class Api(NamedTuple):
    url: str
    sent: list[str]
    certificates: Certificates


@pytest.fixture(scope="module")
def api(certificates: Certificates) -> Iterator[Api]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Rejecting)
    server.sent = []  # type: ignore[attr-defined]  # ours
    server.daemon_threads = True
    server.socket = certificates.server_context().wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Api(f"https://127.0.0.1:{server.server_port}", server.sent, certificates)  # type: ignore[attr-defined]  # ours
    server.shutdown()
    server.server_close()


class Setting(NamedTuple):
    """What a source makes of a value; `cluster` and `user` go into the kubeconfig."""

    folder: Path
    api: Api
    value: str
    cluster: dict[str, Any]
    user: dict[str, Any]
    words: list[str]
    environ: dict[str, str]


def plugin(setting: Setting, answer: bytes, *, code: int = 0, says: str = "") -> None:
    (setting.folder / "answer").write_bytes(answer)
    script = f"#!/bin/sh\nprintf '%s' '{says}' >&2\ncat '{setting.folder}/answer'\nexit {code}\n"
    write(setting.folder / "plugin", script).chmod(0o700)
    setting.user["exec"] = {"command": str(setting.folder / "plugin"), "apiVersion": V1, "interactiveMode": "Never"}


def credential(**status: str) -> bytes:
    return json.dumps({"kind": "ExecCredential", "apiVersion": V1, "status": status}).encode()


def token(setting: Setting) -> None:
    setting.user["token"] = setting.value


def token_file(setting: Setting) -> None:
    (setting.folder / "token").write_bytes(setting.value.encode("utf-8", "surrogatepass"))
    setting.user["tokenFile"] = "token"


def token_flag(setting: Setting) -> None:
    setting.words.extend(["--token", setting.value.replace("\0", "\x01").replace("\ud83d", "\udc83")[:100_000]])


def password(setting: Setting) -> None:
    setting.user.update(username="jane", password=setting.value)


def mistyped(setting: Setting) -> None:
    setting.user.update(token=[setting.value], password={setting.value: setting.value})


def plugin_token(setting: Setting) -> None:
    plugin(setting, credential(token=setting.value))


def plugin_garbage(setting: Setting) -> None:
    plugin(setting, b'{"kind":"ExecCredential","status":{"token":"' + setting.value.encode("utf-8", "replace"))


def plugin_mistyped(setting: Setting) -> None:
    plugin(setting, credential(token=[setting.value]))  # type: ignore[arg-type]  # on purpose


def plugin_failing(setting: Setting) -> None:
    plugin(setting, credential(token=setting.value), code=3, says=f"Authorization: Bearer {SECRET}")


def plugin_key(setting: Setting) -> None:
    shown = setting.api.certificates.read("jane.crt").decode()
    plugin(setting, credential(clientCertificateData=shown, clientKeyData=setting.value))


def auth_provider(setting: Setting) -> None:
    details = {"id-token": setting.value, "refresh-token": setting.value, "client-secret": setting.value}
    setting.user["auth-provider"] = {"name": "oidc", "config": details}


def expired_auth_provider(setting: Setting) -> None:
    part = base64.urlsafe_b64encode(b'{"exp":1}').decode().rstrip("=")
    authority = base64.b64encode(setting.api.certificates.read("ca.crt")).decode()
    setting.user["auth-provider"] = {
        "name": "oidc",
        "config": {
            "id-token": f"e30.{part}.c2ln",
            "idp-issuer-url": f"{setting.api.url}/x",
            "idp-certificate-authority-data": authority,
            "client-id": "x",
            "client-secret": setting.value,
            "refresh-token": setting.value,
        },
    }


def client_key(setting: Setting) -> None:
    certificate = base64.b64encode(setting.api.certificates.read("jane.crt")).decode()
    key = base64.b64encode(setting.value.encode("utf-8", "surrogatepass")).decode()
    setting.user.update({"client-certificate-data": certificate, "client-key-data": key})


def raw_client_key(setting: Setting) -> None:
    setting.user.update({"client-certificate-data": "bm8=", "client-key-data": setting.value})


def proxy_login(setting: Setting) -> None:
    setting.cluster["proxy-url"] = f"http://jane:{setting.value}@127.0.0.1:1"


def proxy_login_of_the_environment(setting: Setting) -> None:
    setting.cluster["server"] = "https://cluster.test:6443"
    value = setting.value.replace("\0", "\x01").replace("\ud83d", "\udc83")[:100_000]
    setting.environ["HTTPS_PROXY"] = f"socks5://jane:{value}@127.0.0.1:99999"


def server_login(setting: Setting) -> None:
    setting.cluster["server"] = setting.api.url.replace("https://", f"https://jane:{setting.value}@")


def in_cluster(setting: Setting) -> None:
    """As its token is read; the rest of it is in tests/kube/kubeconfig/test_service_account.py."""
    (setting.folder / "token").write_bytes(setting.value.encode("utf-8", "surrogatepass"))
    setting.user["tokenFile"] = str(setting.folder / "token")


SOURCES: list[Callable[[Setting], None]] = [
    token,
    token_file,
    token_flag,
    password,
    mistyped,
    plugin_token,
    plugin_garbage,
    plugin_mistyped,
    plugin_failing,
    plugin_key,
    auth_provider,
    expired_auth_provider,
    client_key,
    raw_client_key,
    proxy_login,
    proxy_login_of_the_environment,
    server_login,
    in_cluster,
]


def run(setting: Setting, words: list[str]) -> tuple[int, str]:
    cluster = {
        "server": setting.api.url,
        "certificate-authority": str(setting.api.certificates.path("ca.crt")),
        **setting.cluster,
    }
    document = config(
        "a",
        clusters=[{"name": "a", "cluster": cluster}],
        users=[{"name": "a", "user": setting.user}],
    )
    file = write(setting.folder / "kubeconfig", document)
    temporary = setting.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(setting.folder),
        "TMPDIR": str(temporary),
        "KUBECONFIG": str(file),
        "DSHELL_DEBUG": "1",
        **setting.environ,
    }
    done = subprocess.run(
        [sys.executable, "-m", "kubectl_dshell", *words, *setting.words],
        cwd=_TOP,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    left = "".join(path.read_text(errors="replace") for path in temporary.rglob("*") if path.is_file())
    recording = setting.folder / "recording"
    recorded = recording.read_text() if recording.exists() else ""
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace") + left + recorded


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_a_secret_never_gets_out(source: Callable[[Setting], None], value: str, api: Api, tmp_path: Path) -> None:
    setting = Setting(tmp_path, api, VALUES[value], {}, {}, [], {})
    source(setting)

    code, told = run(setting, ["ls", "-v", "8"])

    refused_as_a_word = source is token_flag and value == "lone surrogate"
    # 69: a header longer than the server takes
    assert code in ((64,) if refused_as_a_word else (69, 76, 78)), told[-2000:]
    assert "error: " in told
    assert "this is a bug" not in told
    assert "Traceback" not in told
    assert SECRET not in told
    assert base64.b64encode(f"jane:{SECRET}".encode()).decode()[:-4] not in told


def test_a_secret_is_not_recorded_either(api: Api, tmp_path: Path) -> None:
    setting = Setting(tmp_path, api, SECRET, {}, {}, [], {})
    plugin_failing(setting)

    code, told = run(setting, ["web", "-v", "8", "--record", str(tmp_path / "recording"), "--", "true"])

    assert code == 78
    assert SECRET not in told


@pytest.mark.parametrize("source", [token, token_file, password, plugin_token, in_cluster])
def test_the_value_that_works_arrives(source: Callable[[Setting], None], api: Api, tmp_path: Path) -> None:
    """The other half: a line break behind a token is the usual accident, and other letters are sent as UTF-8."""
    for value in (f"{SECRET}\n", f"Łé{SECRET}"):
        setting = Setting(tmp_path, api, value, {}, {}, [], {})
        source(setting)
        api.sent.clear()

        code, told = run(setting, ["ls"])

        assert (code, "rejected the credentials" in told) == (78, True), told
        if source is password:
            assert set(api.sent) == {"Basic " + base64.b64encode(f"jane:{value}".encode()).decode()}
        else:  # http.server decodes as Latin-1
            assert set(api.sent) == {f"Bearer {value.strip()}".encode().decode("latin-1")}


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_a_name_outside_ascii_is_sent_as_utf_8_whatever_the_locale(api: Api, tmp_path: Path, locale: str) -> None:
    """Without the coercion of C to UTF-8, Python has the words of the command line as bytes that it cannot read."""
    setting = Setting(tmp_path, api, f"Łé{SECRET}", {}, {}, [], {"LC_ALL": locale})
    setting.environ.update({"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"} if locale == "C" else {})
    token_flag(setting)
    (tmp_path / "schlüssel.pem").write_text("no key")
    api.sent.clear()

    code, told = run(setting, ["ls"])

    assert (code, "rejected the credentials" in told) == (78, True), told
    assert set(api.sent) == {f"Bearer Łé{SECRET}".encode().decode("latin-1")}
    setting.user.update({"client-key": "schlüssel.pem", "client-certificate": "schlüssel.pem"})
    code, told = run(setting, ["ls"])
    assert "cannot be used" in told
    assert "cannot be read" not in told
