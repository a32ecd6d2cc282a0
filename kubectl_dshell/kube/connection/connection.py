"""A resolved connection: the API server, the credentials, and their renewal."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from kubectl_dshell.kube.auth.client_certificate import ClientCertificate
    from kubectl_dshell.kube.auth.credentials import Credentials
    from kubectl_dshell.kube.net.connect import Proxy


class PresentedCertificate:
    """The client certificate presented last; the lock makes a plugin run once for any number of threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.by_thread = threading.local()
        self.certificate: ClientCertificate | None = None
        self.certificates = 0


class LastHeard:
    """When a stream to the server last received anything, in monotonic seconds."""

    at = -math.inf


@dataclass(frozen=True, slots=True)
class Connection:
    """An API server and how to connect to it; `timeout` is in seconds for one request, None if not set.

    `server` is a URL without credentials.
    """

    server: str
    namespace: str
    context: str
    user: str
    credentials: Credentials = field(repr=False)
    tls: ssl.SSLContext | None = None
    tls_server_name: str | None = None
    impersonation: tuple[tuple[str, str], ...] = ()
    proxy: Proxy | None = None
    timeout: float | None = None
    compressed: bool = True
    """Whether responses may be compressed."""
    files: tuple[Path, ...] = ()
    """The kubeconfigs it comes from; empty in a pod without one."""
    shown: PresentedCertificate = field(default_factory=PresentedCertificate, repr=False, compare=False)
    heard: LastHeard = field(default_factory=LastHeard, repr=False, compare=False)

    def headers(self) -> list[tuple[str, str]]:
        """Current Authorization and Impersonate headers (this may run a plugin), to be sent as UTF-8.

        Raises:
            BadConfig: no credentials could be obtained.
        """
        with self.shown.lock:
            value = self.credentials.authorization()
            self._show_certificate()
            self.shown.by_thread.proof = (value, self.shown.certificate)
        return [("Authorization", value.reveal()), *self.impersonation] if value else list(self.impersonation)

    def renew(self) -> bool:
        """Get new credentials after a 401; False if there are none.

        Does nothing if another thread has already replaced the credentials that this thread sent.
        """
        with self.shown.lock:
            sent = getattr(self.shown.by_thread, "proof", None)
            if sent is not None and sent != (self.credentials.authorization(), self.credentials.certificate()):
                return True
            if not self.credentials.refresh():
                return False
            self._show_certificate()
            return True

    @property
    def encoding(self) -> Literal["gzip", "identity"]:
        """The Accept-Encoding of a request whose response may be compressed."""
        return "gzip" if self.compressed else "identity"

    @property
    def certificates(self) -> int:
        """Number of certificates obtained from a plugin so far; connections made with an older one are stale."""
        return self.shown.certificates

    def _show_certificate(self) -> None:
        """Load the newest certificate of the plugin, if any."""
        given = self.credentials.certificate()
        if self.tls is None or given is None or given == self.shown.certificate:
            return
        from kubectl_dshell.kube.net.tls import load_client_certificate

        load_client_certificate(self.tls, given.certificate, given.key, f'user "{self.user}" (from its plugin)')
        self.shown.certificate = given
        self.shown.certificates += 1
