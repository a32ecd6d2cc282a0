"""Finds and reads the user's configuration file; without one that costs a single `stat`."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from kubectl_dshell.errors import BadConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.domain.config.document import Config

LARGEST = 256 * 1024
"""Bytes."""
_NAME = "kubectl-dshell/config.toml"


def config_path(environ: Mapping[str, str]) -> str | None:
    """As in the XDG Base Directory Specification: relative paths are ignored. None: there is no place for it."""
    folder, home = environ.get("XDG_CONFIG_HOME", ""), environ.get("HOME", "")
    if folder.startswith("/"):
        return f"{folder.rstrip('/')}/{_NAME}"
    return f"{home.rstrip('/')}/.config/{_NAME}" if home.startswith("/") else None


def read_config(environ: Mapping[str, str]) -> Config | None:
    """The file's values; None if there is none. Raises BadConfig."""
    path = config_path(environ)
    if path is None:
        return None
    try:
        found = os.stat(path)  # noqa: PTH116  # pathlib is not needed for a path that is mostly not there
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise BadConfig(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    if not stat.S_ISREG(found.st_mode):
        raise BadConfig(f"{path} is not a regular file")
    return _parsed(path)


def _parsed(path: str) -> Config:
    import tomllib

    from kubectl_dshell.domain.config.document import parse_config

    try:
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise BadConfig(f"cannot read {path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise BadConfig(f"{path} is larger than {LARGEST // 1024} KiB")
    try:
        document = tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise BadConfig(f"{path} is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise BadConfig(f"{path} is not valid TOML: {str(error) or 'it is nested too deeply'}") from error
    return parse_config(path, document)
