"""A pod that cannot be understood is named and counted, by every command that goes through many."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from kubectl_dshell.cli.main import main
from tests.pods import Json, pod_json

SAID = "1 pod could not be read: ../../x/odd (metadata.namespace is not a valid name: '../../x')\n"


def pod(name: str, namespace: str = "shop") -> Json:
    entry = {"name": "dshell-abcde", "image": "busybox", "env": [{"name": "DSHELL_PROTOCOL", "value": "2 x 4"}]}
    ended = {"name": "dshell-abcde", "state": {"terminated": {"exitCode": 0}}}
    made = pod_json(ephemeral=[entry], ephemeral_statuses=[ended])
    made["metadata"] |= {"name": name, "namespace": namespace, "uid": name}
    return made


class Server(BaseHTTPRequestHandler):
    """A cluster with one good pod and one that no API server would give a name; nobody is let into either."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        found: Json | None = {"metadata": {"resourceVersion": "1"}, "items": [pod("odd", "../../x"), pod("good")]}
        if not path.endswith("/pods"):
            found = None
        self._answer(found)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._answer({"status": {"userInfo": {"username": "ada"}}})

    def do_PATCH(self) -> None:
        self._answer(None)

    def _answer(self, document: Json | None) -> None:
        body = json.dumps(document or {"kind": "Status", "code": 404, "message": "not found"}).encode()
        self.send_response(200 if document else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def server() -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"--server=http://127.0.0.1:{made.server_address[1]}"
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.mark.parametrize("form", ["", "wide", "name", "json", "yaml"])
def test_a_list_shows_the_others_and_its_exit_code_says_it_is_not_whole(
    server: str, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code = main(["ls", "-A", "--all", server, *([f"--output={form}"] if form else [])])

    out, err = capfd.readouterr()
    assert (code, err) == (69, SAID)
    assert "dshell-abcde" in out
    assert "good" in out
    if form == "json":
        why = SAID.partition("(")[2].rpartition(")")[0]
        assert json.loads(out)["unreadablePods"] == [{"namespace": "../../x", "pod": "odd", "why": why}]


@pytest.mark.parametrize(("names", "code"), [((), 69), (("odd",), 69), (("odd/dshell-abcde",), 69), (("good",), 0)])
def test_a_cleanup_counts_it_as_a_failure_where_it_may_be_meant(
    server: str, names: tuple[str, ...], code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    done = main(["cleanup", "-A", "-y", server, "-o", "json", *names])

    out, err = capfd.readouterr()
    assert (done, len(json.loads(out)["unreadablePods"])) == (code, 1 if code else 0)
    assert (SAID in err) == bool(code)


def test_a_command_in_all_of_them_fails_in_that_one_and_goes_on(server: str, capfd: pytest.CaptureFixture[str]) -> None:
    code = main(["-A", server, "-o", "json", "--", "true"])

    out, _ = capfd.readouterr()
    results = {line["pod"]: line["error"] for line in map(json.loads, out.splitlines())}
    assert code == 69
    assert results["odd"]["class"] == "UNAVAILABLE"
    assert "metadata.namespace is not a valid name" in results["odd"]["message"]
    assert results["good"]["class"] == "NOT_FOUND", "it was tried"


def test_attach_says_which_it_did_not_look_into(server: str, capfd: pytest.CaptureFixture[str]) -> None:
    code = main(["attach", "-n", "shop", server, "--", "true"])

    _, err = capfd.readouterr()
    assert code == 66
    assert SAID in err
