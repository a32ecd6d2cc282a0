"""Certificates that the loopback servers show and ask for."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


@dataclass(frozen=True)
class Certificates:
    """One authority; a server certificate for 127.0.0.1 and cluster.test; a client certificate for jane."""

    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / name

    def read(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def server_context(self, name: str = "server", *, ask: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(f"{name}.crt"), self.path(f"{name}.key"))
        if ask:
            context.load_verify_locations(self.path("ca.crt"))
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("pki"))


def issue(folder: Path) -> Certificates:
    """New ones, in `folder`."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", *_KEY, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test authority")
    names = {
        "server": ("/CN=server", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        "named": ("/CN=named", "subjectAltName=DNS:cluster.test"),
        "jane": ("/O=developers/CN=jane", "extendedKeyUsage=clientAuth"),
        "joe": ("/O=developers/CN=joe", "extendedKeyUsage=clientAuth"),
    }
    for name, (subject, extension) in names.items():
        (folder / "extension").write_text(extension)
        openssl("req", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        signed = ("-days", "2", "-extfile", "extension", "-out", f"{name}.crt")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", *signed)
    openssl("ec", "-aes128", "-passout", "pass:x", "-in", "jane.key", "-out", "encrypted.key")
    return Certificates(folder)
