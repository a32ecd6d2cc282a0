"""The app of the Python test image: answers every GET with "hello" until SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # PID 1 has no default action
server = HTTPServer(("", int(os.environ.get("PORT", "8080"))), Hello)
print(f"serving as {os.getuid()}:{os.getgid()}", flush=True)
server.serve_forever()
