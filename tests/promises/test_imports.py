"""What a command line imports: two thirds of the CPU time of a short command are imports."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.cli.program import environment
from tests.kube.loopback import Server
from tests.kube.rig import answering

if TYPE_CHECKING:
    from pathlib import Path

# Printed by the first handler registered with atexit: the program itself registers one that ends the process.
PROGRAM = """
import atexit, os, sys
before = set(sys.modules)
leave = os._exit
def report(code):
    os.write(2, ("\\n" + " ".join([str(code), *(set(sys.modules) - before)])).encode())
    leave(code)
os._exit = report
from kubectl_dshell.__main__ import run
run()
"""
NEVER = {
    "email",
    "http.client",
    "kubernetes",
    "urllib3",
    "requests",
    "rich",
    "secrets",
    "random",
    "stringprep",
    "tenacity",
    "websocket",
    "logging",
    "zipfile",
    "tempfile",
}
NO_PARSER = NEVER | {
    "click",
    "yaml",
    "json",
    "ssl",
    "socket",
    "pathlib",
    "dataclasses",
    "inspect",
}
NO_CLUSTER = NEVER | {"yaml", "ssl", "socket", "kubectl_dshell.kube"}
NO_SUCH_POD = {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404, "message": "no such pod"}


class Loaded(NamedTuple):
    code: int
    modules: frozenset[str]


def loaded(*words: str, **more: str) -> Loaded:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    code, *modules = done.stderr.splitlines()[-1].split(" ")
    return Loaded(int(code), frozenset(modules))


def check(found: Loaded, code: int, forbidden: set[str], most: int) -> None:
    """`most` is what Python 3.11 imports now; other versions, and a module more or less, need a little room."""
    assert found.code == code
    assert found.modules & forbidden == frozenset()
    assert "kubectl_dshell.cli.main" in found.modules
    assert len(found.modules) <= most * 1.05, "is every one of them needed? Import it where it is used"
    assert len(found.modules) >= most * 0.8, "fewer than the budget says: lower it, so that it stays so"


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"], ["--version"], ["version"]], ids=" ".join)
def test_help_and_version(words: list[str]) -> None:
    check(loaded(*words), 0, NO_PARSER, 46)


@pytest.mark.parametrize(
    "words",
    [["ls", "--help"], ["cp", "--help"], ["cleanup", "--help"], ["doctor", "--help"], ["explain", "--help"]],
    ids=" ".join,
)
def test_the_help_of_a_verb(words: list[str]) -> None:
    check(loaded(*words), 0, NO_CLUSTER, 140)


def kubeconfig(folder: Path, port: int) -> str:
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "ada", "namespace": "shop"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "ada", "user": {}}],
    }
    (folder / "config").write_text(json.dumps(document))
    return str(folder / "config")


class NoPods(BaseHTTPRequestHandler):
    """Whatever is asked for, several things at a time: there is no such pod."""

    def do_GET(self) -> None:
        body = json.dumps(NO_SUCH_POD).encode()
        self.send_response(HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("words", "most"), [("web -- true", 259), ("cp web:/etc/hosts hosts", 291)], ids=["a session", "a copy"]
)
def test_a_session_and_a_copy_up_to_their_pod(words: str, most: int, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), NoPods) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = loaded(*words.split(), KUBECONFIG=kubeconfig(tmp_path, server.server_address[1]))
        server.shutdown()

    check(found, 66, NEVER | {"yaml", "tomllib", "kubectl_dshell.domain.config"}, most)


def test_a_list(tmp_path: Path) -> None:
    server = Server(answering("200 OK", {"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": []}))

    found = loaded("ls", KUBECONFIG=kubeconfig(tmp_path, server.port))

    server.finish()
    check(found, 0, (NEVER | {"yaml"}) - {"logging", "random"}, 254)  # concurrent.futures and a shuffle import them
