"""kubectl's connection flags, as given."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from kubectl_dshell.kube.kubeconfig.secret import Secret


class ConnectionOptions(NamedTuple):
    """kubectl's connection flags; None (or empty) means not given. `request_timeout` is in seconds."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    server: str | None = None
    token: Secret | None = None
    namespace: str | None = None
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    as_uid: str | None = None
    as_user_extra: tuple[tuple[str, str], ...] = ()
    request_timeout: float | None = None
    insecure_skip_tls_verify: bool = False
    tls_server_name: str | None = None
    certificate_authority: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    disable_compression: bool = False
    kuberc: str | None = None

    def within(self, seconds: float) -> Self:
        """The same, with at most so many seconds for a request."""
        return self._replace(request_timeout=min(self.request_timeout or seconds, seconds))
