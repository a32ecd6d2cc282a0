"""A folder that stands for an app's root, and the shells that copies run in there."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kubectl_dshell.files.archive_source import ArchiveSource
from kubectl_dshell.files.tar_reader import TarReader
from kubectl_dshell.remote import copying
from tests.files.test_unpack import nothing
from tests.remote.busybox import busybox

NOBODY = 65532
TEMPORARY = ".dshell-abcdefgh"
TOOLS = (
    "cat",
    "chmod",
    "dd",
    "du",
    "find",
    "ls",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "rmdir",
    "sed",
    "stat",
    "tar",
    "touch",
    "xargs",
)


@dataclass(frozen=True)
class Root:
    """The app's root directory, and the tools beside it."""

    place: Path
    shell: str

    user: int = NOBODY
    pid: int = 0
    """A process of the app's."""

    def run(self, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        with self.start() as process:
            out, err = process.communicate(stdin, timeout=60)
        return subprocess.CompletedProcess([], process.returncode, out, err)

    def start(self, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        tools = self.place.parent / "bin"
        path = f"{tools}:/usr/bin:/bin" if self.shell == "dash" else str(tools)
        return subprocess.Popen(
            [str(tools / "sh"), *copying.argv()[1:]],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            cwd=self.place,
            env={"PATH": path, "DSHELL_PID": str(self.pid)},
            user=self.user,
            group=self.user,
        )

    def out(self, *patterns: str, strict: bool = True) -> subprocess.CompletedProcess[bytes]:
        return self.run(copying.send_out(patterns, strict=strict))

    def found(self, *patterns: str) -> dict[str, list[str]]:
        """The names of the sources, and of what is in each."""
        done = self.out(*patterns)
        assert (done.returncode, done.stderr) == (0, b"")
        feed = TarReader(io.BufferedReader(io.BytesIO(done.stdout)))
        return {name: sorted(m.name for m in feed.archive()) for _, _, name, _ in feed.records(4)}

    def into(
        self, destination: str, *sources: Path, folder: bool = False, whole: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        luggage, archive = ArchiveSource([str(source) for source in sources], refused), io.BytesIO()
        luggage.send(archive, lambda: not whole and archive.tell() > 600, nothing)
        words = copying.take_in(destination, TEMPORARY, luggage.names, folder=folder)
        return self.run(words + archive.getvalue())

    def leftovers(self) -> list[Path]:
        return list(self.place.rglob(".dshell-*"))


def refused(name: str, why: str) -> None:
    raise AssertionError(name, why)


def make(path: Path, text: str | None = None) -> Path:
    """A directory, or a file with `text`, of the app's user."""
    if text is None:
        path.mkdir()
    else:
        path.write_text(text)
    os.chown(path, NOBODY, NOBODY)
    return path


SHELLS = ("busybox", "bash", "dash")


@contextmanager
def made_root(place: Path, shell: str) -> Iterator[Root]:
    tools = place / "bin"
    tools.mkdir()
    if shell == "busybox":
        (tools / "busybox").write_bytes(Path(busybox()).read_bytes())
        (tools / "busybox").chmod(0o755)
        subprocess.run([tools / "busybox", "--install", "-s", tools], check=False, capture_output=True)
    else:
        for name in TOOLS:
            (tools / name).symlink_to(f"/usr/bin/{name}")
        (tools / "sh").symlink_to(f"/usr/bin/{shell}")
    top = make(place / "root")
    yield Root(top, shell)
    for folder, _, _ in os.walk(top):
        Path(folder).chmod(0o755)
