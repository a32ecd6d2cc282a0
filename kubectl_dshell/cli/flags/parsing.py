"""Parses the command line into one frozen value per verb, with fields that mypy checks.

A flag is an object that knows the type of its value; verbs with the same flag share it. The options of a verb are a
class with a field per flag:

    class LsOptions(Options):
        selector: str = parsed(SELECTOR)

`Verb` passes an instance to the function that carries out the verb.
"""

from __future__ import annotations

import copy
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, NoReturn, Self, TypeVar, cast, dataclass_transform

import click

from kubectl_dshell.cli.stdout import write_data

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
R = TypeVar("R", bound="Options")
OTHER = "Other"


class Flag(click.Option, Generic[T]):
    """An option whose value is a T, listed under the heading `group` in the help."""

    def __init__(self, *names: str, group: str, **settings: Any) -> None:
        super().__init__(names, **settings)
        self.group = group

    def but(self, *, group: str = "", help: str = "") -> Flag[T]:  # noqa: A002  # click's word
        """The same flag for another verb, with another heading or help."""
        made = copy.copy(self)
        made.group, made.help = group or self.group, help or self.help
        return made

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Names the variable only if the value is its."""
        source = ctx.get_parameter_source(self.name or "") if ctx else None
        if source is click.core.ParameterSource.ENVIRONMENT:
            return super().get_error_hint(ctx)
        return click.Parameter.get_error_hint(self, ctx)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Takes `-n=shop`, as kubectl does. No value of a flag with a short name begins with an equals sign."""
        short = not self.is_flag and any(len(name) == 2 for name in self.opts)
        return super().type_cast_value(ctx, value.removeprefix("=") if short and isinstance(value, str) else value)

    def value(self, ctx: click.Context) -> T:
        """What was given, or the default."""
        return cast("T", ctx.params[self.name or ""])


class Operand(click.Argument, Generic[T]):
    """An argument whose value is a T."""

    def value(self, ctx: click.Context) -> T:
        """What was given, or the default."""
        return cast("T", ctx.params[self.name or ""])


def switch(*names: str, group: str, help: str) -> Flag[bool]:  # noqa: A002  # click's word
    """A flag without a value."""
    return Flag(*names, group=group, help=help, is_flag=True)


def optional(kind: click.ParamType[T], *names: str, group: str, **settings: Any) -> Flag[T | None]:
    """A flag with a value; None if not given."""
    return Flag(*names, group=group, type=kind, default=None, **settings)


def option(kind: click.ParamType[T], *names: str, default: str | int, group: str, **settings: Any) -> Flag[T]:
    """A flag with a value and a default, written as on the command line."""
    typed = default.value if isinstance(default, StrEnum) else default  # click would show the member's name
    return Flag(*names, group=group, type=kind, default=typed, **settings)


def repeatable(kind: click.ParamType[T], *names: str, group: str, **settings: Any) -> Flag[tuple[T, ...]]:
    """A flag that may be repeated."""
    return Flag(*names, group=group, type=kind, multiple=True, **settings)


def operands(kind: click.ParamType[T], name: str, metavar: str) -> Operand[tuple[T, ...]]:
    """Any number of arguments."""
    return Operand([name], type=kind, nargs=-1, metavar=metavar)


class _Field(NamedTuple):
    """Where the value of a field comes from."""

    params: tuple[click.Parameter, ...]
    read: Callable[[click.Context], Any]


def parsed(source: Flag[T] | Operand[T]) -> T:
    """A field that holds the value of `source`."""
    return cast("T", _Field((source,), source.value))


def nested(line: type[R]) -> R:
    """A field that holds options shared with other verbs."""
    return cast("R", _Field(line.params(), line.read))


def remote_command() -> tuple[str, ...] | None:
    """A field that holds the command after `--`; None without `--`."""
    return cast("tuple[str, ...] | None", _Field((), lambda ctx: ctx.obj))


class Given(NamedTuple):
    """The names of the values that are no defaults: of flags, and of their variables."""

    typed: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()

    @classmethod
    def read(cls, ctx: click.Context) -> Given:
        sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
        return cls(
            frozenset(name for name, source in sources.items() if source is click.core.ParameterSource.COMMANDLINE),
            frozenset(name for name, source in sources.items() if source is click.core.ParameterSource.ENVIRONMENT),
        )


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(parsed, nested, remote_command))
class Options:
    """Frozen values from the command line. Dataclasses to mypy; real ones would add 3 ms each to every start."""

    _fields: ClassVar[dict[str, _Field]] = {}
    given: ClassVar[Given] = Given()
    """Set in those that were read from a command line."""

    def __init_subclass__(cls) -> None:
        cls._fields = {name: value for name, value in vars(cls).items() if isinstance(value, _Field)}

    def __init__(self, **values: Any) -> None:
        for name in self._fields:
            object.__setattr__(self, name, values[name])

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name} cannot be changed after parsing")

    @property
    def fields(self) -> frozenset[str]:
        """Of the fields."""
        return frozenset(self._fields)

    def value(self, name: str) -> Any:
        return getattr(self, name)

    def but(self, **values: Any) -> Self:
        """The same with other values."""
        made = type(self)(**{name: getattr(self, name) for name in self._fields} | values)
        object.__setattr__(made, "given", self.given)
        return made

    @classmethod
    def params(cls) -> tuple[click.Parameter, ...]:
        """The flags and arguments, in the order of the fields."""
        return tuple(param for one in cls._fields.values() for param in one.params)

    @classmethod
    def read(cls, ctx: click.Context) -> Self:
        """The values as they were parsed into `ctx`."""
        made = cls(**{name: one.read(ctx) for name, one in cls._fields.items()})
        object.__setattr__(made, "given", Given.read(ctx))
        return made


class Verb(click.Command, Generic[R]):
    """A verb with options of class R. Its help lists the flags by heading; its usage line reads like kubectl's."""

    def __init__(
        self, name: str, line: type[R], run: Callable[[R], int], *, flags: str, more: tuple[click.Parameter, ...] = ()
    ) -> None:
        """`flags` represents the flags in the usage line; `more` are flags that end the program, such as --version."""
        super().__init__(
            name,
            params=[*line.params(), *more],
            help=run.__doc__,
            options_metavar=flags,
        )
        self._line, self._run = line, run

    def options(self, ctx: click.Context) -> R:
        return self._line.read(ctx)

    def invoke(self, ctx: click.Context) -> int:
        return self._run(self.options(ctx))

    def get_help_option_names(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return ["-h", "--help"]

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
                groups.setdefault(param.group if isinstance(param, Flag) else OTHER, []).append(record)
        for heading, records in sorted(groups.items(), key=lambda group: group[0] == OTHER):
            with formatter.section(heading):
                formatter.write_dl(records)


def verb(name: str, line: type[R], flags: str = "[flags]") -> Callable[[Callable[[R], int]], Verb[R]]:
    """Makes a verb of the function that carries it out; its docstring is the help."""
    return lambda run: Verb(name, line, run, flags=flags)


def _print_help(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  # click's signature
    if wanted:
        write_data(f"{ctx.get_help()}\n")
        ctx.exit()
