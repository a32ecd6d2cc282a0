"""runsc behind containerd's shim of runc: what that shim relies on."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hack.nodes import runtimes

if TYPE_CHECKING:
    from pathlib import Path

FAKE = """\
#!/bin/sh
echo "$*" >>{asked}
case " $* " in
*" state "*) echo '{{"id": "5a", "pid": 42}}' ;;
*" start "*) echo "a line of the container"; exit {start} ;;
*" kill "*) echo "sandbox is not running" >&2; exit 128 ;;
*" wait "*) echo '{{"id":"4e","exitStatus":7}}' ;;
esac
"""
SHIM = """\
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
script, folder = sys.argv[1:]
asked = ["sh", script, "--root", "/root", "--log", "/log"]
with open(f"{folder}/stdout", "w") as out:
    words = ["create", "--bundle", folder, "--pid-file", f"{folder}/pid", "4e"]
    subprocess.run([*asked, *words], stdout=out, check=True)
started = subprocess.run([*asked, "start", "4e"])
_, status = os.waitpid(int(open(f"{folder}/pid").read()), 0)
print(started.returncode, os.waitstatus_to_exitcode(status), subprocess.run([*asked, "delete", "4e"]).returncode)
"""


@pytest.mark.parametrize("start", [0, 1])
def test_a_container_has_the_streams_the_status_and_the_pid_namespace_that_containerd_expects(
    tmp_path: Path, start: int
) -> None:
    program, script, asked = tmp_path / "program", tmp_path / "runsc", tmp_path / "asked"
    program.write_text(FAKE.format(asked=asked, start=start))
    program.chmod(0o755)
    states = tmp_path / "states"
    text = runtimes.GVISOR.read_text()
    script.write_text(text.replace("/usr/bin/runsc", str(program)).replace("/run/dshell-runsc", str(states)))
    spec = tmp_path / "config.json"
    paths = [{"type": "pid", "path": "/proc/7/ns/pid"}, {"type": "ipc", "path": "/proc/7/ns/ipc"}]
    annotations = {"io.kubernetes.cri.sandbox-id": "5a"}
    spec.write_text(json.dumps({"annotations": annotations, "namespaces": paths}, separators=(",", ":")))

    done = subprocess.run(
        [sys.executable, "-c", SHIM, str(script), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.stdout, done.stderr) == (f"{start} 7 0\n", "")
    assert (tmp_path / "stdout").read_text() == "a line of the container\n"
    assert [one["path"] for one in json.loads(spec.read_text())["namespaces"]] == ["/proc/42/ns/pid", "/proc/7/ns/ipc"]
    verbs = ["state", "create", "start", "wait", "delete"]
    assert [next(word for word in line.split() if word in verbs) for line in asked.read_text().splitlines()] == verbs
    assert list(states.iterdir()) == []
    killed = subprocess.run(["sh", script, "kill", "4e", "9"], capture_output=True, text=True, timeout=30, check=False)
    assert (killed.returncode, killed.stderr) == (1, "container not running\n")
