"""Reads a custom profile: JSON or YAML, as `kubectl debug --custom` takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kubectl_dshell.domain.access.custom import Custom, parse_custom
from kubectl_dshell.kube.kubeconfig import yaml_reader


def read_custom(path: str) -> Custom:
    """Raises ValueError for a file that cannot be read or is neither, Malformed for a field of a wrong type."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(yaml_reader.LONGEST + 1)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    try:
        document = _parsed(content)
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return parse_custom(path, document)


def _parsed(content: bytes) -> Any:
    """kubectl tries JSON first; YAML allows no tabs."""
    try:
        return json.loads(content)
    except ValueError:
        return yaml_reader.parse(content)
