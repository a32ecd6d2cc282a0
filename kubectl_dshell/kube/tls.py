"""TLS as kubectl does it: what is trusted, what is shown, which name the server must have."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_dshell.errors import BadConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.kube.kubeconfig import Entry


def pem(entry: Entry, key: str) -> bytes | None:
    """What `key`-data holds, else the file that `key` names, else None.

    Raises:
        BadConfig: the data is not base64, or the file cannot be read.
    """
    data = entry.value.get(f"{key}-data")
    if data:
        try:
            return base64.b64decode(data, validate=False)
        except (binascii.Error, TypeError) as error:
            raise BadConfig(f'{key}-data of "{entry.name}" is not base64: {error}') from error
    path = entry.path(key)
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadConfig(f'{key} of "{entry.name}", {path}, cannot be read: {error.strerror}') from error


def client_context(cluster: Entry) -> ssl.SSLContext:
    """A context that trusts what the cluster entry says.

    Raises:
        BadConfig: the certificate authority is unreadable, or both given and to be skipped.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority = pem(cluster, "certificate-authority")
    if cluster.value.get("insecure-skip-tls-verify"):
        if authority is not None:
            raise BadConfig(
                f'cluster "{cluster.name}" has both a certificate-authority and insecure-skip-tls-verify',
                "Remove one of them (kubectl refuses this, too).",
            )
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    # Go trusts every certificate in the file, an intermediate or the server's own as well.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if authority is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cadata=authority.decode("ascii", "replace"))
    except ssl.SSLError as error:
        raise BadConfig(f'certificate-authority of cluster "{cluster.name}" is not PEM: {error.reason}') from error
    return context


def show_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes, owner: str) -> None:
    """Let `context` identify us by a PEM certificate and its key.

    Raises:
        BadConfig: they do not parse, do not belong together, or the key is encrypted.
    """
    with _private_file(certificate + b"\n" + key) as path:
        try:
            # Without a password callback OpenSSL would ask on the terminal.
            context.load_cert_chain(path, password=lambda: b"")
        except (ssl.SSLError, ValueError) as error:
            why = getattr(error, "reason", None) or error
            raise BadConfig(
                f"the client certificate of {owner} cannot be used: {why}",
                "Certificate and key have to be PEM, belong together, and the key must not be encrypted.",
            ) from error


@contextlib.contextmanager
def _private_file(content: bytes) -> Iterator[str]:
    """The ssl module takes certificates from files only; this one lives for the length of one call."""
    handle, path = tempfile.mkstemp()
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        yield path
    finally:
        Path(path).unlink()
