"""A directory with the program and the few packages that it needs, as the zip archive and the bundle have it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .locked import light_pins
from .process import run


def install_light(wheel: Path, folder: Path) -> None:
    """Every package is verified by its hash; nothing is built."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--target", str(folder)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lock:
        lock.write("".join(pin.text for pin in light_pins()))
        lock.flush()
        run(*pip, "--require-hashes", "--only-binary", ":all:", "-r", lock.name)
    run(*pip, "--no-index", wheel)
