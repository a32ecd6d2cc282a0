"""Credential plugins: a program that prints an ExecCredential (client-go `plugin/pkg/client/auth/exec`)."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.certificate import ClientCertificate
from kubectl_dshell.kube.tls import pem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.kube.kubeconfig import Entry

API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_STDERR_SHOWN = 2000


class ExecPlugin:
    """Runs the plugin when first asked, when its credentials expire, and once after a 401."""

    def __init__(self, user: Entry, cluster: Entry, environ: Mapping[str, str]) -> None:
        """Refuse what cannot work.

        Raises:
            BadConfig: the exec entry is incomplete or of a version we do not speak.
        """
        self._user = user
        self._spec: Mapping[str, Any] = user.value["exec"]
        self._cluster = cluster
        self._environ = environ
        self._status: Mapping[str, Any] | None = None
        self._version = self._spec.get("apiVersion")
        if not self._spec.get("command"):
            raise BadConfig(f'user "{user.name}": exec has no command')
        if self._version not in API_VERSIONS:
            raise BadConfig(
                f'user "{user.name}": exec has apiVersion {self._version}, supported are {", ".join(API_VERSIONS)}',
                "Update the plugin and its entry in the kubeconfig.",
            )

    def authorization(self) -> str | None:
        token = self._current().get("token")
        return f"Bearer {token}" if token else None

    def certificate(self) -> ClientCertificate | None:
        status = self._current()
        if not status.get("clientCertificateData"):
            return None
        return ClientCertificate(status["clientCertificateData"].encode(), status["clientKeyData"].encode())

    def refresh(self) -> bool:
        self._status = self._run()
        return True

    def _current(self) -> Mapping[str, Any]:
        if self._status is None or _expired(self._status.get("expirationTimestamp")):
            self._status = self._run()
        return self._status

    def _run(self) -> Mapping[str, Any]:
        interactive = self._spec.get("interactiveMode") != "Never" and sys.stdin is not None and sys.stdin.isatty()
        if self._spec.get("interactiveMode") == "Always" and not interactive:
            raise self._failure("needs a terminal on standard input (interactiveMode: Always)")
        command = str(self._spec["command"])
        if "/" in command:
            command = str(self._user.directory / command)
        try:
            done = subprocess.run(
                [command, *map(str, self._spec.get("args") or [])],
                env=self._environment(interactive=interactive),
                stdin=None if interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                # A plugin that may ask questions asks them on stderr.
                stderr=None if interactive else subprocess.PIPE,
                check=False,
            )
        except OSError as error:
            hint = str(self._spec.get("installHint") or "Install it, or correct the kubeconfig.")
            raise self._failure(f"cannot be started: {error.strerror}", *hint.splitlines()) from error
        if done.returncode != 0:
            said = (done.stderr or b"").decode(errors="replace").strip()[-_STDERR_SHOWN:]
            raise self._failure(f"ended with exit code {done.returncode}" + (f": {said}" if said else ""))
        return self._parse(done.stdout)

    def _parse(self, stdout: bytes) -> Mapping[str, Any]:
        try:
            answer = json.loads(stdout)
        except ValueError as error:
            raise self._failure("did not print JSON") from error
        if not isinstance(answer, dict) or answer.get("kind") != "ExecCredential":
            raise self._failure("did not print an ExecCredential")
        if answer.get("apiVersion") != self._version:
            raise self._failure(f"answered in {answer.get('apiVersion')}, not in {self._version}")
        status = answer.get("status")
        if not isinstance(status, dict) or not (status.get("token") or status.get("clientCertificateData")):
            raise self._failure("gave neither a token nor a client certificate")
        if bool(status.get("clientCertificateData")) != bool(status.get("clientKeyData")):
            raise self._failure("gave only one of clientCertificateData and clientKeyData")
        return status

    def _environment(self, *, interactive: bool) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": interactive}
        if self._spec.get("provideClusterInfo"):
            spec["cluster"] = self._cluster_info()
        info = {"apiVersion": self._version, "kind": "ExecCredential", "spec": spec}
        own = {item["name"]: str(item["value"]) for item in self._spec.get("env") or []}
        return {**self._environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(info)}

    def _cluster_info(self) -> dict[str, Any]:
        value = self._cluster.value
        info = {
            key: value[key]
            for key in (
                "server",
                "tls-server-name",
                "insecure-skip-tls-verify",
                "proxy-url",
                "disable-compression",
            )
            if value.get(key)
        }
        authority = pem(self._cluster, "certificate-authority")
        if authority:
            info["certificate-authority-data"] = base64.b64encode(authority).decode()
        for extension in value.get("extensions") or []:
            if extension.get("name") == "client.authentication.k8s.io/exec":
                info["config"] = extension.get("extension")
        return info

    def _failure(self, what: str, *advice: str) -> BadConfig:
        return BadConfig(
            f'the credential plugin {self._spec["command"]} of user "{self._user.name}" {what}',
            *(advice or ("Try it with: kubectl auth whoami",)),
        )


def _expired(timestamp: object) -> bool:
    if not isinstance(timestamp, str):
        return False
    try:
        return datetime.fromisoformat(timestamp) <= datetime.now(UTC)
    except (ValueError, TypeError):
        return False
