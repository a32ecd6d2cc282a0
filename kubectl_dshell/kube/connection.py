"""From flags, environment and kubeconfig to one resolved connection."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube import credentials as sources
from kubectl_dshell.kube import kubeconfig, tls
from kubectl_dshell.kube.proxy import proxy_for

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from kubectl_dshell.kube.credentials import Credentials
    from kubectl_dshell.kube.kubeconfig import Entry, Kubeconfig


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """kubectl's connection flags; None (or empty) is "not given". `request_timeout` is in seconds."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    server: str | None = None
    token: str | None = field(default=None, repr=False)
    namespace: str | None = None
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    as_uid: str | None = None
    request_timeout: float | None = None
    insecure_skip_tls_verify: bool = False
    tls_server_name: str | None = None
    certificate_authority: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API server is and how to speak to it; `timeout` (seconds) is for one request, None is unset."""

    server: str
    namespace: str
    context: str
    user: str
    credentials: Credentials = field(repr=False)
    tls: ssl.SSLContext | None = None
    tls_server_name: str | None = None
    impersonation: tuple[tuple[str, str], ...] = ()
    proxy_url: str | None = field(default=None, repr=False)
    timeout: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    """A plugin runs once, however many threads ask."""

    def headers(self) -> list[tuple[str, str]]:
        """Authorization and impersonation, valid now (a plugin may run for it)."""
        with self.lock:
            value = self.credentials.authorization()
        return [("Authorization", value), *self.impersonation] if value else list(self.impersonation)

    def renew(self) -> bool:
        """Get new credentials after a 401; False when the old ones are all there is."""
        with self.lock:
            if not self.credentials.refresh():
                return False
            _show_plugin_certificate(self.tls, self.credentials, self.user)
            return True


def connect(options: ConnectionOptions, environ: Mapping[str, str]) -> Connection:
    """Resolve everything but the network.

    Raises:
        BadConfig: what is wrong, in which file, and what exists instead.
    """
    config = kubeconfig.load(options.kubeconfig, environ)
    context = _context(config, options)
    cluster = _cluster(config, context, options)
    user = _user(config, context, options)
    server = _server(cluster)
    secure = server.startswith("https:")
    # Like kubectl: what proves who we are never travels in the clear.
    proof = sources.resolve(user, cluster, config, environ) if secure else sources.Static()
    return Connection(
        server=server,
        namespace=options.namespace or context.value.get("namespace") or "default",
        context=context.name,
        user=user.name,
        credentials=proof,
        tls=_tls(cluster, user, proof) if secure else None,
        tls_server_name=cluster.value.get("tls-server-name") or None,
        impersonation=_impersonation(user),
        proxy_url=proxy_for(server, cluster.value.get("proxy-url") or "", environ),
        timeout=options.request_timeout or None,
    )


def _context(config: Kubeconfig, options: ConnectionOptions) -> Entry:
    name = options.context or config.current_context
    if name:
        return config.get("contexts", name)
    if options.cluster or options.server:
        return kubeconfig.Entry("", {})
    if not config.files:
        raise BadConfig(
            "no kubeconfig found: neither --kubeconfig nor $KUBECONFIG nor ~/.kube/config names a file that exists",
            "See: kubectl config view",
        )
    known = ", ".join(config.sections["contexts"]) or "none"
    raise BadConfig(
        f"no current context in {', '.join(map(str, config.files))}",
        f"Choose one with --context or `kubectl config use-context`. There are: {known}.",
    )


def _cluster(config: Kubeconfig, context: Entry, options: ConnectionOptions) -> Entry:
    name = options.cluster or context.value.get("cluster") or ""
    entry = config.get("clusters", name) if name else kubeconfig.Entry("", {})
    value: dict[str, Any] = dict(entry.value)
    if options.server:
        # Another server is not known by the old name (client-go drops it, too).
        value |= {"server": options.server, "tls-server-name": ""}
    if options.tls_server_name:
        value["tls-server-name"] = options.tls_server_name
    if options.certificate_authority:
        path = str(Path(options.certificate_authority).absolute())
        value |= {
            "certificate-authority": path,
            "certificate-authority-data": "",
            "insecure-skip-tls-verify": False,
        }
    if options.insecure_skip_tls_verify:
        value |= {
            "certificate-authority": "",
            "certificate-authority-data": "",
            "insecure-skip-tls-verify": True,
        }
    return kubeconfig.Entry(entry.name, value, entry.directory)


def _user(config: Kubeconfig, context: Entry, options: ConnectionOptions) -> Entry:
    name = options.user or context.value.get("user") or ""
    entry = config.get("users", name) if name else kubeconfig.Entry("", {})
    value: dict[str, Any] = dict(entry.value)
    if options.token:
        value |= {
            "token": options.token,
            "tokenFile": "",
            "exec": None,
            "auth-provider": None,
            "username": "",
        }
    for key, given in (
        ("client-certificate", options.client_certificate),
        ("client-key", options.client_key),
    ):
        if given:
            value |= {key: str(Path(given).absolute()), f"{key}-data": ""}
    if options.as_user:
        value |= {"as": options.as_user, "as-groups": [], "as-uid": "", "as-user-extra": {}}
    if options.as_groups:
        value["as-groups"] = list(options.as_groups)
    if options.as_uid:
        value["as-uid"] = options.as_uid
    return kubeconfig.Entry(entry.name, value, entry.directory)


def _server(cluster: Entry) -> str:
    server = str(cluster.value.get("server") or "").rstrip("/")
    if not server:
        raise BadConfig(f'cluster "{cluster.name}" has no server', "See: kubectl config view")
    if "://" not in server:
        tls_keys = ("certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify")
        server = ("https://" if any(cluster.value.get(key) for key in tls_keys) else "http://") + server
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadConfig(f'cluster "{cluster.name}" has server {server}, which is no http:// or https:// URL')
    return server


def _tls(cluster: Entry, user: Entry, proof: Credentials) -> ssl.SSLContext:
    context = tls.client_context(cluster)
    certificate, key = tls.pem(user, "client-certificate"), tls.pem(user, "client-key")
    if (certificate is None) != (key is None):
        lacking = "client-key" if key is None else "client-certificate"
        raise BadConfig(f'user "{user.name}" has no {lacking} to go with the other half')
    if certificate is not None and key is not None:
        tls.show_certificate(context, certificate, key, f'user "{user.name}"')
    _show_plugin_certificate(context, proof, user.name)
    return context


def _show_plugin_certificate(context: ssl.SSLContext | None, proof: Credentials, user: str) -> None:
    given = proof.certificate()
    if context is not None and given is not None:
        tls.show_certificate(context, given.certificate, given.key, f'user "{user}" (from its plugin)')


def _impersonation(user: Entry) -> tuple[tuple[str, str], ...]:
    value = user.value
    groups = [("Impersonate-Group", str(group)) for group in value.get("as-groups") or []]
    uid = [("Impersonate-Uid", str(value["as-uid"]))] if value.get("as-uid") else []
    extra = [
        (f"Impersonate-Extra-{quote(str(key).lower(), safe='')}", str(item))
        for key, items in (value.get("as-user-extra") or {}).items()
        for item in items
    ]
    if not value.get("as"):
        if groups or uid or extra:
            raise BadConfig("a group, UID or extra to impersonate needs a user to impersonate", "Add --as USER.")
        return ()
    return (("Impersonate-User", str(value["as"])), *groups, *uid, *extra)
