"""One resolved connection: where the API server is, who we are to it, and how both are kept true."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from kubectl_dshell.kube.auth.client_certificate import ClientCertificate
    from kubectl_dshell.kube.auth.credentials import Credentials
    from kubectl_dshell.kube.net.connect import Proxy


class PresentedCertificate:
    """What the server was last shown; the lock lets a plugin run once, however many threads ask."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.by_thread = threading.local()
        self.certificate: ClientCertificate | None = None
        self.certificates = 0


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API server is and how to speak to it; `timeout` (seconds) is for one request, None is unset.

    `server` is a URL without a login.
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
    shown: PresentedCertificate = field(default_factory=PresentedCertificate, repr=False, compare=False)

    def headers(self) -> list[tuple[str, str]]:
        """Authorization and impersonation, valid now (a plugin may run for it); to be sent as UTF-8.

        Raises:
            BadConfig: there are no credentials to be had.
        """
        with self.shown.lock:
            value = self.credentials.authorization()
            self._show_certificate()
            self.shown.by_thread.proof = (value, self.shown.certificate)
        return [("Authorization", value.reveal()), *self.impersonation] if value else list(self.impersonation)

    def renew(self) -> bool:
        """Get new credentials after a 401; False when the old ones are all there is.

        Nothing is done where those that this thread has sent are no longer the newest.
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
    def certificates(self) -> int:
        """How many certificates of a plugin there were; a connection made with an older one speaks for nobody."""
        return self.shown.certificates

    def _show_certificate(self) -> None:
        """The plugin's newest, if it gives any."""
        given = self.credentials.certificate()
        if self.tls is None or given is None or given == self.shown.certificate:
            return
        from kubectl_dshell.kube.net.tls import load_client_certificate

        load_client_certificate(self.tls, given.certificate, given.key, f'user "{self.user}" (from its plugin)')
        self.shown.certificate = given
        self.shown.certificates += 1
