"""Resolution of flags, environment and kubeconfig into one connection, by kubectl's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.auth import credentials as sources
from kubectl_dshell.kube.auth.impersonation import impersonation
from kubectl_dshell.kube.auth.user_terminal import UserTerminal
from kubectl_dshell.kube.connection import overrides
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.kubeconfig import files as kubeconfig
from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry
from kubectl_dshell.kube.kubeconfig.service_account import ServiceAccount
from kubectl_dshell.kube.net import tls
from kubectl_dshell.kube.net.connect import Proxy
from kubectl_dshell.kube.net.endpoint import Endpoint, endpoint, host_name
from kubectl_dshell.kube.net.proxy import proxy_for

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from kubectl_dshell.kube.auth.credentials import Credentials
    from kubectl_dshell.kube.connection.options import ConnectionOptions
    from kubectl_dshell.kube.kubeconfig.files import Kubeconfig

_SCHEMES = ("http", "https")


def connect(options: ConnectionOptions, environ: Mapping[str, str], terminal: UserTerminal | None = None) -> Connection:
    """Resolve the connection without opening it; this may run a plugin, which may prompt on `terminal`.

    Raises:
        BadConfig: with the mistake, the file, and the entries that exist.
    """
    connection = resolve(options, environ, terminal or UserTerminal())
    connection.headers()
    return connection


def selected(options: ConnectionOptions, environ: Mapping[str, str]) -> tuple[str, str]:
    """The names of the context and the namespace that `options` lead to. Raises BadConfig."""
    account = ServiceAccount(environ)
    _, context = _selected(options, environ, account)
    return context.name, _namespace(options, context, account)


def resolve(
    options: ConnectionOptions,
    environ: Mapping[str, str],
    terminal: UserTerminal,
    account: ServiceAccount | None = None,
) -> Connection:
    """Resolve the connection without running a plugin. `account` is the service account of the pod, if in one.

    Raises:
        BadConfig: with the mistake, the file, and the entries that exist.
    """
    account = account or ServiceAccount(environ)
    config, context = _selected(options, environ, account)
    cluster = _named(config, "clusters", options.cluster or context.text("cluster"))
    cluster = overrides.of_cluster(cluster, options)
    user = overrides.of_user(_named(config, "users", options.user or context.text("user")), options)
    server = _server(cluster)
    secure = server.scheme == "https"
    proxy = proxy_for(server, cluster.text("proxy-url"), f"the proxy-url of {cluster.whole}", environ)
    return Connection(
        server=server.url,
        namespace=_namespace(options, context, account),
        context=context.name,
        user=user.name,
        # As in kubectl, credentials are never sent in the clear.
        credentials=_with_login(sources.resolve(user, cluster, environ, terminal, options.kuberc), server)
        if secure
        else sources.Static(),
        tls=_tls(cluster, user) if secure else None,
        tls_server_name=_server_name(cluster),
        impersonation=impersonation(user),
        proxy=Proxy(proxy, tls.proxy_context(cluster) if proxy.scheme == "https" else None) if proxy else None,
        timeout=options.request_timeout or None,
        compressed=not cluster.flag("disable-compression"),
        files=config.files,
    )


def _selected(
    options: ConnectionOptions, environ: Mapping[str, str], account: ServiceAccount
) -> tuple[Kubeconfig, NamedEntry]:
    config = kubeconfig.load(options.kubeconfig, environ)
    if not (config.current_context or options.context or options.cluster) and account.there:
        config = account.config()
    return config, _context(config, options)


def _namespace(options: ConnectionOptions, context: NamedEntry, account: ServiceAccount) -> str:
    return options.namespace or context.text("namespace") or account.namespace() or "default"


def _context(config: Kubeconfig, options: ConnectionOptions) -> NamedEntry:
    name = options.context or config.current_context
    if name:
        return config.get("contexts", name)
    if options.cluster or options.server:
        return NamedEntry("", {})
    if not config.files:
        raise BadConfig(
            "no kubeconfig found: neither --kubeconfig nor $KUBECONFIG nor ~/.kube/config names an existing file",
            "Name one with --kubeconfig FILE, or set KUBECONFIG=FILE.",
        )
    known = ", ".join(config.sections["contexts"]) or "none"
    raise BadConfig(
        f"no current context in {', '.join(map(str, config.files))}",
        f"Choose one with --context or `kubectl config use-context`. Available: {known}.",
    )


def _named(config: Kubeconfig, section: str, name: str) -> NamedEntry:
    return config.get(section, name) if name else NamedEntry("", {}, kind=kubeconfig.SECTIONS[section])


def _server(cluster: NamedEntry) -> Endpoint:
    server = cluster.text("server")
    if not server:
        raise BadConfig(f'cluster "{cluster.name}" has no server', "See: kubectl config view")
    if "://" not in server:
        authority = cluster.text("certificate-authority") or cluster.text("certificate-authority-data")
        secure = authority or cluster.flag("insecure-skip-tls-verify")
        server = ("https://" if secure else "http://") + server
    return endpoint(server, f"the server of {cluster.whole}", _SCHEMES)


def _server_name(cluster: NamedEntry) -> str | None:
    try:
        name = host_name(cluster.checked_word("tls-server-name", cluster.text("tls-server-name")))
    except ValueError as error:
        raise cluster.wrong("tls-server-name", "is not a valid server name") from error
    return name or None


def _with_login(found: Credentials, server: Endpoint) -> Credentials:
    if server.login and isinstance(found, sources.Static) and found.value is None:
        # A login in the URL of the server has the lowest precedence, as in Go.
        return sources.Static(sources.basic(server.login.name.reveal(), server.login.password.reveal()))
    return found


def _tls(cluster: NamedEntry, user: NamedEntry) -> ssl.SSLContext:
    context = tls.client_context(cluster)
    certificate, key = tls.pem(user, "client-certificate"), tls.private_key(user, "client-key")
    if (certificate is None) != (key is None):
        lacking, given = "client-key", "client-certificate"
        if key is not None:
            lacking, given = given, lacking
        raise BadConfig(f'user "{user.name}" has no {lacking} to go with its {given}')
    if certificate is not None and key is not None:
        tls.load_client_certificate(context, certificate, key, f'user "{user.name}"')
    return context
