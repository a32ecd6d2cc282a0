"""Credentials for the API server: the Authorization header and the client certificate, renewed when needed."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.kubeconfig.header import bearer
from kubectl_dshell.kube.kubeconfig.secret import Secret, encoded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kubectl_dshell.kube.auth.client_certificate import ClientCertificate
    from kubectl_dshell.kube.auth.user_terminal import UserTerminal
    from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry

_LONGEST_TOKEN = 1024 * 1024


class Credentials(Protocol):
    """A source of the Authorization header."""

    def authorization(self) -> Secret | None:
        """The current value of the header; None for a certificate alone, or for anonymous requests."""

    def certificate(self) -> ClientCertificate | None:
        """A client certificate that is not in the kubeconfig but comes from a plugin."""

    def refresh(self) -> bool:
        """Get new credentials after a 401; False if there are none."""


class Static(NamedTuple):
    """A header that never changes."""

    value: Secret | None = None

    def authorization(self) -> Secret | None:
        return self.value

    def certificate(self) -> ClientCertificate | None:
        return None

    def refresh(self) -> bool:
        return False


class TokenFile(NamedTuple):
    """A token in a file that another program renews; read again for each request."""

    path: Path

    def authorization(self) -> Secret | None:
        try:
            with self.path.open("rb") as file:
                token = Secret(file.read(_LONGEST_TOKEN).decode())
        except OSError as error:
            raise BadConfig(f"tokenFile {self.path} cannot be read: {error.strerror}") from error
        except ValueError as error:  # UnicodeDecodeError, whose text would quote the token; or a NUL in the path
            raise BadConfig(f"tokenFile {self.path} is not UTF-8") from error
        return Secret(bearer(token.reveal(), f"tokenFile {self.path}"))

    def certificate(self) -> ClientCertificate | None:
        return None

    def refresh(self) -> bool:
        return True


def basic(name: str, password: str) -> Secret:
    """The Authorization header for a user name and password."""
    return Secret("Basic " + base64.b64encode(encoded(f"{name}:{password}")).decode())


def resolve(
    user: NamedEntry, cluster: NamedEntry, environ: Mapping[str, str], terminal: UserTerminal, kuberc: str | None = None
) -> Credentials:
    """The credentials of a user entry, in client-go's order: tokenFile, token, password, certificate, plugin.

    `kuberc` is the file of --kuberc, which is only read for a plugin.

    Raises:
        BadConfig: the entry is incomplete or uses something unsupported.
    """
    token_file = user.path("tokenFile")
    if token_file is not None:
        return TokenFile(token_file)
    token = user.secret("token")
    if token:
        return Static(Secret(bearer(token.reveal(), f"the token of {user.whole}")))
    if user.text("username"):
        password = user.secret("password")
        return Static(basic(user.text("username"), password.reveal() if password else ""))
    plugin, provider = user.part("exec"), user.part("auth-provider")
    if plugin:
        if provider:
            raise BadConfig(f'user "{user.name}" has both exec and auth-provider; keep one')
        if any(user.text(f"client-certificate{suffix}") for suffix in ("", "-data")):
            return Static()  # as in client-go: who has a certificate needs no plugin

        from kubectl_dshell.kube.auth.exec_plugin import ExecPlugin
        from kubectl_dshell.kube.auth.kuberc import plugin_policy

        return ExecPlugin(user, plugin, cluster, environ, terminal, plugin_policy(kuberc, environ))
    if provider:
        return _provided(user, provider, environ, terminal, kuberc)
    return Static()


def _provided(
    user: NamedEntry, provider: NamedEntry, environ: Mapping[str, str], terminal: UserTerminal, kuberc: str | None
) -> Credentials:
    """Those of an auth-provider; the command that gcp may name is a plugin like others. Raises BadConfig."""
    from kubectl_dshell.kube.auth.auth_provider import AuthProvider

    config = provider.part("config")
    if config and (command := config.text("cmd-path")):
        from kubectl_dshell.kube.auth.kuberc import plugin_policy

        if refusal := plugin_policy(kuberc, environ).why_not(command, environ.get("PATH", "")):
            why, advice = refusal
            raise BadConfig(f'the auth-provider of user "{user.name}": its command {command} {why}', advice)
    return AuthProvider(user, provider, terminal)
