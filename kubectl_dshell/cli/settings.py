"""Applies the user's configuration to options that were not given: a flag is over a variable, that over the file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

import click

from kubectl_dshell.cli.config_file import read_config
from kubectl_dshell.cli.flags.parsing import Options
from kubectl_dshell.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.cli.flags.session import SessionFlags
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.config.document import Config
    from kubectl_dshell.domain.config.effective import Settings
    from kubectl_dshell.domain.config.values import Colour, Sourced

R = TypeVar("R", bound=Options)
FIELDS = ("image", "ttl", "keep", "timeout", "profile")
"""The options that a file may set; each has a flag and a variable of its name."""
_MORE = ("general", "netadmin", "sysadmin")
"""Profiles with more privilege than the app: nobody gets one without a word, not even with -q."""
_VARIABLES = {
    "reason-required": "DSHELL_REASON_REQUIRED",
    "colour": "DSHELL_COLOUR",
    "mirrors": "DSHELL_MIRRORS",
}
_OTHER_SPELLING = {"DSHELL_COLOUR": "DSHELL_COLOR"}


def variable_of(name: str) -> str:
    """The variable that sets the same."""
    return f"DSHELL_{name.upper().replace('-', '_')}"


class Configuration:
    """The file and the variables of one run, read at once: a mistake is told before anything is sent."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Raises BadConfig for the file, UsageError for a variable."""
        self.config: Config | None = read_config(environ)
        self._variables = _variables(environ)

    @property
    def is_empty(self) -> bool:
        return self.config is None and not self._variables

    def at(self, context: str, namespace: str | None) -> Settings:
        """What applies there; a `namespace` of None: in all of them."""
        from kubectl_dshell.domain.config.effective import settings_of

        values = dict(self._variables)
        all_mirrors = values.pop("mirrors", None)
        mirrors = (
            {prefix: all_mirrors._replace(value=one) for prefix, one in all_mirrors.value.items()}
            if all_mirrors
            else {}
        )
        return settings_of(self.config, context, namespace).over(values, mirrors)

    def apply(self, options: R, context: str, namespace: str | None) -> R:
        """`options` with the values of the file where neither a flag nor a variable was given, and the full image."""
        if self.is_empty:
            return _cut(options)
        settings = self.at(context, namespace)
        changed = {name: settings.values[name].value for name in _unset(options) if name in settings.values}
        if "image" in options.fields:
            changed["image"], _ = settings.full_image(changed.get("image", getattr(options, "image", "")))
        return _cut(options.but(**changed))

    def session(self, flags: SessionFlags, context: str, namespace: str | None) -> SessionFlags:
        """The same for a session, checked again. Raises click.UsageError."""
        made = self.apply(flags, context, namespace)
        if not self.is_empty:
            _check(made, flags, self.at(context, namespace))
        return made

    def tell(self, given: SessionFlags, made: SessionFlags, ports: Ports, namespace: str | None, level: int) -> None:
        """What a session gets that the user has not typed; `level` is that of -v."""
        if level:
            self.tell_image(given, made.image, ports, namespace)
        if made.profile != "auto" and "profile" not in given.given.typed:
            source = variable_of("profile")
            if "profile" not in given.given.variables:
                source = str(self.at(ports.context, namespace).values["profile"].source)
            say = ports.notices.warn if made.profile in _MORE else ports.notices.notice
            say(f"profile {made.profile}: set in {source}")

    def source(self, name: str, context: str, namespace: str) -> str:
        """Where the file or a variable sets it; empty if nothing does."""
        if self.is_empty:
            return ""
        found = self.at(context, namespace).values.get(name)
        return str(found.source) if found else ""

    def colour(self, context: str, namespace: str | None) -> Colour | None:
        """None: not set."""
        if self.is_empty:
            return None
        found = self.at(context, namespace).values.get("colour")
        return found.value if found else None

    def tell_image(self, given: Options, image: str, ports: Ports, namespace: str | None) -> None:
        """Why it is another image than that of the options that were given."""
        if image == given.value("image"):
            return
        settings, asked, sources = self.at(ports.context, namespace), given.value("image"), []
        if "image" in _unset(given) and (found := settings.values.get("image")):
            asked, sources = found.value, [found.source]
        sources += settings.full_image(asked)[1]
        ports.notices.notice(f"image {asked} is {image}: set in {', '.join(dict.fromkeys(map(str, sources)))}")

    def require_reason(self, reason: str, context: str, namespace: str | None) -> None:
        """Raises UsageError if there has to be one."""
        if reason or self.is_empty:
            return
        found = self.at(context, namespace).values.get("reason-required")
        if found and found.value:
            raise UsageError(
                f"a session needs a reason here: reason-required is set in {found.source}",
                "Type the same command again with --reason TEXT.",
            )


def _variables(environ: Mapping[str, str]) -> dict[str, Sourced]:
    found = {}
    for name, usual in _VARIABLES.items():
        variable = usual if environ.get(usual) else _OTHER_SPELLING.get(usual, usual)
        if text := environ.get(variable):
            from kubectl_dshell.domain.config.values import Origin, Source, Sourced, read_variable

            try:
                found[name] = Sourced(read_variable(name, text), Source(Origin.VARIABLE, variable))
            except ValueError as error:
                raise UsageError(f"the variable {variable} is invalid: {error}") from error
    return found


def _cut(options: R) -> R:
    """Nothing is kept for longer than it lives; who has typed so is told."""
    both = {"keep", "ttl"} <= options.fields and "keep" not in options.given.typed
    return options.but(keep=options.value("ttl")) if both and options.value("keep") > options.value("ttl") else options


def _unset(options: Options) -> list[str]:
    given = options.given.typed | options.given.variables
    return [name for name in FIELDS if name in options.fields and name not in given]


def _check(made: SessionFlags, flags: SessionFlags, settings: Settings) -> None:
    try:
        made.check(settled=True)
    except click.UsageError as error:
        unset = [name for name in _unset(flags) if name in settings.values and f"--{name}" in error.message]
        said = "".join(f"\n{name} is set in {settings.values[name].source}; a flag overrides it" for name in unset)
        raise click.UsageError(error.message + said) from error
