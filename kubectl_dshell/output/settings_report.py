"""The settings of `kubectl dshell config`, as a table and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.output.document import DocumentFormat, format_document
from kubectl_dshell.output.table import format_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.domain.config.values import Sourced


class SettingsReport(NamedTuple):
    """The values for one context (empty: none) and namespace; `path` is None if there is no place for a file."""

    path: str | None
    exists: bool
    context: str
    namespace: str
    settings: Mapping[str, Sourced]


def format_settings_table(report: SettingsReport) -> str:
    rows = [(name, _shown(one.value), str(one.source)) for name, one in report.settings.items()]
    return format_table(("SETTING", "VALUE", "SOURCE"), rows)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def format_settings_document(report: SettingsReport, form: DocumentFormat) -> str:
    """The fields are documented in docs/json.md."""
    document = {
        "apiVersion": "dshell/v1",
        "kind": "Configuration",
        "file": report.path if report.exists else None,
        "context": report.context or None,
        "namespace": report.namespace,
        "settings": [
            {
                "name": name,
                "value": one.value,
                "source": one.source.origin.value,
                "sourceName": one.source.name or None,
            }
            for name, one in report.settings.items()
        ],
    }
    return format_document(document, form)
