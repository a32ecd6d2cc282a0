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
    if options.certificate_authority:
        path = from_flag(options.certificate_authority)
        entry = entry.but(certificate_authority=path, certificate_authority_data="", insecure_skip_tls_verify=False)
    if options.insecure_skip_tls_verify:
        entry = entry.but(certificate_authority="", certificate_authority_data="", insecure_skip_tls_verify=True)
    return entry


def of_user(entry: NamedEntry, options: ConnectionOptions) -> NamedEntry:
    """The user entry with the flags applied; a token replaces all other credentials except a certificate."""
    if options.token:
        entry = entry.but(token=options.token.reveal(), tokenFile="", exec=None, auth_provider=None, username="")
    if options.client_certificate:
        path = from_flag(options.client_certificate)
        entry = entry.but(client_certificate=path, client_certificate_data="")
    if options.client_key:
        entry = entry.but(client_key=from_flag(options.client_key), client_key_data="")
    if options.as_user:
        entry = entry.but(**{"as": options.as_user}, as_groups=[], as_uid="", as_user_extra={})
    if options.as_groups:
        entry = entry.but(as_groups=list(options.as_groups))
    if options.as_uid:
        entry = entry.but(as_uid=options.as_uid)
    return entry
