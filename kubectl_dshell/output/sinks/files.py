"""The output of one pod, in two files; only complete output gets the final name."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.stream import Channel
from kubectl_dshell.errors import Malformed, OutputFailed, UsageError
from kubectl_dshell.streaming.write import write_all

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.domain.stream import Output

PART = ".part"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*", re.ASCII)
_NAMES = {Channel.STDOUT: "out", Channel.STDERR: "err"}
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def new_folder(path: str) -> Path:
    """An empty directory that only its owner can read; raises UsageError if it is not empty."""
    folder = Path(path)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(
                f"{path} is not empty; the files of two runs must not be mixed", "Choose another directory."
            )
    except OSError as error:
        raise OutputFailed(f"cannot create or read {path}: {error.strerror}") from error
    return folder


class FileSink:
    """NAMESPACE_POD_CONTAINER.out and .err, readable by their owner only."""

    def __init__(self, folder: Path, place: ContainerRef) -> None:
        name = f"{place.namespace}_{place.pod}_{place.container}"
        if not _NAME.fullmatch(name):  # already checked when parsed; here it could name a file elsewhere
            raise Malformed(f"the name of pod {place.namespace}/{place.pod} is not a valid file name")
        self._stem = folder / name
        self._failure: OSError | None = None
        self._files: dict[Channel, int] = {}
        try:
            for channel in _NAMES:
                self._files[channel] = os.open(self._path(channel, PART), _FLAGS, 0o600)
        except OSError as error:
            self._failure = error

    @property
    def full(self) -> bool:
        return False

    def check(self) -> None:
        if self._failure is not None:
            why = self._failure.strerror
            raise OutputFailed(f"cannot write {self._path(Channel.STDOUT)}: {why}") from self._failure

    def write(self, output: Output) -> None:
        if self._failure is not None:
            return
        try:
            write_all(self._files[output.channel], output.data)
        except OSError as error:
            self._failure = error

    def finish(self, *, whole: bool) -> dict[str, Any]:
        """`stdoutFile` and `stderrFile`. Incomplete files keep the suffix .part. Raises OutputFailed."""
        try:
            while self._files:
                os.close(self._files.popitem()[1])  # some file systems report only here that they are full
            end = "" if whole and self._failure is None else PART
            for channel in _NAMES if not end else ():
                self._path(channel, PART).rename(self._path(channel))
        except OSError as error:
            raise OutputFailed(f"cannot write {self._stem}: {error.strerror}") from error
        return {f"std{name}File": str(self._path(channel, end)) for channel, name in _NAMES.items()}

    def _path(self, channel: Channel, end: str = "") -> Path:
        return self._stem.with_name(f"{self._stem.name}.{_NAMES[channel]}{end}")
