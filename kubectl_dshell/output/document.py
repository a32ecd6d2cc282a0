"""Data as JSON or YAML on stdout."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from kubectl_dshell.output.escape import is_printed

if TYPE_CHECKING:
    from collections.abc import Sequence


class Format(StrEnum):
    """What -o can be; each verb offers some of them."""

    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


DocumentFormat = Literal[Format.JSON, Format.YAML]


def format_document(document: Any, form: DocumentFormat) -> str:
    match form:
        case Format.JSON:
            import json

            return json.dumps(document, indent=2) + "\n"
        case Format.YAML:
            return _yaml([document], flow=False)


def format_yaml_documents(documents: Sequence[Any]) -> str:
    """Manifests in one file, with lists of words on one line each."""
    return _yaml(documents, flow=None)


def _yaml(documents: Sequence[Any], *, flow: bool | None) -> str:
    import yaml

    yaml.SafeDumper.add_representer(str, _represent_text)

    def dumped(*, ascii_only: bool) -> str:
        return yaml.dump_all(
            documents,
            Dumper=yaml.SafeDumper,
            sort_keys=False,
            allow_unicode=not ascii_only,
            default_flow_style=flow,
            explicit_start=len(documents) > 1,
        )

    text = dumped(ascii_only=False)
    printed = all(c == "\n" or is_printed(c) for c in text)
    return text if printed else dumped(ascii_only=True)  # the rest may change a terminal's state


def _represent_text(dumper: Any, text: str) -> Any:
    """Multi-line text, such as scripts, becomes a readable block."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
