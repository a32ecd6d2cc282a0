from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may enter, which pytest's own is not."""
    if os.getuid():
        pytest.skip("makes namespaces and cgroups: only as root")
    with tempfile.TemporaryDirectory(prefix="dshell-", ignore_cleanup_errors=True) as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path
