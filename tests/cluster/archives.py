"""The archives of the test images, made once per version of their sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from .command import run
from .errors import ClusterError
from .layout import cache_root
from .lock import locked
from .toolchain import go

_SOURCES = Path(__file__).parents[1] / "images"


def archives() -> Path:
    """The folder of all of them, named by their sources; from the cache when those are the same."""
    target = cache_root() / f"images-{_digest()}"
    if not target.exists():
        with locked(cache_root() / "images.lock", "making the test images"):
            if not target.exists():
                _make(target)
    return target


def _digest() -> str:
    """Of names and contents."""
    whole = hashlib.sha256()
    for file in sorted(_SOURCES.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            whole.update(f"{file.relative_to(_SOURCES)} {file.stat().st_size}\n".encode())
            whole.update(file.read_bytes())
    return whole.hexdigest()[:16]


def _make(target: Path) -> None:
    print("making the test images", file=sys.stderr, flush=True)
    for stale in target.parent.glob("making-*"):
        shutil.rmtree(stale)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix="making-"))
    work.chmod(0o755)
    compiler = go()
    environment = {
        **os.environ,
        "DSHELL_GO": str(compiler),
        "PATH": f"{compiler.parent}:{os.environ['PATH']}",
    }
    top = Path(__file__).parents[2]
    run(sys.executable, "-m", "tests.images", work, cwd=top, env=environment)
    if not (work / "pause.tar").exists():
        raise ClusterError("tests.images made no pause.tar, without which no pod starts")
    work.rename(target)
