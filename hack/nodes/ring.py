"""`make test-nodes`: the tests marked `nodes` on each kind of node, one after the other, and what came of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hack.cluster.errors import ClusterError

from . import kubernetes, lifecycle, needs, runtimes
from .kind import Kind, Module
from .results import Outcome, read_junit, table
from .said import say

if TYPE_CHECKING:
    from hack.cluster.layout import Layout

RESULTS = Path("nodes-results.json")
_TOP = Path(__file__).parents[2]
_IMAGES = ("busybox", "debug-noshell", "pause", "static", "static-root")
"""What the marked tests use: loading all takes longer than five of them."""
_FAILED, _NO_NODE = 1, 69
_SECONDS_FOR_TESTS = {True: 240, False: 720}  # on a node that is twice as slow as this machine; by `quick`


@dataclass(slots=True)
class Row:
    """One kind of node. `why` is why its tests did not run, or not to the end."""

    runtime: str
    kubernetes: str
    runtime_version: str = ""
    kernel: str = ""
    accelerator: str = ""
    seconds: int = 0
    module: str = Module.APPARMOR.value
    why: str = ""
    optional: bool = False
    tests: dict[str, Outcome] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return any(outcome is not Outcome.PASSED for outcome in self.tests.values()) or (
            bool(self.why) and not self.optional
        )


def run(layout: Layout, *, quick: bool) -> int:
    """The exit code of `make test-nodes`; a node of this name that runs is replaced, and none is left, by SIGTERM either."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if needs_met() == _NO_NODE:
        return _NO_NODE if os.environ.get("DSHELL_NODES") == "required" else 0
    rows = []
    for kind in _kinds(quick=quick):
        row = Row(kind.runtime.name, kubernetes.exact(kind.kubernetes), module=kind.module.value)
        began = time.monotonic()
        if kind.runtime is runtimes.CRIO and (reason := runtimes.missing_crio()):
            row.why, row.optional = reason, True
        else:
            _run_on(layout, row, kind, quick=quick)
        row.seconds = int(time.monotonic() - began)
        rows.append(row)
        RESULTS.write_text(json.dumps([asdict(one) for one in rows], indent=1))
    print(table([asdict(row) for row in rows]))
    return _FAILED if any(row.failed for row in rows) else 0


def needs_met() -> int:
    """The exit code of the question whether nodes can run on this machine; all reasons why not are said."""
    reasons = needs.lacking()
    for reason in reasons:
        say(f"no node can run here: {reason}")
    return _NO_NODE if reasons else 0


def _kinds(*, quick: bool) -> list[Kind]:
    own = kubernetes.own()
    kinds = [
        Kind(runtimes.CONTAINERD, own),
        Kind(runtimes.CONTAINERD, own, Module.SELINUX),
        Kind(runtimes.CONTAINERD_1_7, own),
    ]
    if quick:
        return kinds
    older = [Kind(runtimes.CONTAINERD_1_7, version) for version in kubernetes.versions() if version != own]
    return [*kinds, *older, Kind(runtimes.CRIO, own)]


def _run_on(layout: Layout, row: Row, kind: Kind, *, quick: bool) -> None:
    try:
        lifecycle.down(layout)
        lifecycle.up(layout, kind, images=_IMAGES)
        node = lifecycle.needed(layout)
        row.runtime_version, row.kernel, row.accelerator = node.runtime_version, node.kernel, node.accelerator
        _test(layout, row, quick=quick)
        if row.failed:
            print(lifecycle.last_words(layout), file=sys.stderr, flush=True)
    except ClusterError as error:
        row.why = str(error).splitlines()[0]
        print(f"error: {error}", file=sys.stderr, flush=True)
    except SystemExit:  # by SIGTERM
        print(f"ended by a signal\n{lifecycle.last_words(layout)}", file=sys.stderr, flush=True)
        raise
    finally:
        lifecycle.down(layout)


def _test(layout: Layout, row: Row, *, quick: bool) -> None:
    slowness = lifecycle.SLOWNESS[row.accelerator]
    seconds = _SECONDS_FOR_TESTS[quick] * slowness // 2
    marked = _marked(Module(row.module), quick=quick)
    node = f"{row.runtime} {row.runtime_version}, Kubernetes {row.kubernetes}, {Module(row.module).shown}"
    say(f"running the tests marked {marked} on {node}")
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "junit.xml"
        pytest = [sys.executable, "-m", "pytest", "-v", "-m", marked, f"--timeout={90 * slowness}"]
        told = {**os.environ, **lifecycle.environment(layout), "CI": "true"}
        code = _ended([*pytest, f"--junitxml={written}", "tests/e2e"], told, seconds)
        if code is None:
            row.why = f"its tests had not ended after {seconds} s"
            return
        if written.exists():
            row.tests = read_junit(written.read_text())
        if code and not row.failed:
            row.why = f"pytest ended with status {code}"


def _marked(module: Module, *, quick: bool) -> str:
    """For pytest. Those for another module than the node's are left out by tests/e2e/conftest.py."""
    if not quick:
        return "nodes"
    return f'nodes(quick=True, module="{module}")' if module is Module.SELINUX else "nodes(quick=True)"


def _ended(command: list[str], environment: dict[str, str], seconds: float) -> int | None:
    """Its exit code, None if it had none after these seconds; nothing that it started in its session is left."""
    with subprocess.Popen(command, cwd=_TOP, env=environment, start_new_session=True) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
