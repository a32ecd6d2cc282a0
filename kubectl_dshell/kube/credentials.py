"""Who we are to the API server: the Authorization header and the client certificate, kept fresh."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from kubectl_dshell.errors import BadConfig

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kubectl_dshell.kube.certificate import ClientCertificate
    from kubectl_dshell.kube.kubeconfig import Entry, Kubeconfig


class Credentials(Protocol):
    """Where the Authorization header comes from."""

    def authorization(self) -> str | None:
        """The header's value, valid now; None when the certificate, or nobody, speaks for us."""

    def certificate(self) -> ClientCertificate | None:
        """A certificate that goes with it and is not in the kubeconfig."""

    def refresh(self) -> bool:
        """Get new ones after a 401; False when there is nothing new to get."""


@dataclass(frozen=True, slots=True)
class Static:
    """A header that never changes."""

    value: str | None = field(default=None, repr=False)

    def authorization(self) -> str | None:
        return self.value

    def certificate(self) -> ClientCertificate | None:
        return None

    def refresh(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A token that something else renews in a file; read anew for each request."""

    path: Path

    def authorization(self) -> str | None:
        try:
            token = self.path.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfig(f"tokenFile {self.path} cannot be read: {error}") from error
        if not token:
            raise BadConfig(f"tokenFile {self.path} is empty")
        return f"Bearer {token}"

    def certificate(self) -> ClientCertificate | None:
        return None

    def refresh(self) -> bool:
        return True


def resolve(user: Entry, cluster: Entry, config: Kubeconfig, environ: Mapping[str, str]) -> Credentials:
    """The credentials of a user entry; tokenFile before token before password before plugins, as in client-go.

    Raises:
        BadConfig: the entry asks for something that is not supported, or is incomplete.
    """
    value = user.value
    token_file = user.path("tokenFile")
    if token_file is not None:
        return TokenFile(token_file)
    if value.get("token"):
        return Static(f"Bearer {value['token']}")
    if value.get("username"):
        pair = f"{value['username']}:{value.get('password') or ''}"
        return Static("Basic " + base64.b64encode(pair.encode()).decode())
    if value.get("exec"):
        if value.get("auth-provider"):
            raise BadConfig(f'user "{user.name}" has both exec and auth-provider; keep one')
        from kubectl_dshell.kube.exec_plugin import ExecPlugin

        return ExecPlugin(user, cluster, environ)
    if value.get("auth-provider"):
        from kubectl_dshell.kube.auth_provider import AuthProvider

        return AuthProvider(user, config)
    return Static()
