"""The old auth-provider entries, left to the Python client: it knows oidc (with refresh) and gcp."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import BadConfig

if TYPE_CHECKING:
    from kubectl_dshell.kube.certificate import ClientCertificate
    from kubectl_dshell.kube.kubeconfig import Entry, Kubeconfig

SUPPORTED = ("oidc", "gcp")
_CONTEXT = "kubectl-dshell/auth-provider"


class AuthProvider:
    """Asks the kubernetes package once, and again after a 401."""

    def __init__(self, user: Entry, config: Kubeconfig) -> None:
        """Refuse what the package does not know.

        Raises:
            BadConfig: with the provider's name.
        """
        name = user.value["auth-provider"].get("name")
        if name not in SUPPORTED:
            raise BadConfig(
                f'user "{user.name}" has auth-provider "{name}", which is not supported',
                "Use a credential plugin (exec) instead, as kubectl requires for most providers.",
            )
        self._user = user
        self._config = config
        self._value: str | None = None

    def authorization(self) -> str | None:
        if self._value is None:
            self._value = self._ask()
        return self._value

    def certificate(self) -> ClientCertificate | None:
        return None

    def refresh(self) -> bool:
        self._value = self._ask()
        return True

    def _ask(self) -> str:
        from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

        merger = KubeConfigMerger(os.pathsep.join(map(str, self._config.files)))
        cluster = next(iter(self._config.sections["clusters"]), "")
        merger.config.value["contexts"].append(
            {"name": _CONTEXT, "context": {"cluster": cluster, "user": self._user.name}}
        )
        loader: Any = KubeConfigLoader(
            merger.config,
            active_context=_CONTEXT,
            config_base_path=None,
            config_persister=merger.save_changes,
        )
        details = self._user.value["auth-provider"].get("config") or {}
        if not any(details.get(f"idp-certificate-authority{suffix}") for suffix in ("", "-data")):
            loader._refresh_oidc = self._refuse_refresh  # noqa: SLF001  # it would not verify the provider's TLS
        try:
            loader._load_authentication()  # noqa: SLF001  # the public entry point also loads certificates
        except BadConfig:
            raise
        except Exception as error:
            # Whatever the package and the libraries under it raise here, the credentials are what is wrong.
            raise self._failure(f"{type(error).__name__}: {error}") from error
        token = getattr(loader, "token", None)
        if not token:
            raise self._failure("no usable token in the kubeconfig")
        return str(token)

    def _refuse_refresh(self, _provider: object) -> None:
        raise self._failure("the token expired, and without idp-certificate-authority it cannot be renewed safely")

    def _failure(self, why: str) -> BadConfig:
        return BadConfig(
            f'the auth-provider of user "{self._user.name}" gave no credentials: {why}',
            "Log in again, or use a credential plugin (exec). Try: kubectl auth whoami",
        )
