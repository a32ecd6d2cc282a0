"""The busybox that the scripts are tested with: the one of the images, whatever the machine has."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from hack.images import ingredients


@cache
def busybox() -> str:
    """The path of a static busybox, gone when the process ends."""
    folder = tempfile.mkdtemp(prefix="dshell-busybox-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Path(folder).chmod(0o755)
    program = Path(folder, "busybox")
    program.write_bytes(ingredients.busybox()[0])
    program.chmod(0o755)
    return str(program)
