"""Each form of the program, installed into an empty root and run there with nothing of this checkout in reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from .layout import version
from .process import ReleaseError, run

EMPTY_PATH = "/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Form:
    """One way to have the program."""

    name: str
    command: list[str]
    home: Path
    size: int
    """In bytes, as it lies on the disk after it has been run."""
    starter_sets: tuple[str, ...] = ()
    """Variables of what starts the program, which are not ours to take away."""

    def environment(self) -> dict[str, str]:
        """No kubeconfig, no Python of ours, and a home directory that was empty before."""
        return {"PATH": EMPTY_PATH, "HOME": str(self.home), "LC_ALL": "C"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *words],
            env=self.environment(),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def check(form: Form) -> None:
    """Raises ReleaseError, with what it said, if it does not work."""
    wanted: list[tuple[list[str], int, Callable[[str, str], bool]]] = [
        (["--version"], 0, lambda out, _err: out == f"kubectl-dshell {version()}\n"),
        (["--help"], 0, lambda out, _err: "kubectl dshell POD" in out),
        (["ls", "--help"], 0, lambda out, _err: "--watch" in out),
        (["completion", "bash"], 0, lambda out, _err: "__complete" in out),
        (["web"], 78, lambda _out, err: err.startswith("error: ") and "kubeconfig" in err),
    ]
    for words, code, holds in wanted:
        done = form.run(*words)
        if done.returncode != code or not holds(done.stdout, done.stderr):
            said = (done.stdout[:300] + done.stderr).strip()
            raise ReleaseError(f"{form.name}: kubectl-dshell {' '.join(words)} ended with {done.returncode}: {said}")
    check_plugin(form)


def check_plugin(form: Form) -> None:
    """A credential plugin has the variables of the user, with none of ours. Raises ReleaseError."""
    kubeconfig, seen = form.home / "kubeconfig", form.home / "seen"
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "command": "sh"}
    plugin_entry = {"exec": {**plugin, "args": ["-c", f"env >{seen}; exit 1"]}}
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": plugin_entry}],
    }
    kubeconfig.write_text(json.dumps(document), encoding="utf-8")
    form.run("ls", "--kubeconfig", str(kubeconfig))
    names = {line.partition("=")[0] for line in seen.read_text(encoding="utf-8").splitlines()}
    added = names - {*form.environment(), *form.starter_sets, "KUBERNETES_EXEC_INFO", "PWD", "OLDPWD", "SHLVL", "_"}
    if added:
        raise ReleaseError(f"{form.name}: credential plugins get {sorted(added)}")
    kubeconfig.unlink()
    seen.unlink()


def virtual_environment(distribution: Path, root: Path, name: str, lock: Path) -> Form:
    """pip's form: all of the packages, in the versions of the lock file."""
    venv.create(root / "venv", with_pip=True)
    pip: list[str | Path] = [root / "venv/bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run(*pip, "--require-hashes", "--only-binary", ":all:", "-r", lock)
    run(*pip, "--no-deps", distribution)
    return _form(name, [str(root / "venv/bin/kubectl-dshell")], root, root / "venv")


def by_pipx(wheel: Path, root: Path, tools: Path) -> Form:
    """In an environment that pipx makes, with the newest versions that the metadata admits."""
    folders = {"PIPX_HOME": str(root / "pipx"), "PIPX_BIN_DIR": str(root / "bin")}
    run(tools, "-m", "pipx", "install", "-q", wheel, env={**os.environ, **folders})
    return _form("pipx", [str(root / "bin/kubectl-dshell")], root, root / "pipx")


def by_uvx(wheel: Path, root: Path, tools: Path) -> Form:
    """As a user's second start of it: the first fetches the packages into uv's cache, from where they are run."""
    cache = root / "uv"
    uvx = [str(tools.with_name("uvx")), "--cache-dir", str(cache), "--from", str(wheel), "kubectl-dshell"]
    run(*uvx, "--version")
    return _form("uvx", [uvx[0], "--offline", *uvx[1:]], root, cache, starter_sets=("UV",))


def zipapp(file: Path, root: Path) -> Form:
    """Run by this Python."""
    return _form("zip archive", [sys.executable, str(file)], root, file)


def bundle(archive: Path, root: Path) -> Form:
    """Through a link, as krew and brew make one."""
    with tarfile.open(archive) as files:
        files.extractall(root, filter="data")
    (root / "bin").mkdir()
    (root / "bin/kubectl-dshell").symlink_to(root / "kubectl-dshell/kubectl-dshell")
    return _form("directory", [str(root / "bin/kubectl-dshell")], root, root / "kubectl-dshell")


def by_krew(program: Path, root: Path) -> Form:
    """What krew has installed below `root`."""
    return _form("directory, by krew", [str(program)], root, root / "krew")


def _form(name: str, command: list[str], root: Path, installed: Path, starter_sets: tuple[str, ...] = ()) -> Form:
    home = root / "home"
    home.mkdir(parents=True)
    form = Form(name, command, home, 0, starter_sets)
    check(form)
    return replace(form, size=_size(installed) + _size(home))


def _size(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.lstat().st_size for file in files if not file.is_dir())
