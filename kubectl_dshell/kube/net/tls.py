"""TLS as in kubectl: trusted authorities, client certificates and the expected server name."""

from __future__ import annotations

import base64
import contextlib
import os
import ssl
from typing import IO, TYPE_CHECKING

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.kubeconfig.secret import Secret, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry

_LARGEST = 4 * 1024 * 1024


def pem(entry: NamedEntry, key: str) -> bytes | None:
    """The content of `key`-data, else of the file named by `key`, else None.

    Raises:
        BadConfig: the data is not base64, or the file cannot be read.
    """
    data = entry.text(f"{key}-data")
    if data:
        try:
            return base64.b64decode(data, validate=False)
        except ValueError as error:  # binascii.Error, or non-ASCII characters
            raise BadConfig(f'{key}-data of "{entry.name}" is not base64') from error
    path = entry.path(key)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise BadConfig(f'{key} of "{entry.name}", {path}, cannot be read: {error.strerror}') from error


def private_key(entry: NamedEntry, key: str) -> Secret | None:
    """Like `pem`, for a private key."""
    content = pem(entry, key)
    return None if content is None else Secret(content.decode("utf-8", "surrogateescape"))


def client_context(cluster: NamedEntry) -> ssl.SSLContext:
    """A context with the trust settings of the cluster entry.

    Raises:
        BadConfig: the certificate authority is unreadable, or given together with insecure-skip-tls-verify.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    authority = pem(cluster, "certificate-authority")
    if cluster.flag("insecure-skip-tls-verify"):
        if authority is not None:
            raise BadConfig(
                f'cluster "{cluster.name}" has both a certificate-authority and insecure-skip-tls-verify',
                "Remove one of them (kubectl refuses this too).",
            )
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    # Go trusts every certificate in the file, including intermediates and that of the server itself.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if authority is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cadata=authority.decode("ascii", "replace"))
    except ssl.SSLError as error:
        raise BadConfig(f'certificate-authority of cluster "{cluster.name}" is not PEM: {error.reason}') from error
    return context


def proxy_context(cluster: NamedEntry) -> ssl.SSLContext:
    """A context for an https proxy: like kubectl it also trusts the authority of the cluster."""
    context = client_context(cluster)
    if context.verify_mode is not ssl.CERT_NONE:
        context.load_default_certs()
    return context


def load_client_certificate(context: ssl.SSLContext, certificate: bytes, key: Secret, owner: str) -> None:
    """Load a PEM client certificate and its key into `context`.

    Raises:
        BadConfig: they do not parse, do not belong together, or the key is encrypted.
    """
    with _readable(certificate) as first, _readable(encoded(key.reveal())) as second:
        try:
            # Without a password callback OpenSSL would prompt on the terminal.
            context.load_cert_chain(first, second, password=lambda: b"")
        except (ssl.SSLError, ValueError) as error:
            why = getattr(error, "reason", None) or type(error).__name__
            raise BadConfig(
                f"the client certificate of {owner} cannot be used: {why}",
                "Certificate and key have to be PEM, belong together, and the key must not be encrypted.",
            ) from error


@contextlib.contextmanager
def _readable(content: bytes) -> Iterator[str]:
    """A path to `content` within the block: the ssl module reads client certificates only from files.

    The file has no name on disk, so that nothing is left behind if the process is killed.
    """
    with _nameless() as file:
        file.write(content)
        file.flush()
        file.seek(0)
        yield f"/dev/fd/{file.fileno()}"


def _nameless() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        with contextlib.suppress(OSError):  # not supported by the kernel or sandbox
            return os.fdopen(os.memfd_create("certificate"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()  # unlinked before anything is written
