"""An API server on loopback that writes down who asks it for a pod, as which namespace and cluster."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from tests.kube.conftest import Certificates

POD = "web"
_DISCOVERY = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [{"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["get"]}],
    },
}
NO_SUCH_POD = "there is no such pod"
_NOT_FOUND = {
    "apiVersion": "v1",
    "kind": "Status",
    "status": "Failure",
    "reason": "NotFound",
    "code": 404,
    "message": NO_SUCH_POD,
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    recorder: ClassVar[Recorder]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.endswith(f"/pods/{POD}"):
            self.recorder.asked.append(self._request(path))
        found = next((body for end, body in _DISCOVERY.items() if path.endswith(end)), None)
        content = json.dumps(found or _NOT_FOUND).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _request(self, path: str) -> dict[str, Any]:
        # http.client reads headers as Latin-1.
        headers = [(name.lower(), value.encode("latin-1").decode()) for name, value in self.headers.items()]
        shown: Any = self.connection
        certificate: Any = shown.getpeercert() if isinstance(shown, ssl.SSLSocket) else None
        return {
            "path": path,
            "headers": sorted(pair for pair in headers if pair[0].startswith(("authorization", "impersonate"))),
            "compressed": "gzip" in self.headers.get("accept-encoding", ""),
            "certificate": certificate and dict(pair[0] for pair in certificate["subject"])["commonName"],
            "name": getattr(shown, "asked_name", None),
        }

    def log_message(self, *_words: object) -> None:
        """Nothing."""


class _Socket(ssl.SSLSocket):
    asked_name: str | None = None


class Recorder:
    """Used in a `with`; shows a certificate for 127.0.0.1, or for cluster.test where that name is asked for."""

    def __init__(self, certificates: Certificates) -> None:
        self.asked: list[dict[str, Any]] = []
        context = certificates.server_context()
        context.sslsocket_class = _Socket
        named = certificates.server_context("named")
        for one in (context, named):
            one.load_verify_locations(certificates.path("ca.crt"))
            one.verify_mode = ssl.CERT_OPTIONAL

        def choose(sock: Any, name: str | None, _context: ssl.SSLContext) -> None:
            sock.asked_name = name
            if name == "cluster.test":
                sock.context = named

        context.sni_callback = choose
        handler = type("Handler", (_Handler,), {"recorder": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(20)
