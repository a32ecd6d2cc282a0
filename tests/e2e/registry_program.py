"""What runs in the pod of local_registry.py: the read half of the OCI distribution protocol."""

from __future__ import annotations

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PRIVATE, FOREIGN = "private", "foreign"
ARCHITECTURE = "s390x"

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def described(kind: str, data: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}


MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST}).encode()  # nobody gets as far as to read it
PLATFORM = {"architecture": ARCHITECTURE, "os": "linux"}
INDEX = json.dumps(
    {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [{**described(_MANIFEST, MANIFEST), "platform": PLATFORM}]}
).encode()


class Registry(BaseHTTPRequestHandler):
    default_request_version = (
        "HTTP/1.0"  # of the TLS that containerd tries first: it goes on without if "HTTP/" is back
    )

    def do_GET(self) -> None:
        repository = [*self.path.split("/"), "", ""][2]
        status = {PRIVATE: 401, FOREIGN: 200, "": 200}.get(repository, 404)
        body = INDEX if repository == FOREIGN else b""
        self.send_response(status)
        self.send_header("Content-Type", _INDEX)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Content-Digest", f"sha256:{hashlib.sha256(body).hexdigest()}")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  # as the library calls it


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    print("port", server.server_port, flush=True)
    server.serve_forever()
