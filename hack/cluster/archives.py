"""The archives of the images of the tests, made once per version of their sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from hack.images.variants import HEAVY_ARCHIVES

from .command import run
from .errors import ClusterError
from .layout import cache_root
from .lock import locked
from .packages import IMAGES, ensure
from .progress import step
from .toolchain import go

_TOP = Path(__file__).parents[2]
_SOURCES = _TOP / "hack/images"
_KEPT_SECONDS = 600.0  # an archive of another version of the program: somebody else's tests may be loading it


def archives() -> list[Path]:
    """All of them, from the cache when their sources are the same: the test images, and that of this program."""
    images = archives_of_tests()
    return [*images, _program(images[0].parent)]


def made() -> bool:
    """Whether the cache has the test images, which need Go and apt."""
    return _place("images").exists()


def heavy_archives() -> list[Path]:
    """Those that the tests do without, but for all rows of `make matrix`; from the cache, too."""
    heavy = _folder("heavy", *HEAVY_ARCHIVES)
    for other in cache_root().glob("heavy-*"):
        if other != heavy and time.time() - other.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(other, ignore_errors=True)
    return sorted(heavy.glob("*.tar"))


def archives_of_tests() -> list[Path]:
    """The test images alone."""
    images = _folder("images")
    if not (images / "pause.tar").exists():
        raise ClusterError("hack.images made no pause.tar, without which no pod starts")
    return sorted(images.glob("*.tar"))


def _folder(kind: str, *names: str) -> Path:
    """Named by the sources of what is in it."""
    target = _place(kind)
    if not target.exists():
        with locked(cache_root() / "images.lock", "making the test images"):
            if not target.exists():
                _make(target, names)
    return target


def _place(kind: str) -> Path:
    return cache_root() / f"{kind}-{_digest(_files(_SOURCES))}"


def _program(images: Path) -> Path:
    """Apart from the others, which take ten times as long and do not change with every line of the program."""
    sources = [_TOP / "Dockerfile", _TOP / "requirements.lock", *_files(_TOP / "kubectl_dshell")]
    target = cache_root() / f"program-{images.name}-{_digest(sources)}.tar"
    if not target.exists():
        with locked(cache_root() / "images.lock", "making the image of this program"):
            for other in cache_root().glob("program-*"):
                if time.time() - other.stat().st_mtime > _KEPT_SECONDS:
                    other.unlink()
            run(sys.executable, "-m", "hack.images.installed", images / "python.tar", target, cwd=_TOP)
    return target


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _digest(files: list[Path]) -> str:
    """Of names and contents."""
    whole = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        whole.update(f"{file.relative_to(_TOP)} {len(content)}\n".encode())
        whole.update(content)
    return whole.hexdigest()[:16]


def _make(target: Path, names: tuple[str, ...]) -> None:
    ensure(IMAGES)
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
    what = f"making the {'large' if names else 'test'} images"
    with step(what, kind=what, guess=200 if names else 60):
        run(sys.executable, "-m", "hack.images", work, *names, cwd=_TOP, env=environment)
    work.rename(target)
