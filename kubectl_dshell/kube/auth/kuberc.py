"""kubectl's preferences (kuberc): which credential plugins may run. The rest of the file is about commands of kubectl.

The rules are those of kubectl 1.36 (`pkg/kuberc`) and client-go (`plugin/pkg/client/auth/exec`), but for one: a file
that cannot be used is an error here, and never a reason to run a plugin that it may forbid.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.kubeconfig import yaml_reader
from kubectl_dshell.kube.kubeconfig.files import content_of
from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION = "kubectl.config.k8s.io/v1beta1"
_OLD = "kubectl.config.k8s.io/v1alpha1"  # it has no policy
_KEYS = ("credentialPluginPolicy", "credentialPluginAllowlist")
_POLICIES = ("", "AllowAll", "DenyAll", "Allowlist")
_DOCUMENT_END = re.compile(rb"^---[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_ADVICE = ("Correct it, name another with --kuberc, or set KUBERC=off.",)


class PluginPolicy(NamedTuple):
    """Which plugins may run; every one unless `file` says otherwise."""

    file: Path | None = None
    kind: str = ""
    allowed: tuple[str, ...] = ()

    def why_not(self, command: str, search: str) -> tuple[str, str] | None:
        """Why `command` may not run, and what to do; None if it may. `search` is $PATH."""
        if self.kind == "DenyAll":
            return (
                f"may not run: credentialPluginPolicy of {self.file} is DenyAll",
                "Change it, or choose another --user.",
            )
        if self.kind != "Allowlist" or command in self.allowed:
            return None
        try:
            path = look_path(command, search)
        except OSError as error:
            why = (
                f"may not run: it is not found ({error.strerror}), as credentialPluginAllowlist of {self.file} requires"
            )
            return why, "Install it, or correct the kubeconfig."
        if path in self.allowed or any(_leads_to(entry, path, search) for entry in self.allowed):
            return None
        known = ", ".join(self.allowed)
        return (
            f"may not run: {path} is not in credentialPluginAllowlist of {self.file}, which has {known}",
            f"If you trust it, add there: - command: {path}",
        )


def plugin_policy(explicit: str | None, environ: Mapping[str, str]) -> PluginPolicy:
    """The policy of `explicit` (--kuberc), else of $KUBERC, else of ~/.kube/kuberc, if that exists.

    Raises:
        BadConfig: the file cannot be used, or does not exist though it was named.
    """
    named = environ.get("KUBERC", "")
    if disabled := _disabled(environ):
        if explicit:
            raise BadConfig(f"--kuberc is given, but {disabled} disables it", "Leave out one of them.")
        return PluginPolicy()
    file = Path(explicit or named or Path(environ.get("HOME") or Path.home(), ".kube", "kuberc"))
    content = content_of(file, "kuberc")
    if content is None:
        if explicit or named:
            raise BadConfig(f"kuberc {file} does not exist", "Name another with --kuberc, or set KUBERC=off.")
        return PluginPolicy()
    return _policy(file, content)


def _disabled(environ: Mapping[str, str]) -> str:
    """The variable, with its value, by which no file is read; empty without one."""
    found = environ.get("KUBECTL_KUBERC", "")
    if found.lower() == "false":
        return f"KUBECTL_KUBERC={found}"
    return "KUBERC=off" if environ.get("KUBERC") == "off" else ""


def _policy(file: Path, content: bytes) -> PluginPolicy:
    """Of the first document in a version that is known, as in kubectl."""
    found = list(_documents(file, content))
    known = (one for one in found if one.text("kind") == "Preference" and one.text("apiVersion") in (VERSION, _OLD))
    chosen = next(known, None)
    if chosen is None and found:
        raise BadConfig(f"kuberc {file} has no Preference of {VERSION}", *_ADVICE)
    if chosen is None or chosen.text("apiVersion") == _OLD:
        return PluginPolicy(file)
    for key in chosen.value:
        meant = next((one for one in _KEYS if one.lower() == str(key).lower()), key)
        if key != meant:
            raise chosen.wrong(str(key), f"is not a key; it is spelled {meant}")
    kind = chosen.text("credentialPluginPolicy")
    if kind not in _POLICIES:
        raise chosen.wrong("credentialPluginPolicy", f"is {kind}, but must be one of {', '.join(_POLICIES[1:])}")
    listed = chosen.value.get("credentialPluginAllowlist") is not None
    allowed = tuple(_command(entry) for entry in chosen.parts("credentialPluginAllowlist"))
    if kind != "Allowlist" and listed:
        raise chosen.wrong("credentialPluginAllowlist", "needs credentialPluginPolicy: Allowlist")
    if kind == "Allowlist" and not allowed:
        raise chosen.wrong("credentialPluginAllowlist", "is empty, which needs credentialPluginPolicy: DenyAll")
    return PluginPolicy(file, kind, allowed)


def _documents(file: Path, content: bytes) -> Iterator[NamedEntry]:
    try:
        for text in [content] if len(content) > yaml_reader.LONGEST else _DOCUMENT_END.split(content):
            parsed: Any = yaml_reader.parse(text)
            if parsed is not None:
                yield NamedEntry(
                    "Preference", parsed if isinstance(parsed, dict) else {}, kind="kuberc", file=file, advice=_ADVICE
                )
    except ValueError as error:
        raise BadConfig(f"kuberc {file} cannot be parsed: {error}", *_ADVICE) from error


def _command(entry: NamedEntry) -> str:
    command, old = entry.text("command"), entry.text("name")
    if command and old and command != old:
        raise entry.wrong("command", "and name differ; name is the old key")
    command = command or old
    if not command:
        raise entry.wrong("command", "is missing")
    if command != clean(command):
        raise entry.wrong("command", f"is {command}, but must be {clean(command)}")
    return command


def clean(path: str) -> str:
    """Go's filepath.Clean."""
    found = os.path.normpath(path)
    return found[1:] if found.startswith("//") else found


def look_path(command: str, search: str) -> str:
    """The program that `command` is, as Go's exec.LookPath finds it: never in the current folder. Raises OSError."""
    if "/" in command:
        _require_program(command)
        return command
    for folder in search.split(":") if search else ():
        path = clean(f"{folder or '.'}/{command}")
        try:
            _require_program(path)
        except OSError:
            continue
        if not path.startswith("/"):
            raise OSError(errno.ENOENT, "it is in the current folder, which PATH may not name")
        return path
    raise FileNotFoundError(errno.ENOENT, "it is not in PATH")


def _require_program(path: str) -> None:
    if Path(path).is_dir() or not Path(path).exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if not os.access(path, os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _leads_to(entry: str, path: str, search: str) -> bool:
    try:
        return Path(entry).name == Path(path).name and look_path(entry, search) == path
    except OSError:
        return False
