"""One click type per concept: strings become values here."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from kubectl_dshell.domain.debug_container.spec import PREFIX, full_name
from kubectl_dshell.domain.pod.reference import Reference, is_name, parse_reference
from kubectl_dshell.domain.text.bounds import small_number
from kubectl_dshell.domain.text.duration import LONGEST, parse_duration

if TYPE_CHECKING:
    from kubectl_dshell.domain.access.custom import Custom
    from kubectl_dshell.domain.shard import Shard
    from kubectl_dshell.kube.kubeconfig.secret import Secret

E = TypeVar("E", bound=StrEnum)
_NAME_MAX = 63  # a DNS label
_REASON_MAX = 256
LONGEST_WAIT = 2_000_000
"""Seconds, about 23 days: the longest socket timeout, which is a C int of milliseconds."""
_ID_MAX = 2**31 - 1  # the API's own bound for runAsUser and runAsGroup (validation.IsValidUserID)


class OneOf(click.Choice[E]):
    """A member of an enum, written as its value."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:  # noqa: ARG002  # click's signature
        return str(choice)


class AnyOf(click.ParamType[frozenset[E]]):
    """Members of an enum, separated by commas."""

    name = "list"

    def __init__(self, members: type[E]) -> None:
        self._one = OneOf(members)

    def words(self) -> tuple[str, ...]:
        """What may be typed."""
        return tuple(map(str, self._one.choices))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[E]:
        return frozenset(self._one.convert(word, param, ctx) for word in value.split(","))


class TargetWord(click.ParamType[Reference]):
    """POD, pod/POD or KIND/NAME, as kubectl exec takes it."""

    name = "target"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Reference:
        if isinstance(value, Reference):
            return value
        try:
            return parse_reference(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Token(click.ParamType["Secret"]):
    """A bearer token, wrapped in a Secret at once."""

    name = "token"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Secret:  # noqa: ARG002  # click's signature
        from kubectl_dshell.kube.kubeconfig.secret import Secret

        return value if isinstance(value, Secret) else Secret(str(value))


class Duration(click.ParamType[int]):
    """Seconds, in Go's notation: 90s, 5m, 1h30m; at most `most`."""

    name = "duration"

    def __init__(self, most: int = LONGEST) -> None:
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_duration(value, self._most)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class RunAs(click.ParamType[tuple[int, int | None]]):
    """UID or UID:GID; the GID is None if not given."""

    name = "uid[:gid]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int | None]:
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,10})(?::(\d{1,10}))?", value, re.ASCII)
        if not match or any(int(n) > _ID_MAX for n in match.groups() if n):
            self.fail(f"{value!r} is not a numeric UID or UID:GID", param, ctx)
        return int(match[1]), None if match[2] is None else int(match[2])


class Capabilities(click.ParamType[tuple[str, ...]]):
    """Linux capabilities, separated by commas, with or without CAP_: a mistyped one would only fail on the node."""

    name = "capabilities"

    def words(self) -> tuple[str, ...]:
        """What may be typed."""
        from kubectl_dshell.domain.access.capabilities import ALL, CAPABILITIES

        return (ALL, *sorted(CAPABILITIES))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        from kubectl_dshell.domain.access.capabilities import ALL, CAPABILITIES

        words = {word: word.strip().upper().removeprefix("CAP_") for word in value.split(",")}
        for word, capability in words.items():
            if capability != ALL and capability not in CAPABILITIES:
                self.fail(f"{word!r} is not a Linux capability; written as in SYS_PTRACE,NET_ADMIN", param, ctx)
        return tuple(words.values())


class CustomProfile(click.ParamType["Custom"]):
    """A file with a partial container, read at once."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Custom:
        if not isinstance(value, str):
            return cast("Custom", value)
        from kubectl_dshell.cli.custom_file import read_custom
        from kubectl_dshell.errors import Malformed

        try:
            return read_custom(value)
        except Malformed as error:
            self.fail(error.message, param, ctx)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class EnvVar(click.ParamType[tuple[str, str]]):
    """NAME=VALUE as the API accepts it; DSHELL_* is reserved."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, equals, text = value.partition("=")
        if not equals:
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        if not re.fullmatch(r"[-._a-zA-Z][-._a-zA-Z0-9]*", name, re.ASCII):
            self.fail(f"{name!r} is not a valid variable name (NAME=VALUE)", param, ctx)  # the value may be a secret
        if name.startswith("DSHELL_"):
            self.fail(f"{name} is set by dshell itself", param, ctx)
        return name, text


class Extra(click.ParamType[tuple[str, str]]):
    """KEY=VALUE, where the key may have any character but an equals sign."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        key, equals, text = value.partition("=")
        if not key or not equals:
            self.fail(f"{value!r} is not KEY=VALUE", param, ctx)
        return key, text


class PodName(click.ParamType[str]):
    """POD or pod/POD, as kubectl get takes it."""

    name = "pod"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        kind, slash, name = value.rpartition("/")
        if slash and kind not in ("pod", "pods", "po"):
            self.fail(f"{value!r}: only pods have debug containers; use POD or pod/POD", param, ctx)
        if not is_name(name):
            self.fail(f"{value!r} is not a valid pod name", param, ctx)
        return str(name)


class Reason(click.ParamType[str]):
    """A single line of text, short enough for a table."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        if len(text) > _REASON_MAX:
            self.fail(f"a reason must not be longer than {_REASON_MAX} characters, got {len(text)}", param, ctx)
        if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text):  # Cs: invalid UTF-8
            self.fail(f"{text!r} is not a single line of text", param, ctx)
        return text


class DebugName(click.ParamType[str]):
    """The name of a debug container, with or without our prefix; the value has it."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        full = full_name(str(value))
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", full, re.ASCII):
            self.fail(f"{value!r} is not a valid name; use a-z, 0-9 and - in between, as in {PREFIX}review", param, ctx)
        if len(full) > _NAME_MAX:
            self.fail(f"{full} has {len(full)} characters; a container's name has at most {_NAME_MAX}", param, ctx)
        return full


class ShardPart(click.ParamType["Shard"]):
    """INDEX/COUNT."""

    name = "index/count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        if not isinstance(value, str):
            return cast("Shard", value)
        from kubectl_dshell.domain.shard import parse_shard

        try:
            return parse_shard(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Verbosity(click.ParamType[int]):
    """kubectl's -v: a number."""

    name = "level"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        level = small_number(str(value))
        if level is None:
            self.fail(f"{value!r} is not a number from 0 to 999999999", param, ctx)
        return level
