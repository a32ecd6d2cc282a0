"""What lists of fat pods cost: a janitor has 256 MiB, and whoever may make pods decides what is in them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

MEGABYTE = 1024 * 1024
MOST = 150  # MB, as the documents promise
LOOK = """
import re, sys
from pathlib import Path
from kubectl_dshell.cli.main import main
code = main(["ls", "-A", "-o", "json", f"--server=http://127.0.0.1:{sys.argv[1]}"])
# ru_maxrss would count what this test had before it started us
most = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(code, int(most[1]) // 1024, file=sys.stderr)
"""


def fat_pod(number: int, *, debugged: bool) -> bytes:
    """1 MB of environment, with one emoji in it, as whoever may make pods can have it: it needs no node."""
    entry = {"name": "x", "image": "busybox", "env": [{"name": "A", "value": "\U0001f600" + "x" * MEGABYTE}]}
    pod = {
        "metadata": {"name": f"fat-{number}", "namespace": "aaa", "uid": f"u-{number}"},
        "spec": {"containers": [{**entry, "name": "app"}], **({"ephemeralContainers": [entry]} if debugged else {})},
        "status": {"phase": "Pending"},
    }
    return json.dumps(pod, separators=(",", ":"), ensure_ascii=False).encode()


def dense_pod(number: int) -> bytes:
    """0.8 MB of what takes most once it is an object; ten are no large page."""
    entry = '{"name":"x","image":"i","env":[' + ",".join(['{"name":"A"}'] * 16_000) + "]}"
    more = '{"name":"app","env":[' + ",".join(['{"name":"A"}'] * 45_000) + "]}"
    meta = f'{{"metadata":{{"name":"dense-{number}","namespace":"aaa","uid":"d-{number}"}}'
    return f'{meta},"spec":{{"containers":[{more}],"ephemeralContainers":[{entry}]}},"status":{{}}}}'.encode()


def small_pod(number: int) -> bytes:
    return b'{"metadata":{"name":"s-%d","namespace":"aaa","uid":"s-%d"},"spec":{"containers":[]}}' % (number, number)


def small(count: int) -> Iterator[bytes]:
    return map(small_pod, range(count))


class Lists:
    """An API server with a list of pods, in pages as they are asked for; a new one is asked for all of a long one."""

    def __init__(self, *pods: bytes) -> None:
        lists = self
        self.largest = 0
        self.whole = 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/version":
                    self.answer(b'{"major":"1","minor":"36"}')
                    return
                query = parse_qs(urlsplit(self.path).query)
                begin, limit = int(query.get("continue", ["0"])[0]), int(query.get("limit", [len(pods)])[0])
                end = begin + limit
                lists.whole += "limit" not in query
                more = {"continue": str(end), "remainingItemCount": len(pods) - end}
                meta = {"resourceVersion": "7"} | (more if end < len(pods) else {})
                head = json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": meta}, separators=(",", ":"))
                body = head.encode()[:-1] + b',"items":[' + b",".join(pods[begin:end]) + b"]}"
                lists.largest = max(lists.largest, len(body))
                self.answer(body)

            def answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(ConnectionError):  # more than is read
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def fat(count: int, *, debugged: bool) -> Iterator[bytes]:
    return (fat_pod(number, debugged=debugged) for number in range(count))


@pytest.mark.parametrize(
    ("pods", "found", "whole"),
    [
        pytest.param(lambda: [*fat(40, debugged=False)], 0, 0, id="40 MB"),
        pytest.param(lambda: [*fat(80, debugged=False)], 0, 0, id="80 MB"),
        pytest.param(lambda: [*fat(40, debugged=True)], 40, 0, id="80 MB and all of it debugged"),
        pytest.param(lambda: [*small(600), *fat(40, debugged=True)], 40, 0, id="80 MB behind small ones"),
        pytest.param(lambda: [*map(dense_pod, range(30))], 30, 0, id="24 MB of little objects"),
        pytest.param(lambda: [*small(1100), *fat(25, debugged=True)], 25, 1, id="50 MB in one response"),
        pytest.param(lambda: [*small(1100), *fat(40, debugged=True)], 40, 1, id="80 MB, too much for one response"),
        pytest.param(lambda: [*small(1100), *map(dense_pod, range(30))], 30, 1, id="little objects in one response"),
        pytest.param(lambda: [*small(40_000)], 0, 1, id="40 000 small pods"),
    ],
)
def test_fat_pages_take_no_more_than_is_promised(pods: Any, found: int, whole: int) -> None:
    server = Lists(*pods())
    try:
        looked = subprocess.run(
            [sys.executable, "-c", LOOK, str(server.port)], capture_output=True, text=True, check=False, timeout=120
        )
    finally:
        server.close()

    assert looked.returncode == 0, looked.stderr
    code, megabytes = map(int, looked.stderr.split())
    print(f"{megabytes} MB, largest page {server.largest // MEGABYTE} MB")
    assert server.whole == whole
    assert (code, len(json.loads(looked.stdout)["items"])) == (0, found)
    assert megabytes < MOST
