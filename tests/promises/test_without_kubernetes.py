"""Only old auth-provider entries need the kubernetes package; a lighter install has neither it nor what it needs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kubectl_dshell
from tests.cli.program import environment
from tests.kube.loopback import Server
from tests.kube.rig import answering

LIGHT = """
import sys
from importlib.machinery import PathFinder

OURS = {"click", "yaml", "_yaml", "tenacity", "rich"}

class Lighter(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        found = super().find_spec(name, path, target)
        if found and "site-packages" in str(found.origin) and name.partition(".")[0] not in OURS:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found

sys.meta_path = [finder for finder in sys.meta_path if finder is not PathFinder]
sys.meta_path.append(Lighter)
"""
ALL_MODULES = """
import importlib, pkgutil, kubectl_dshell
for module in pkgutil.walk_packages(kubectl_dshell.__path__, "kubectl_dshell."):
    importlib.import_module(module.name)
assert "kubernetes" not in sys.modules
try:
    import kubernetes
except ImportError:
    print("light")
"""
PROGRAM = """
from kubectl_dshell.__main__ import run
run()
"""


def lighter(code: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIGHT + code, *words],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def kubeconfig(folder: Path, port: int, user: dict[str, Any]) -> str:
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "ada", "namespace": "shop"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}"}}],
        "users": [{"name": "ada", "user": user}],
    }
    file = folder / "config"
    file.write_text(json.dumps(document))
    return str(file)


def test_every_module_can_be_imported() -> None:
    done = lighter(ALL_MODULES)

    assert (done.returncode, done.stdout) == (0, "light\n"), done.stderr


def test_what_is_drawn_with_rich_needs_none_of_what_rich_needs() -> None:
    package = Path(kubectl_dshell.__file__).parent
    sources = "".join(module.read_text(encoding="utf-8") for module in package.rglob("*.py"))
    imports = sorted({line.strip() for line in re.findall(r"^ *(?:from|import) rich.*$", sources, re.MULTILINE)})

    done = lighter("\n".join(imports))

    assert len(imports) > 8
    assert (done.returncode, done.stderr) == (0, "")


def test_requests_go_out(tmp_path: Path) -> None:
    server = Server(answering("200 OK", {"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": []}))
    file = kubeconfig(tmp_path, server.port, {"token": "s3cret"})
    plain = f"http://127.0.0.1:{server.port}"

    done = lighter(PROGRAM, "ls", "--server", plain, KUBECONFIG=file)

    server.finish()
    assert done.returncode == 0, done.stderr
    assert "no debug containers" in done.stderr.lower()


@pytest.mark.parametrize("name", ["oidc", "gcp"])
def test_an_old_auth_provider_says_what_it_needs(tmp_path: Path, name: str) -> None:
    file = kubeconfig(tmp_path, 1, {"auth-provider": {"name": name, "config": {"id-token": "s3cret"}}})

    done = lighter(PROGRAM, "ls", KUBECONFIG=file)

    assert (done.returncode, done.stdout) == (78, "")
    needs = 'error: the auth-provider of user "ada" needs the Python package kubernetes'
    assert done.stderr.splitlines() == [
        f"{needs}, which cannot be imported: No module named 'kubernetes'",
        "Use a credential plugin (exec) instead, as kubectl requires for most providers, or --token.",
        "Or use an installation that has the package: pipx install kubectl-dshell",
    ]
