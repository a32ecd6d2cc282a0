"""Kubeconfig files: location, reading, merging and lookup, by kubectl's rules.

The rules are those of client-go `tools/clientcmd`: the first file with an entry, or with a current context, wins, and
entries are never mixed. (The Python client lets the last file's current-context win.)
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.kubeconfig import yaml_reader
from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry, entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECTIONS = {"clusters": "cluster", "contexts": "context", "users": "user"}


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """The merged files; `files` are the existing ones, in order."""

    files: tuple[Path, ...] = ()
    current_context: str = ""
    sections: Mapping[str, Mapping[str, NamedEntry]] = field(
        default_factory=lambda: {section: {} for section in SECTIONS}
    )

    def get(self, section: str, name: str) -> NamedEntry:
        """The entry called `name`.

        Raises:
            BadConfig: there is none; the message lists the existing ones.
        """
        entries = self.sections[section]
        if name in entries:
            return entries[name]
        where = ", ".join(map(str, self.files)) or "no kubeconfig"
        known = f"Available: {', '.join(entries)}." if entries else f"It has no {section}."
        raise BadConfig(
            f'{SECTIONS[section]} "{name}" does not exist in {where}',
            known,
            "See: kubectl config get-contexts",
        )


def load(explicit: str | None, environ: Mapping[str, str]) -> Kubeconfig:
    """The file `explicit`, else those of $KUBECONFIG, else ~/.kube/config; empty if there is none.

    A pipe (`<(sops -d k.yaml)`) works like a file, since it is read only once, here.

    Raises:
        BadConfig: a file is unreadable or not a kubeconfig, or `explicit` does not exist.
    """
    if explicit:
        content = content_of(Path(explicit))
        if content is None:
            raise BadConfig(f"kubeconfig {explicit} does not exist", "Check --kubeconfig.")
        return _merge([(Path(explicit), content)])
    if environ.get("KUBECONFIG"):
        paths = [Path(part) for part in environ["KUBECONFIG"].split(os.pathsep) if part]
    else:
        paths = [Path(environ["HOME"] if environ.get("HOME") else Path.home(), ".kube", "config")]
    read = [(path, content_of(path)) for path in dict.fromkeys(paths)]
    return _merge([(path, content) for path, content in read if content is not None])


def _merge(files: Sequence[tuple[Path, bytes]]) -> Kubeconfig:
    sections: dict[str, dict[str, NamedEntry]] = {section: {} for section in SECTIONS}
    current = ""
    for file, content in files:
        config = _parsed(file, content)
        named = config.get("current-context")
        if named is not None and not isinstance(named, str):
            raise BadConfig(
                f"kubeconfig {file}: current-context must be a string", "Set it with: kubectl config use-context NAME"
            )
        current = current or named or ""
        for section, kind in SECTIONS.items():
            for entry in entries(config, section, kind, file):
                sections[section].setdefault(entry.name, entry)
    return Kubeconfig(tuple(file for file, _ in files), current, sections)


def content_of(file: Path, kind: str = "kubeconfig") -> bytes | None:
    """The content, read to at most one byte past the limit; None if the file does not exist.

    Raises:
        BadConfig: it cannot be read; the message calls it a `kind`.
    """
    try:
        with file.open("rb", buffering=0) as opened:
            content = b""
            while len(content) <= yaml_reader.LONGEST and (
                piece := opened.read(yaml_reader.LONGEST + 1 - len(content))
            ):
                content += piece
    except FileNotFoundError:
        return None
    except IsADirectoryError as error:
        raise BadConfig(f"{kind} {file} is a directory", "Give the path of a file in it.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or "it is not a valid file name"
        raise BadConfig(f"{kind} {file} cannot be read: {why}") from error
    return content


def _parsed(file: Path, content: bytes) -> dict[str, Any]:
    try:
        config = yaml_reader.parse(content)
    except ValueError as error:
        raise BadConfig(f"kubeconfig {file} cannot be parsed: {error}") from error
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise BadConfig(f"{file} is not a kubeconfig: clusters, contexts and users are missing")
    for key, known in (("apiVersion", "v1"), ("kind", "Config")):
        if config.get(key) not in (None, "", known):
            raise BadConfig(
                f"{file} is not a kubeconfig: its {key} is not {known}", "Check KUBECONFIG or --kubeconfig."
            )
    return config
