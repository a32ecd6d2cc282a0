"""Kubeconfig files: found, read, merged and picked from, by kubectl's rules.

The rules are those of client-go `tools/clientcmd`: the first file to name an entry, or the current context, wins,
and entries are never mixed. (The Python client lets the last file's current-context win.)
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import BadConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
IN_CLUSTER = "in-cluster"
SECTIONS = {"clusters": "cluster", "contexts": "context", "users": "user"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A named cluster, context or user, and the directory its relative paths start from."""

    name: str
    value: Mapping[str, Any]
    directory: Path = field(default_factory=Path)

    def path(self, key: str) -> Path | None:
        """The file that `key` names, or None."""
        return self.directory / self.value[key] if self.value.get(key) else None


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """All files merged; `files` are those that exist, in order."""

    files: tuple[Path, ...] = ()
    current_context: str = ""
    sections: Mapping[str, Mapping[str, Entry]] = field(default_factory=lambda: {section: {} for section in SECTIONS})

    def get(self, section: str, name: str) -> Entry:
        """The entry called `name`.

        Raises:
            BadConfig: there is none; the message names those that exist.
        """
        entries = self.sections[section]
        if name in entries:
            return entries[name]
        where = ", ".join(map(str, self.files)) or "no kubeconfig"
        known = f"There are: {', '.join(entries)}." if entries else f"It has no {section} at all."
        raise BadConfig(
            f'{SECTIONS[section]} "{name}" does not exist in {where}',
            known,
            "See: kubectl config get-contexts",
        )


def load(explicit: str | None, environ: Mapping[str, str]) -> Kubeconfig:
    """The file `explicit`, else those of $KUBECONFIG, else ~/.kube/config, else the pod's service account.

    Raises:
        BadConfig: a file is unreadable or not a kubeconfig, or `explicit` does not exist.
    """
    if explicit:
        if not Path(explicit).is_file():
            raise BadConfig(f"kubeconfig {explicit} does not exist", "Check --kubeconfig.")
        return _merge([Path(explicit)])
    if environ.get("KUBECONFIG"):
        paths = [Path(part) for part in environ["KUBECONFIG"].split(os.pathsep) if part]
    else:
        paths = [Path(environ["HOME"] if environ.get("HOME") else Path.home(), ".kube", "config")]
    merged = _merge([path for path in dict.fromkeys(paths) if path.is_file()])
    return merged if merged.files else _in_cluster(environ) or merged


def _merge(files: list[Path]) -> Kubeconfig:
    sections: dict[str, dict[str, Entry]] = {section: {} for section in SECTIONS}
    current = ""
    for file in files:
        document = _read(file)
        current = current or document.get("current-context") or ""
        for section, kind in SECTIONS.items():
            for item in document.get(section) or []:
                if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                    raise BadConfig(f"kubeconfig {file}: every entry of {section} needs a name")
                value = item.get(kind) or {}
                if not isinstance(value, dict):
                    raise BadConfig(f'kubeconfig {file}: {kind} "{item["name"]}" is not a mapping')
                sections[section].setdefault(item["name"], Entry(item["name"], value, file.absolute().parent))
    return Kubeconfig(tuple(files), current, sections)


def _read(file: Path) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(file.read_bytes(), Loader=loader)  # noqa: S506  # both are safe loaders
    except OSError as error:
        raise BadConfig(f"kubeconfig {file} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise BadConfig(f"kubeconfig {file} is not YAML: {problem}") from error
    if document is None:
        return {}
    sections_are_lists = isinstance(document, dict) and all(
        isinstance(document.get(section) or [], list) for section in SECTIONS
    )
    if not sections_are_lists:
        raise BadConfig(f"{file} is not a kubeconfig: clusters, contexts and users have to be lists")
    return dict(document)


def _in_cluster(environ: Mapping[str, str]) -> Kubeconfig | None:
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port or not (SERVICE_ACCOUNT / "token").is_file():
        return None
    namespace = SERVICE_ACCOUNT / "namespace"
    values: dict[str, dict[str, Any]] = {
        "clusters": {
            "server": f"https://{f'[{host}]' if ':' in host else host}:{port}",
            "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt"),
        },
        "users": {"tokenFile": str(SERVICE_ACCOUNT / "token")},
        "contexts": {
            "cluster": IN_CLUSTER,
            "user": IN_CLUSTER,
            "namespace": namespace.read_text().strip() if namespace.is_file() else "",
        },
    }
    return Kubeconfig(
        (), IN_CLUSTER, {section: {IN_CLUSTER: Entry(IN_CLUSTER, value)} for section, value in values.items()}
    )
