"""The scripts of docs/runbooks.md, as they stand there."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

RUNBOOKS = Path(__file__).parent.parent / "docs/runbooks.md"
_SCRIPT = re.compile(
    r"^## (?P<heading>[^\n]+)\n(?:(?!^## ).)*?^```bash\n(?P<script>.*?)^```$", re.DOTALL | re.MULTILINE
)


class Incident(StrEnum):
    """The heading of each."""

    CONFIGURATION = "Configuration check"
    CERTIFICATE = "Certificate expiry"
    FULL_DISK = "Full disk"
    CORE_FILE = "Core file"
    THREAD_DUMP = "Thread dump of a JVM"


def scripts() -> dict[str, str]:
    """By heading."""
    return {found["heading"]: found["script"] for found in _SCRIPT.finditer(RUNBOOKS.read_text(encoding="utf-8"))}
