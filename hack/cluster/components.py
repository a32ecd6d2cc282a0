"""The command line of each component of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout
    from .ports import Ports


def commands(layout: Layout, ports: Ports, binaries: Path) -> dict[str, list[str]]:
    """By component, in the order in which they are started."""
    kubernetes = f"{binaries}/kubernetes"
    return {
        "containerd": [f"{binaries}/containerd", "-c", f"{layout.folder}/containerd.toml"],
        "etcd": [f"{binaries}/etcd", *_etcd(layout, ports)],
        "kube-apiserver": [kubernetes, "kube-apiserver", *_apiserver(layout, ports)],
        "kube-controller-manager": [kubernetes, "kube-controller-manager", *_controller_manager(layout, ports)],
        "kube-scheduler": [kubernetes, "kube-scheduler", *_scheduler(layout, ports)],
        "kubelet": [kubernetes, "kubelet", *_kubelet(layout)],
    }


def _etcd(layout: Layout, ports: Ports) -> list[str]:
    pki = layout.pki
    client, peer = (f"https://127.0.0.1:{port}" for port in (ports.etcd_client, ports.etcd_peer))
    keys = [f"--{peer_}{word}" for peer_ in ("", "peer-") for word in _etcd_keys(pki)]
    return [
        f"--data-dir={layout.folder}/etcd",
        "--unsafe-no-fsync",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        *keys,
    ]


def _etcd_keys(pki: Path) -> list[str]:
    """Without them, whoever is logged in on the machine could write to the store, and so be root on it."""
    return [
        f"cert-file={pki}/etcd.crt",
        f"key-file={pki}/etcd.key",
        f"trusted-ca-file={pki}/ca.crt",
        "client-cert-auth",
    ]


def _apiserver(layout: Layout, ports: Ports) -> list[str]:
    pki = layout.pki
    return [
        f"--etcd-servers=https://127.0.0.1:{ports.etcd_client}",
        f"--etcd-cafile={pki}/ca.crt",
        f"--etcd-certfile={pki}/etcd.crt",
        f"--etcd-keyfile={pki}/etcd.key",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.apiserver}",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        "--allow-privileged=true",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--service-account-key-file={pki}/sa.pub",
        f"--service-account-signing-key-file={pki}/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=198.18.0.0/16",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/admin.crt",
        f"--kubelet-client-key={pki}/admin.key",
        "--kubelet-preferred-address-types=Hostname",
        f"--audit-policy-file={layout.folder}/audit.json",
        f"--audit-log-path={layout.audit_log}",
    ]


def _controller_manager(layout: Layout, ports: Ports) -> list[str]:
    pki = layout.pki
    return [
        f"--kubeconfig={pki}/controller-manager.kubeconfig",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.controller_manager}",
        f"--service-account-private-key-file={pki}/sa.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        "--use-service-account-credentials",
        # At the 20 requests a second that it allows itself, the accounts of its 40 controllers take 5 s.
        "--kube-api-qps=1000",
        "--kube-api-burst=1000",
    ]


def _scheduler(layout: Layout, ports: Ports) -> list[str]:
    return [
        f"--kubeconfig={layout.pki}/scheduler.kubeconfig",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.scheduler}",
    ]


def _kubelet(layout: Layout) -> list[str]:
    return [
        f"--config={layout.folder}/kubelet.json",
        f"--kubeconfig={layout.pki}/kubelet.kubeconfig",
        f"--root-dir={layout.folder}/kubelet",
        f"--cert-dir={layout.pki}/kubelet",
        "--hostname-override=localhost",
    ]
