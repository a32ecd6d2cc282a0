from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest

from hack.cluster.errors import ClusterError
from hack.nodes import runtimes
from hack.nodes.runtimes import RUNTIMES, Runtime


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.name)
def test_a_runtime_is_told_of_the_pause_image_in_words_that_it_can_read(runtime: Runtime) -> None:
    told = runtimes.configuration(runtime)

    assert "dshell.test/pause:1" in told
    assert tomllib.loads(told)
    assert f"ExecStart={runtime.command}\n" in runtimes.unit_file(runtime)


@pytest.mark.parametrize("selinux", [False, True])
def test_containerd_is_told_whether_containers_get_labels(selinux: bool) -> None:
    told = tomllib.loads(runtimes.configuration(runtimes.CONTAINERD, selinux=selinux))

    assert told["plugins"]["io.containerd.cri.v1.runtime"]["enable_selinux"] is selinux


def test_a_runtime_that_there_is_none_of_is_refused_with_those_that_there_are() -> None:
    assert runtimes.named("crio") is runtimes.CRIO
    with pytest.raises(ClusterError, match=r"^no runtime docker: containerd, containerd-1\.7, crio$"):
        runtimes.named("docker")


def test_cri_o_says_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtimes.missing_crio() == "DSHELL_VM_CRIO names no folder with the programs crio and pinns"
    monkeypatch.setenv("DSHELL_VM_CRIO", str(tmp_path))
    (tmp_path / "crio").touch()
    with pytest.raises(ClusterError, match=f"no pinns in DSHELL_VM_CRIO={tmp_path}$"):
        runtimes.crio_folder()
    (tmp_path / "pinns").touch()
    assert runtimes.crio_folder() == tmp_path


def test_cri_o_tells_its_version_in_the_first_line() -> None:
    assert (
        runtimes.crio_version("crio version 1.36.3\n   GitCommit:      unknown\n   GoVersion:      go1.26.8\n")
        == "1.36.3"
    )
    with pytest.raises(ClusterError, match="does not tell its version: 'conmon version 2"):
        runtimes.crio_version("conmon version 2.1.12")


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.name)
def test_archives_are_loaded_by_a_script_that_a_shell_can_read(runtime: Runtime, tmp_path: Path) -> None:
    file = tmp_path / "it's one.tar"
    names = ("dshell.test/one:1", "dshell.test/one:2")
    index = {"manifests": [{"annotations": {"org.opencontainers.image.ref.name": name}} for name in names]}
    content = json.dumps(index).encode()
    with tarfile.open(file, "w") as tar:
        member = tarfile.TarInfo("index.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))

    script = runtimes.load_script(runtime, [file])

    assert "'it'\"'\"'s one.tar'" in script
    assert [name in script for name in names] == [runtime is runtimes.CRIO] * 2  # the others import all by themselves
    assert subprocess.run(["sh", "-n", "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("runtime", runtimes.WITH_GVISOR, ids=lambda runtime: runtime.name)
def test_a_runtime_class_gvisor_has_a_handler_that_runs_runsc(runtime: Runtime) -> None:
    plugins = tomllib.loads(runtimes.configuration(runtime))["plugins"]
    handlers = next(one["containerd"]["runtimes"] for one in plugins.values() if "containerd" in one)

    assert handlers[runtimes.HANDLER]["runtime_type"] == "io.containerd.runc.v2"
    assert handlers[runtimes.HANDLER]["options"]["BinaryName"] == "/etc/dshell/runsc"
    assert "/usr/bin/runsc " in runtimes.GVISOR.read_text()
