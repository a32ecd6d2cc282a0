"""Parser for the ExecCredential that a credential plugin prints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubectl_dshell.kube.auth.client_certificate import ClientCertificate
from kubectl_dshell.kube.kubeconfig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping


class InvalidExecCredential(Exception):
    """The output is unusable; the text says why and quotes nothing but versions."""


@dataclass(frozen=True, slots=True)
class ExecCredential:
    """The credentials; `expires` is an RFC 3339 time, or empty."""

    token: Secret | None
    certificate: ClientCertificate | None
    expires: str


def parse_exec_credential(stdout: bytes, version: str) -> ExecCredential:
    """The credentials in `stdout`.

    Raises:
        InvalidExecCredential: not an ExecCredential of `version`, or without credentials.
    """
    try:
        answer = json.loads(stdout)
    except (ValueError, RecursionError) as error:
        raise InvalidExecCredential("did not print JSON") from error
    if not isinstance(answer, dict) or answer.get("kind") != "ExecCredential":
        raise InvalidExecCredential("did not print an ExecCredential")
    if answer.get("apiVersion") != version:
        raise InvalidExecCredential(f"returned apiVersion {str(answer.get('apiVersion'))[:80]}, not {version}")
    status = answer.get("status")
    if not isinstance(status, dict):
        raise InvalidExecCredential("returned neither a token nor a client certificate")
    token, expires = _text(status, "token"), _text(status, "expirationTimestamp")
    certificate, key = _text(status, "clientCertificateData"), _text(status, "clientKeyData")
    if not token and not certificate:
        raise InvalidExecCredential("returned neither a token nor a client certificate")
    if bool(certificate) != bool(key):
        raise InvalidExecCredential("returned only one of clientCertificateData and clientKeyData")
    shown = ClientCertificate(certificate.encode("utf-8", "replace"), Secret(key)) if certificate else None
    return ExecCredential(Secret(token) if token else None, shown, expires)


def _text(status: Mapping[str, Any], key: str) -> str:
    value = status.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidExecCredential(f"returned a {key} that is not a string")
    return value
