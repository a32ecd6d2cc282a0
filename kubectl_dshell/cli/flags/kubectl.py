"""kubectl's own flags, with kubectl's meaning, for every verb; and help in groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.flags.types import LONGEST_WAIT, Duration, Verbosity
from kubectl_dshell.cli.stdout import write_data

if TYPE_CHECKING:
    from kubectl_dshell.kube.config.options import ConnectionOptions

F = TypeVar("F", bound=Callable[..., Any])
KUBECTL = "kubectl's own"
OTHER = "Other"


class GroupedOption(click.Option):
    """An option that knows under which heading its help stands."""

    def __init__(self, *args: Any, group: str = OTHER, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


class GroupedCommand(click.Command):
    """Help with the options under their headings, in the order of their first appearance; usage as kubectl's."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        found = super().get_help_option(ctx)
        if found is not None:
            found.callback = _print_help
        return found

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        flags, *arguments = super().collect_usage_pieces(ctx)
        return [*arguments, flags]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
                groups.setdefault(getattr(param, "group", OTHER), []).append(record)
        for heading, records in sorted(groups.items(), key=lambda group: group[0] == OTHER):
            with formatter.section(heading):
                formatter.write_dl(records)


def _print_help(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  # click's signature
    if wanted:
        write_data(f"{ctx.get_help()}\n")
        ctx.exit()


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  # click's signature
    if wanted:
        write_data(f"kubectl-dshell {__version__}\n")
        ctx.exit()


def option(*names: str, group: str, **kwargs: Any) -> Callable[[F], F]:
    return click.option(*names, cls=GroupedOption, group=group, **kwargs)


def _kubectl(*names: str, **kwargs: Any) -> Callable[[F], F]:
    return option(*names, group=KUBECTL, **kwargs)


_FLAGS = (
    _kubectl("--context", metavar="NAME", help="The kubeconfig context to use."),
    _kubectl("--cluster", metavar="NAME", help="The kubeconfig cluster to use."),
    _kubectl(
        "--user",
        metavar="NAME",
        help="The kubeconfig user to use (not the user in the container: --run-as).",
    ),
    _kubectl(
        "--kubeconfig",
        metavar="FILE",
        help="The kubeconfig file, instead of KUBECONFIG or ~/.kube/config.",
    ),
    _kubectl("-s", "--server", metavar="URL", help="The address of the API server."),
    _kubectl("--token", metavar="TOKEN", help="Bearer token for the API server."),
    _kubectl("--as", "as_user", metavar="USER", help="Impersonate this user."),
    _kubectl(
        "--as-group",
        "as_groups",
        metavar="GROUP",
        multiple=True,
        help="Impersonate this group; repeatable.",
    ),
    _kubectl("--as-uid", metavar="UID", help="Impersonate this UID."),
    _kubectl("--certificate-authority", metavar="FILE", help="Certificate of the API server's authority."),
    _kubectl("--client-certificate", metavar="FILE", help="Client certificate for TLS."),
    _kubectl("--client-key", metavar="FILE", help="Client key for TLS."),
    _kubectl("--tls-server-name", metavar="NAME", help="The name the API server's certificate must have."),
    _kubectl("--insecure-skip-tls-verify", is_flag=True, help="Do not check the API server's certificate."),
    _kubectl(
        "--request-timeout",
        type=Duration(LONGEST_WAIT),
        default=0,
        metavar="TIME",
        help="Give up a single request after this; 0 is the usual 60s.",
    ),
    _kubectl(
        "-v",
        "--v",
        "verbosity",
        type=Verbosity(),
        default=0,
        metavar="LEVEL",
        help="6 shows each request, without the words of COMMAND; 8 bodies too, without the values of variables and "
        "secrets, but with commands, arguments and annotations of pods.",
    ),
)


def connection_options(command: F) -> F:
    """The flags that say which cluster, as whom."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


def namespace_option(command: F) -> F:
    return option("-n", "--namespace", group="Target", metavar="NS", help="The namespace; else the context's.")(command)


def all_namespaces_option(command: F) -> F:
    return option("-A", "--all-namespaces", is_flag=True, group="Target", help="All namespaces.")(command)


def selector_option(command: F) -> F:
    return option(
        "-l",
        "--selector",
        default="",
        group="Target",
        metavar="SELECTOR",
        help="Pods with these labels.",
    )(command)


def concurrency_option(command: F) -> F:
    return option(
        "--concurrency",
        type=click.IntRange(1, 256),
        default=16,
        show_default=True,
        group="Session",
        metavar="NUMBER",
        help="How many at a time.",
    )(command)


def meta_options(command: F) -> F:
    return click.option(
        "--version",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_print_version,
        help="Show the version and exit.",
    )(command)


_TYPED_AGAIN = (
    *("context", "kubeconfig", "cluster", "user", "server", "as_user", "as_uid"),
    *("tls_server_name", "certificate_authority", "client_certificate", "client_key"),
)


def cluster_flags(flags: dict[str, Any]) -> str:
    """The flags that say which cluster, as whom, to be typed again, each with a blank before it; never a secret."""
    import shlex

    from kubectl_dshell.kube.net.endpoint import shown

    flags = {**flags, "server": flags["server"] and shown(flags["server"])}

    words = ["--insecure-skip-tls-verify"] if flags["insecure_skip_tls_verify"] else []
    for name in _TYPED_AGAIN:
        words += [f"--{name.removesuffix('_user').replace('_', '-')}", flags[name]] if flags[name] else []
    words += [word for group in flags["as_groups"] for word in ("--as-group", group)]
    return f" {shlex.join(words)}" if words else ""


def to_connection_options(flags: dict[str, Any]) -> ConnectionOptions:
    """Takes its flags out of `flags`; the request timeout of 0 is none."""
    from kubectl_dshell.kube.config.options import ConnectionOptions
    from kubectl_dshell.kube.kubeconfig.secret import Secret

    token = flags.pop("token")
    return ConnectionOptions(
        kubeconfig=flags.pop("kubeconfig"),
        context=flags.pop("context"),
        cluster=flags.pop("cluster"),
        user=flags.pop("user"),
        server=flags.pop("server"),
        token=Secret(token) if token else None,
        namespace=flags.pop("namespace"),
        as_user=flags.pop("as_user"),
        as_groups=flags.pop("as_groups"),
        as_uid=flags.pop("as_uid"),
        request_timeout=flags.pop("request_timeout") or None,
        insecure_skip_tls_verify=flags.pop("insecure_skip_tls_verify"),
        tls_server_name=flags.pop("tls_server_name"),
        certificate_authority=flags.pop("certificate_authority"),
        client_certificate=flags.pop("client_certificate"),
        client_key=flags.pop("client_key"),
    )
