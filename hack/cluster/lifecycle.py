"""From nothing to a cluster that runs pods, and back."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from . import config, leftovers, needs, node, pki, ports, record
from .archives import archives, made
from .build import binaries, build
from .components import commands
from .containers import load, snapshotter
from .errors import ClusterError
from .lock import locked
from .packages import NODE, ensure
from .progress import step

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from contextlib import AbstractContextManager

    from .layout import Layout

_PATIENCE = 120.0  # seconds for each step of the start


def up(layout: Layout, *, fresh: bool = False, only: Collection[str] = ()) -> None:
    """Keep it when it runs and answers, else start it anew, without what an earlier one left.

    It gets the images of all archives, or of those that are named.
    """
    compiled, imaged = binaries().exists(), made()
    if not (compiled and imaged and running(layout)):
        needs.require(layout, programs=not compiled, images=not imaged)
    ensure(NODE)
    programs = build()
    images = archives()
    with locked(layout.lock, f"starting or ending the cluster {layout.name}"):
        healthy = not fresh and _healthy(layout, programs)
        if not healthy:
            _remove(layout)
            with _step(layout, "starting", guess=2):
                _start(layout, programs)
        _load_test_images(layout, images, only)
        with nullcontext() if healthy else _step(layout, "waiting for its node", guess=8):
            _wait_until_ready(layout)


def renew_images(layout: Layout) -> None:
    """Load the test images into a cluster that runs already, when their sources are others than those it has."""
    if running(layout):
        images = archives()
        with locked(layout.lock, f"loading the test images into the cluster {layout.name}"):
            _load_test_images(layout, images)


def down(layout: Layout) -> None:
    """End it and forget it; nothing happens when there is none."""
    if layout.lock.exists():
        with locked(layout.lock, f"starting or ending the cluster {layout.name}"):
            _remove(layout)


def running(layout: Layout) -> record.Record | None:
    """The record of a cluster whose node process lives."""
    found = record.read(layout.record)
    return found if found and found.node.alive else None


def load_images(layout: Layout, files: list[Path]) -> None:
    found = running(layout)
    if found is None:
        raise ClusterError(f"no cluster {layout.name} is up; type: python -m hack.cluster up")
    load(layout, Path(found.binaries), files, _snapshotter(layout))


def _start(layout: Layout, programs: Path) -> None:
    layout.log.mkdir(parents=True)
    layout.folder.chmod(0o711)  # the root of a pod with its own user namespace passes through it to its files
    layout.log.chmod(0o700)
    chosen = ports.pick()
    pki.write(layout, chosen.apiserver)
    config.write(layout, chosen, programs, _snapshotter(layout))
    leftovers.create_cgroups(layout)
    node.start(layout, chosen, commands(layout, chosen, programs), programs)
    _wait(layout, "containerd", layout.containerd_socket.exists)


def _wait_until_ready(layout: Layout) -> None:
    ready = ("wait", "--for=condition=Ready", "node/localhost", "--timeout=5s")
    _wait(layout, "the node", lambda: kubectl(layout, *ready))
    # A pod cannot be made before: admission gives it this account.
    _wait(layout, "the default service account", lambda: kubectl(layout, "get", "serviceaccount", "default"))


def _load_test_images(layout: Layout, files: list[Path], only: Collection[str] = ()) -> None:
    """Those that are wanted and are not what was loaded last."""
    before = layout.loaded.read_text().splitlines() if layout.loaded.exists() else []
    names = {f"{file.parent.name}/{file.name}": file for file in files}
    new = {name: file for name, file in names.items() if name not in before and (not only or file.stem in only)}
    if new:
        with _step(layout, f"loading {len(new)} images", guess=len(new)):
            load_images(layout, list(new.values()))
        layout.loaded.write_text("\n".join(name for name in names if name in before or name in new))


def _healthy(layout: Layout, programs: Path) -> bool:
    found = running(layout)
    if found is None:
        return False
    if found.binaries != str(programs):
        _say(layout, "other versions are pinned now, so it is started anew")
        return False
    if kubectl(layout, "wait", "--for=condition=Ready", "node/localhost", "--timeout=20s"):
        return True
    _say(layout, "it runs but does not answer, so it is started anew")
    return False


def kubectl(layout: Layout, *words: str) -> bool:
    """Whether it says yes."""
    found = record.read(layout.record)
    if found is None:
        return False
    command = [f"{found.binaries}/kubectl", "--kubeconfig", str(layout.kubeconfig), *words]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _remove(layout: Layout) -> None:
    found = record.read(layout.record)
    if found and not found.node.kill():
        raise ClusterError(f"process {found.node.pid}, the node of cluster {layout.name}, survives SIGKILL")
    leftovers.remove(layout)
    shutil.rmtree(layout.folder, ignore_errors=True)


def _wait(layout: Layout, what: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not ready():
        if running(layout) is None:
            raise ClusterError(f"the node of cluster {layout.name} ended; see {layout.log}")
        if time.monotonic() > deadline:
            said = (layout.log / "node.log").read_text()
            raise ClusterError(f"{what} is not ready after {_PATIENCE:.0f} s; see {layout.log}\n{said}")
        time.sleep(0.1)


def _snapshotter(layout: Layout) -> str:
    return snapshotter(layout.folder, Path("/proc/self/mountinfo").read_text())


def _step(layout: Layout, what: str, guess: float) -> AbstractContextManager[None]:
    return step(f"cluster {layout.name}: {what}", kind=what, guess=guess)


def _say(layout: Layout, words: str) -> None:
    print(f"cluster {layout.name}: {words}", file=sys.stderr, flush=True)
