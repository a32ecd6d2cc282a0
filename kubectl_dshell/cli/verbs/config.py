"""`kubectl dshell config`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from kubectl_dshell.cli.argv import check_text
from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.output import output
from kubectl_dshell.cli.flags.parsing import Options, nested, parsed, remote_command, verb
from kubectl_dshell.cli.flags.selection import NAMESPACE
from kubectl_dshell.cli.flags.session import IMAGE, KEEP, PROFILE, QUIET, TIMEOUT, TTL
from kubectl_dshell.output.document import Format

if TYPE_CHECKING:
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.domain.access.privilege import Profile
    from kubectl_dshell.domain.config.values import Sourced


class ConfigOptions(Options):
    command: tuple[str, ...] | None = remote_command()
    namespace: str | None = parsed(NAMESPACE)
    profile: Profile = parsed(PROFILE.but(help="As of a session."))
    image: str = parsed(IMAGE.but(help="As of a session."))
    keep: int = parsed(KEEP.but(help="As of a session."))
    ttl: int = parsed(TTL.but(help="As of a session."))
    timeout: int = parsed(TIMEOUT.but(help="As of a session."))
    output: Format | None = parsed(output((Format.JSON, Format.YAML), "One document instead of a table."))
    quiet: bool = parsed(QUIET)
    connection: ConnectionFlags = nested(ConnectionFlags)


@verb("config", ConfigOptions)
def config_command(options: ConfigOptions) -> int:
    """Show the settings of a session, and where each comes from.

    A flag is over a variable, that over $XDG_CONFIG_HOME/kubectl-dshell/config.toml (~/.config), that over the default.
    Keys: image, ttl, keep, timeout, profile, reason-required, colour, [images] and [mirrors]; the same in
    [contexts.NAME], [namespaces.NAME] and [contexts.NAME.namespaces.NAME]. Nothing is sent to the cluster.
    See docs/configuration.md; the fields of -o json are documented in docs/json.md.
    """
    if options.command is not None:
        raise click.UsageError("config takes no command after --")
    check_text((options.image,), "DSHELL_IMAGE")
    from kubectl_dshell.cli.config_file import config_path
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.cli.stdout import write_data
    from kubectl_dshell.output.notices import Notices
    from kubectl_dshell.output.settings_report import SettingsReport, format_settings_document, format_settings_table

    configuration, notices = Configuration(), Notices(quiet=options.quiet)
    context, namespace = _place(options, notices)
    path = config_path(os.environ)
    exists = configuration.config is not None
    report = SettingsReport(path, exists, context, namespace, _rows(options, configuration, context, namespace))
    if options.output is Format.JSON or options.output is Format.YAML:
        write_data(format_settings_document(report, options.output))
        return 0
    write_data(format_settings_table(report))
    where = f"context {context or '<none>'}, namespace {namespace}"
    notices.notice(f"{where}; {path or 'no place for a file'}{'' if exists else ' (there is no such file)'}")
    return 0


def _place(options: ConfigOptions, notices: Any) -> tuple[str, str]:
    """The context and the namespace; without a kubeconfig those of a file without one."""
    from kubectl_dshell.errors import BadConfig
    from kubectl_dshell.kube.connection.resolve import selected

    try:
        return selected(options.connection.to_options(options.namespace), os.environ)
    except BadConfig as error:
        notices.warn(f"warning: {error.message}; no context is assumed")
        return "", options.namespace or "default"


def _rows(options: ConfigOptions, configuration: Configuration, context: str, namespace: str) -> dict[str, Sourced]:
    """The settings as they are written in a file."""
    from kubectl_dshell.cli.clock import patience
    from kubectl_dshell.cli.settings import FIELDS, variable_of
    from kubectl_dshell.domain.config.values import Colour, Origin, Source, Sourced
    from kubectl_dshell.domain.text.duration import duration
    from kubectl_dshell.output.sinks.prefixed import may_colour

    settings, made = configuration.at(context, namespace), configuration.apply(options, context, namespace)
    rows: dict[str, Sourced] = {}
    for name in FIELDS:
        value = made.value(name)
        rows[name] = Sourced(duration(value) if isinstance(value, int) else str(value))
        if name in options.given.typed:
            rows[name] = rows[name]._replace(source=Source(Origin.FLAG, f"--{name}"))
        elif name in options.given.variables:
            rows[name] = rows[name]._replace(source=Source(Origin.VARIABLE, variable_of(name)))
        elif name in settings.values:
            rows[name] = rows[name]._replace(source=settings.values[name].source)
    rows["reason-required"] = settings.values.get("reason-required", Sourced(value=False))
    colour = settings.values.get("colour", Sourced(Colour.AUTO))
    if colour.value == "auto" and os.environ.get("NO_COLOR"):
        colour = Sourced(Colour.NEVER, Source(Origin.VARIABLE, "NO_COLOR"))
    elif colour.value == "auto" and may_colour(terminal=False):
        colour = Sourced(Colour.ALWAYS, Source(Origin.VARIABLE, "FORCE_COLOR"))
    rows["colour"] = colour._replace(value=str(colour.value))
    patient = Source(Origin.VARIABLE, "DSHELL_PATIENCE") if os.environ.get("DSHELL_PATIENCE") else Source()
    rows["patience"] = Sourced(patience(os.environ), patient)
    rows |= {f"images.{name}": one for name, one in settings.images.items()}
    return rows | {f"mirrors.{name}": one for name, one in settings.mirrors.items()}
