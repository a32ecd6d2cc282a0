"""Programs of the machine, run for their effect."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from .errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def run(*words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Its stdout; raises ClusterError with the end of its stderr when it fails."""
    command = [str(word) for word in words]
    done = subprocess.run(command, cwd=cwd, env=env, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise ClusterError(f"{' '.join(command)} ended with status {done.returncode}:\n{said}")
    return done.stdout
