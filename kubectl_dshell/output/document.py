"""Data as JSON or YAML on stdout."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any


class Format(StrEnum):
    JSON = "json"
    YAML = "yaml"


def format_document(document: Any, form: Format) -> str:
    match form:
        case Format.JSON:
            return json.dumps(document, indent=2) + "\n"
        case Format.YAML:
            import yaml

            yaml.SafeDumper.add_representer(str, _represent_text)
            return str(yaml.dump(document, Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=True))


def _represent_text(dumper: Any, text: str) -> Any:
    """Scripts stay readable: text of many lines as a block."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
