"""kubectl's flags applied to the entries of a kubeconfig (client-go `clientcmd.ConfigOverrides`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.kube.kubeconfig.named_entry import from_flag

if TYPE_CHECKING:
    from kubectl_dshell.kube.connection.options import ConnectionOptions
    from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry


def of_cluster(entry: NamedEntry, options: ConnectionOptions) -> NamedEntry:
    """The cluster entry with the flags applied."""
    if options.server:
        # The TLS server name belongs to the old server (client-go drops it too).
        entry = entry.but(server=options.server, tls_server_name="")
    if options.tls_server_name:
        entry = entry.but(tls_server_name=options.tls_server_name)
    if options.certificate_authority or options.insecure_skip_tls_verify:  # both are refused, as they are in an entry
        path = from_flag(options.certificate_authority) if options.certificate_authority else ""
        insecure = options.insecure_skip_tls_verify
        entry = entry.but(certificate_authority=path, certificate_authority_data="", insecure_skip_tls_verify=insecure)
    if options.disable_compression:
        entry = entry.but(disable_compression=True)
    return entry


def of_user(entry: NamedEntry, options: ConnectionOptions) -> NamedEntry:
    """The user entry with the flags applied.

    A token replaces all other credentials except a certificate. Whom to impersonate is overridden value by value, as in
    client-go: with --as alone, the groups of the entry stay.
    """
    if options.token:
        entry = entry.but(token=options.token.reveal(), tokenFile="", exec=None, auth_provider=None, username="")
    if options.client_certificate:
        path = from_flag(options.client_certificate)
        entry = entry.but(client_certificate=path, client_certificate_data="")
    if options.client_key:
        entry = entry.but(client_key=from_flag(options.client_key), client_key_data="")
    if options.as_user:
        entry = entry.but(**{"as": options.as_user})
    if options.as_groups:
        entry = entry.but(as_groups=list(options.as_groups))
    if options.as_uid:
        entry = entry.but(as_uid=options.as_uid)
    if options.as_user_extra:
        extra = entry.part("as-user-extra")
        given: dict[str, list[str]] = {}
        for key, value in options.as_user_extra:
            given.setdefault(key, []).append(value)
        entry = entry.but(as_user_extra={**(extra.value if extra else {}), **given})
    return entry
