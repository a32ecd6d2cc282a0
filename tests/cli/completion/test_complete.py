"""TAB against an API server on loopback: its lists, its absence, and what it may not make us print."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_dshell.cli.completion.complete import MOST_SECONDS, candidates
from kubectl_dshell.cli.completion.wanted import Candidate, Source, Wanted
from tests.cli.program import environment
from tests.kube.loopback import Peer, Server
from tests.promises.test_imports import kubeconfig

MOST_CPU_SECONDS = 0.3


def table(*pods: tuple[str, str]) -> dict[str, object]:
    heads = [{"name": name} for name in ("Name", "Ready", "Status")]
    return {"kind": "Table", "columnDefinitions": heads, "rows": [{"cells": [n, "1/1", s]} for n, s in pods]}


def ask(config: str, *words: str, **env: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "kubectl_dshell", "__complete", *words],
        env=environment(KUBECONFIG=config, **env),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def answering(*answers: object, heads: list[str] | None = None) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        for answer in answers:
            peer.request()
            if heads is not None:
                heads.append(f"{peer.head} {peer.headers['accept']}")
            peer.answer("200 OK", answer, "Content-Type: application/json")

    return script


def test_a_thousand_pods_are_one_small_list_running_ones_first(tmp_path: Path) -> None:
    heads: list[str] = []
    pods = [(f"web-{number:04}", "Running" if number % 2 else "CrashLoopBackOff") for number in range(1000)]
    server = Server(answering(table(*pods), heads=heads))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    found = ask(kubeconfig(tmp_path, server.port), "ls", "web-")

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    server.finish()
    assert found[:2] == ["web-0001\tRunning", "web-0003\tRunning"]
    assert found[-2:] == ["web-0998\tCrashLoopBackOff", ":36"]
    assert len(found) == 1001
    assert heads == [
        (
            "GET /api/v1/namespaces/shop/pods?includeObject=None&limit=5000&resourceVersion=0 HTTP/1.1 "
            "application/json;as=Table;g=meta.k8s.io;v=v1"
        )
    ]
    spent = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    assert spent < MOST_CPU_SECONDS


def test_a_hostile_server_chooses_no_candidate(tmp_path: Path) -> None:
    names = ["web$(reboot)", "web\nx", "web\x1b[2J", "web", "w" * 9000, "web\u202e"]
    rows = table(*((name, "\x1b[2J") for name in names))

    for env, expected in (({}, ["web", ":36"]), ({"DSHELL_COMPLETE_SHELL": "zsh"}, ["web", "web$(reboot)", ":36"])):
        server = Server(answering(rows))
        assert ask(kubeconfig(tmp_path, server.port), "ls", "w", **env) == expected
        server.finish()


@pytest.mark.parametrize("answer", [[], {"kind": "PodList", "items": [1]}, b"not JSON", {"rows": {"cells": 1}}])
def test_a_malformed_answer_is_none(answer: object, tmp_path: Path) -> None:
    server = Server(answering(answer))

    assert ask(kubeconfig(tmp_path, server.port), "ls", "") == [":36"]
    server.finish()


def test_without_a_cluster_the_programs_own_words_are_offered(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert ask(kubeconfig(tmp_path, port), "cl") == ["cleanup\tend debug containers left behind", ":36"]
    assert ask(str(tmp_path / "none"), "ls", "") == [":36"]
    assert ask(kubeconfig(tmp_path, port), "--context", "") == ["c", ":4"]
    assert ask(kubeconfig(tmp_path, port), "-v", "loud", "ls", "") == [":36"]


def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        found = ask(kubeconfig(tmp_path, silent.getsockname()[1]), "ls", "")

    assert found in ([":4"], [":36"])
    assert time.monotonic() - began < MOST_SECONDS + 3


def test_a_plugin_cannot_ask(tmp_path: Path) -> None:
    config = json.loads(Path(kubeconfig(tmp_path, 1)).read_text())
    script = f"test -t 0 || test -t 2 || echo asked >{tmp_path}/ran; echo please log in >&2; read -r answer; exit 1"
    exec_ = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", script],
        "interactiveMode": "IfAvailable",
    }
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    config["users"][0]["user"] = {"exec": exec_}
    (tmp_path / "config").write_text(json.dumps(config))

    assert ask(str(tmp_path / "config"), "ls", "") == [":36"]
    assert (tmp_path / "ran").read_text() == "asked\n"


def test_candidates_are_whole_words() -> None:
    want = Wanted(Source.PATHS, (Candidate("own"),), before="web:/", typed="et")

    assert candidates(want, [Candidate("etc/"), Candidate("usr/")]) == [Candidate("web:/etc/"), Candidate("own")]
