"""Certificates and kubeconfigs of one cluster, by openssl."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from .command import run

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout

_DAYS = "3650"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_NAMES = "DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:198.18.0.1"
_SUBJECTS = {
    "apiserver": "/CN=kube-apiserver",
    "etcd": "/CN=etcd",
    "admin": "/O=system:masters/CN=admin",
    "kubelet": "/O=system:nodes/CN=system:node:localhost",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
}


def write(layout: Layout, apiserver_port: int) -> None:
    pki = layout.pki
    pki.mkdir(mode=0o700)
    authority = [*_KEY, "-days", _DAYS, "-keyout", "ca.key", "-out", "ca.crt", "-subj", f"/CN={layout.cgroup}"]
    run("openssl", "req", "-x509", *authority, cwd=pki)
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "sa.key", cwd=pki)
    run("openssl", "ec", "-in", "sa.key", "-pubout", "-out", "sa.pub", cwd=pki)
    (pki / "extensions").write_text(f"subjectAltName={_NAMES}\nextendedKeyUsage=clientAuth,serverAuth\n")
    for name, subject in _SUBJECTS.items():
        request = [*_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject]
        run("openssl", "req", *request, cwd=pki)
        signing = ["-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"]
        signed = ["-days", _DAYS, "-out", f"{name}.crt", "-extfile", "extensions"]
        run("openssl", "x509", "-req", *signing, *signed, cwd=pki)
        _write_kubeconfig(layout, pki / f"{name}.kubeconfig", name, apiserver_port)
    _write_kubeconfig(layout, layout.kubeconfig, "admin", apiserver_port)


def _write_kubeconfig(layout: Layout, path: Path, user: str, port: int) -> None:
    """Whole in itself, so that a copy of it works anywhere on the machine."""

    def data(file: str) -> str:
        return base64.b64encode((layout.pki / file).read_bytes()).decode()

    server = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": data("ca.crt")}
    keys = {"client-certificate-data": data(f"{user}.crt"), "client-key-data": data(f"{user}.key")}
    context = {"cluster": layout.name, "user": user, "namespace": "default"}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": layout.name,
        "clusters": [{"name": layout.name, "cluster": server}],
        "users": [{"name": user, "user": keys}],
        "contexts": [{"name": layout.name, "context": context}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(kubeconfig, indent=1))
