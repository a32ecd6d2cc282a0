"""kubectl's own flags, with kubectl's meaning, for every verb: the cluster, and the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_dshell.cli.flags.param_types import LONGEST_WAIT, Duration, Extra, Token, Verbosity
from kubectl_dshell.cli.flags.parsing import Flag, Options, option, optional, parsed, repeatable, switch

if TYPE_CHECKING:
    from kubectl_dshell.kube.connection.options import ConnectionOptions
    from kubectl_dshell.kube.kubeconfig.secret import Secret

_KUBECTL = "kubectl flags"
_NO_LOGIN = (
    "API servers have not taken passwords since Kubernetes 1.19, and everyone on this machine could read it",
    "For a gateway that takes one: kubectl config set-credentials USER --username=NAME --password=PASSWORD",
)
REFUSED = {
    "--cache-dir": ("nothing is cached here", "Leave it out."),
    "--log-flush-frequency": ("every line of the log is written at once", "Leave it out."),
    "--match-server-version": ("every server from Kubernetes 1.25 on will do", "Compare: kubectl dshell doctor"),
    "--password": _NO_LOGIN,
    "--profile-output": ("it is about a profile of the program kubectl", "Leave it out."),
    "--username": _NO_LOGIN,
    "--vmodule": ("the log has levels, and no modules", "Use -v 6, or -v 8."),
    "--warnings-as-errors": ("a warning comes with what has been done already", "Leave it out, and read stderr."),
}
"""kubectl's other flags for every command: why each has no meaning here, and what to type instead."""


def _value(*names: str, metavar: str, help: str) -> Flag[str | None]:  # noqa: A002  # click's word
    return optional(click.STRING, *names, group=_KUBECTL, metavar=metavar, help=help)


class ConnectionFlags(Options):
    """The connection flags of one run; None or empty means not given."""

    context: str | None = parsed(_value("--context", metavar="NAME", help="The kubeconfig context to use."))
    cluster: str | None = parsed(_value("--cluster", metavar="NAME", help="The kubeconfig cluster to use."))
    user: str | None = parsed(
        _value("--user", metavar="NAME", help="The kubeconfig user to use (not the user in the container: --run-as).")
    )
    kubeconfig: str | None = parsed(
        _value("--kubeconfig", metavar="FILE", help="The kubeconfig file, instead of KUBECONFIG or ~/.kube/config.")
    )
    server: str | None = parsed(_value("-s", "--server", metavar="URL", help="The address and port of the API server."))
    token: Secret | None = parsed(
        optional(
            Token(),
            "--token",
            group=_KUBECTL,
            metavar="TOKEN",
            help="Bearer token for authentication to the API server.",
        )
    )
    as_user: str | None = parsed(_value("--as", "as_user", metavar="USER", help="Username to impersonate."))
    as_groups: tuple[str, ...] = parsed(
        repeatable(
            click.STRING,
            "--as-group",
            "as_groups",
            group=_KUBECTL,
            metavar="GROUP",
            help="Group to impersonate; repeatable.",
        )
    )
    as_uid: str | None = parsed(_value("--as-uid", metavar="UID", help="UID to impersonate."))
    as_user_extra: tuple[tuple[str, str], ...] = parsed(
        repeatable(
            Extra(),
            "--as-user-extra",
            group=_KUBECTL,
            metavar="KEY=VALUE",
            help="Extra of the user to impersonate; repeatable, also with the same key.",
        )
    )
    certificate_authority: str | None = parsed(
        _value("--certificate-authority", metavar="FILE", help="Certificate of the API server's certificate authority.")
    )
    client_certificate: str | None = parsed(
        _value("--client-certificate", metavar="FILE", help="Client certificate file for TLS.")
    )
    client_key: str | None = parsed(_value("--client-key", metavar="FILE", help="Client key file for TLS."))
    tls_server_name: str | None = parsed(
        _value("--tls-server-name", metavar="NAME", help="Server name to verify in the API server's certificate.")
    )
    insecure_skip_tls_verify: bool = parsed(
        switch(
            "--insecure-skip-tls-verify", group=_KUBECTL, help="Do not verify the API server's certificate (insecure)."
        )
    )
    disable_compression: bool = parsed(
        switch("--disable-compression", group=_KUBECTL, help="Do not ask the API server to compress its responses.")
    )
    kuberc: str | None = parsed(
        _value("--kuberc", metavar="FILE", help="The kuberc file, whose rules for credential plugins are obeyed.")
    )
    request_timeout: int = parsed(
        option(
            Duration(LONGEST_WAIT),
            "--request-timeout",
            default=0,
            group=_KUBECTL,
            metavar="TIME",
            help="Timeout for a single request; 0 means the default of 60s.",
        )
    )
    verbosity: int = parsed(
        option(
            Verbosity(),
            "-v",
            "--v",
            "verbosity",
            default=0,
            group=_KUBECTL,
            metavar="LEVEL",
            help="1 logs what admission changed in a debug container, and a configuration in its image; 6 also logs "
            "each request, without the arguments of COMMAND; 8 also logs bodies, without the values of variables and "
            "secrets, but with commands, arguments and annotations of pods.",
        )
    )

    def to_options(self, namespace: str | None) -> ConnectionOptions:
        """The options of a connection; a request timeout of 0 means unset."""
        from kubectl_dshell.kube.connection.options import ConnectionOptions

        return ConnectionOptions(
            kubeconfig=self.kubeconfig,
            context=self.context,
            cluster=self.cluster,
            user=self.user,
            server=self.server,
            token=self.token or None,
            namespace=namespace,
            as_user=self.as_user,
            as_groups=self.as_groups,
            as_uid=self.as_uid,
            as_user_extra=self.as_user_extra,
            request_timeout=self.request_timeout or None,
            insecure_skip_tls_verify=self.insecure_skip_tls_verify,
            tls_server_name=self.tls_server_name,
            certificate_authority=self.certificate_authority,
            client_certificate=self.client_certificate,
            client_key=self.client_key,
            disable_compression=self.disable_compression,
            kuberc=self.kuberc,
        )

    def to_type_again(self) -> tuple[str, ...]:
        """The flags a suggested command needs to reach the same cluster as the same user.

        Never --token, nor the login in a URL; --client-key is a file name. -v does not affect the connection.
        """
        from kubectl_dshell.domain.text.duration import duration
        from kubectl_dshell.kube.net.endpoint import shown

        given = {
            "--context": self.context,
            "--kubeconfig": self.kubeconfig,
            "--cluster": self.cluster,
            "--user": self.user,
            "--server": self.server and shown(self.server),
            "--as": self.as_user,
            "--as-uid": self.as_uid,
            "--tls-server-name": self.tls_server_name,
            "--certificate-authority": self.certificate_authority,
            "--client-certificate": self.client_certificate,
            "--client-key": self.client_key,
            "--kuberc": self.kuberc,
            "--request-timeout": duration(self.request_timeout) if self.request_timeout else None,
        }
        return (
            *(("--insecure-skip-tls-verify",) if self.insecure_skip_tls_verify else ()),
            *(("--disable-compression",) if self.disable_compression else ()),
            *(word for flag, value in given.items() if value for word in (flag, value)),
            *(word for group in self.as_groups for word in ("--as-group", group)),
            *(word for pair in self.as_user_extra for word in ("--as-user-extra", "=".join(pair))),
        )
