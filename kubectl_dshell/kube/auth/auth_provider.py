"""Legacy auth-provider entries, delegated to the Python client, which supports oidc (with refresh) and gcp.

The kubernetes package is imported only here, and may be absent if no kubeconfig has such entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.kubeconfig.header import bearer
from kubectl_dshell.kube.kubeconfig.secret import Secret, scrub

if TYPE_CHECKING:
    from kubectl_dshell.kube.auth.client_certificate import ClientCertificate
    from kubectl_dshell.kube.auth.user_terminal import UserTerminal
    from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry

SUPPORTED = ("oidc", "gcp")
_NAME = "kubectl-dshell"
_WORDS_SHOWN = 300


class AuthProvider:
    """Gets a token from the kubernetes package, once, and again after a 401."""

    def __init__(self, user: NamedEntry, provider: NamedEntry, terminal: UserTerminal) -> None:
        """Reject a provider that the package does not support.

        Raises:
            BadConfig: naming the provider.
        """
        self._name = provider.text("name")
        if self._name not in SUPPORTED:
            raise BadConfig(
                f'user "{user.name}" has auth-provider "{self._name}", which is not supported',
                "Use a credential plugin (exec) instead, as kubectl requires for most providers.",
            )
        config = provider.part("config")
        # All values are treated as secrets: some are, and it does no harm to the others.
        self._details = {key: Secret(config.text(key)) for key in config.value} if config else {}
        self._user = user
        self._terminal = terminal
        self._value: Secret | None = None

    def authorization(self) -> Secret | None:
        if self._value is None:
            self._value = self._ask()
        return self._value

    def certificate(self) -> ClientCertificate | None:
        return None

    def refresh(self) -> bool:
        self._value = self._ask()
        return True

    def _ask(self) -> Secret:
        if self._terminal.taken and "cmd-path" in self._details:
            raise self._failure("its command may prompt, and a session is using the terminal")
        details = {key: value.reveal() for key, value in self._details.items()}
        loader = self._loader(details)
        if not any(details.get(f"idp-certificate-authority{suffix}") for suffix in ("", "-data")):
            loader._refresh_oidc = self._refuse_refresh  # noqa: SLF001  # it would not verify the TLS certificate of the provider
        try:
            loader._load_authentication()  # noqa: SLF001  # the public entry point also loads certificates
        except BadConfig:
            raise
        except Exception as error:
            # Whatever the package and its dependencies raise here, the cause is the credentials.
            words = scrub(" ".join(str(error).split()))[:_WORDS_SHOWN]
            raise self._failure(f"{type(error).__name__}: {words}") from error
        token = str(getattr(loader, "token", None) or "")
        if not token:
            raise self._failure("no usable token in the kubeconfig")
        return Secret(bearer(token.removeprefix("Bearer "), f"the token of {self._user.whole}"))

    def _loader(self, details: dict[str, str]) -> Any:
        """The loader of the package, given only this user: its errors quote the name of the entry."""
        try:
            from kubernetes.config.kube_config import KubeConfigLoader
        except ImportError as error:  # absent, or one of its dependencies is
            raise BadConfig(
                f'the auth-provider of user "{self._user.name}" needs the Python package kubernetes, '
                f"which cannot be imported: {error}",
                "Use a credential plugin (exec) instead, as kubectl requires for most providers, or --token.",
                "Or use an installation that has the package: pipx install kubectl-dshell",
            ) from error

        provider: dict[str, Any] = {"name": self._name, **({"config": details} if details else {})}
        only = {
            "current-context": _NAME,
            "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _NAME}}],
            "clusters": [{"name": _NAME, "cluster": {"server": ""}}],
            "users": [{"name": _NAME, "user": {"auth-provider": provider}}],
        }
        return KubeConfigLoader(only, config_persister=lambda: self._keep(provider.get("config") or {}))

    def _keep(self, renewed: Any) -> None:
        """Write renewed tokens back to the kubeconfig, as kubectl does, if it is a regular file."""
        from kubernetes.config.kube_config import KubeConfigMerger

        self._details = {key: Secret(str(value)) for key, value in renewed.items()}
        file = self._user.file
        if file is None or not file.is_file():
            return
        merger = KubeConfigMerger(str(file))
        for document in merger.config_files.values():
            for item in document.get("users") or []:
                if item.get("name") == self._user.name:
                    item["user"]["auth-provider"]["config"] = dict(renewed)
        merger.save_changes()

    def _refuse_refresh(self, _provider: object) -> None:
        raise self._failure("the token expired, and without idp-certificate-authority it cannot be renewed safely")

    def _failure(self, why: str) -> BadConfig:
        return BadConfig(
            f'the auth-provider of user "{self._user.name}" returned no credentials: {why}',
            "Log in again, or use a credential plugin (exec). Try: kubectl auth whoami",
        )
