from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote.roots import SHELLS, Root, made_root


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may enter, which pytest's own is not."""
    if os.getuid():
        pytest.skip("makes namespaces and cgroups: only as root")
    with tempfile.TemporaryDirectory(prefix="dshell-", ignore_cleanup_errors=True) as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


@pytest.fixture(params=SHELLS)
def root(request: pytest.FixtureRequest, place: Path) -> Iterator[Root]:
    """An app's root for copies, with each shell that a debug image may have."""
    with made_root(place, request.param) as made:
        yield made
