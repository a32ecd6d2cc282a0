"""Errors for an unreachable API server, from the exceptions of sockets, ssl and HTTP."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import BadConfig, ConnectionLost, shortage
from kubectl_dshell.kube.http.errors import CutShort, HttpError
from kubectl_dshell.kube.net.connect import ProxyError
from kubectl_dshell.kube.rest.retry import TransientConnectionError

if TYPE_CHECKING:
    from kubectl_dshell.errors import DshellError
    from kubectl_dshell.kube.connection.connection import Connection


def unreachable(connection: Connection, reason: BaseException) -> DshellError:
    """The error for a failed connection to the API server, from its cause."""
    short = shortage(reason)
    if short is not None:
        return short
    if isinstance(reason, ssl.SSLCertVerificationError):
        return BadConfig(
            f"the certificate of {connection.server} is not trusted: {reason.verify_message}",
            "Check certificate-authority and tls-server-name of the cluster: kubectl config view --minify",
        )
    if isinstance(reason, ssl.SSLError) and "ALERT" in (reason.reason or "").upper():
        return BadConfig(
            f"{connection.server} rejected the TLS handshake: {reason.reason}",
            "Check the client certificate of the user: kubectl config view --minify",
        )
    why = one_line(getattr(reason, "strerror", None) or str(reason) or type(reason).__name__)
    if isinstance(reason, TimeoutError):
        why = "no response in time"
    elif isinstance(reason, HttpError) and not isinstance(reason, CutShort):
        why = f"its response is not valid HTTP ({why})"
    proxy = connection.proxy if not isinstance(reason, ProxyError) else None
    through = f" through the proxy {proxy.url}" if proxy else ""
    # As in kubectl, an absent server is reported immediately; a broken connection is worth a retry.
    nobody = isinstance(reason, TimeoutError | ConnectionRefusedError | socket.gaierror)
    return (ConnectionLost if nobody else TransientConnectionError)(
        f"the API server {connection.server} cannot be reached{through}: {why}",
        f'Context "{connection.context}"; check with: kubectl cluster-info',
    )
