"""Credential plugins: programs that print an ExecCredential (client-go `plugin/pkg/client/auth/exec`)."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.auth import plugin_process
from kubectl_dshell.kube.auth.exec_credential import ExecCredential, InvalidExecCredential, parse_exec_credential
from kubectl_dshell.kube.auth.kuberc import clean, look_path
from kubectl_dshell.kube.kubeconfig.header import bearer
from kubectl_dshell.kube.kubeconfig.secret import Secret, scrub
from kubectl_dshell.kube.net.tls import pem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.kube.auth.client_certificate import ClientCertificate
    from kubectl_dshell.kube.auth.kuberc import PluginPolicy
    from kubectl_dshell.kube.auth.user_terminal import UserTerminal
    from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry

API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_MODES = ("", "Never", "IfAvailable", "Always")
_EXTENSION = "client.authentication.k8s.io/exec"


class ExecPlugin:
    """Runs the plugin on first use, when its credentials expire, and once after a 401."""

    def __init__(
        self,
        user: NamedEntry,
        spec: NamedEntry,
        cluster: NamedEntry,
        environ: Mapping[str, str],
        terminal: UserTerminal,
        policy: PluginPolicy,
    ) -> None:
        """`spec` is the user's exec entry, which is validated here.

        Raises:
            BadConfig: the exec entry is incomplete, has a wrong type, or an unsupported version.
        """
        self._user = user
        self._spec = spec
        self._cluster = cluster
        self._environ = environ
        self._terminal = terminal
        self._policy = policy
        self._answer: ExecCredential | None = None
        self._failed: tuple[float, BadConfig] | None = None
        self._version = spec.text("apiVersion")
        self._mode = spec.text("interactiveMode")
        self._command = spec.word("command")
        self._words = spec.words("args")
        self._own = dict(_variable(one) for one in spec.parts("env"))
        self._hint = spec.text("installHint")
        if not self._command:
            raise BadConfig(f'user "{user.name}": exec has no command')
        if self._version not in API_VERSIONS:
            raise BadConfig(
                f'user "{user.name}": exec has apiVersion {self._version}; supported: {", ".join(API_VERSIONS)}',
                "Update the plugin and its entry in the kubeconfig.",
            )
        if self._mode not in _MODES:
            raise spec.wrong("interactiveMode", f"is {self._mode}, but must be one of {', '.join(_MODES[1:])}")
        self._cluster_info = self._about_cluster() if spec.flag("provideClusterInfo") else None

    def authorization(self) -> Secret | None:
        token = self._current().token
        if token is None:
            return None
        return Secret(
            bearer(token.reveal(), f'the token returned by the credential plugin of user "{self._user.name}"')
        )

    def certificate(self) -> ClientCertificate | None:
        return self._current().certificate

    def refresh(self) -> bool:
        self._answer = self._run()
        return True

    def _current(self) -> ExecCredential:
        if self._answer is None or _expired(self._answer.expires):
            self._answer = self._run()
        return self._answer

    def _run(self) -> ExecCredential:
        taken = self._terminal.taken
        if taken and self._failed and time.monotonic() - self._failed[0] < self._terminal.left_alone_seconds:
            raise self._failed[1]
        try:
            return self._run_anew()
        except BadConfig as error:
            self._failed = (time.monotonic(), error) if taken else None
            raise

    def _run_anew(self) -> ExecCredential:
        if self._mode == "Never":
            return self._ask(interactive=False)
        with self._terminal.lent() as interactive:
            if self._mode == "Always" and not interactive:
                raise self._failure(f"needs a terminal (interactiveMode: Always), but {self._terminal.why_not}")
            return self._ask(interactive=interactive)

    def _ask(self, *, interactive: bool) -> ExecCredential:
        command = clean(str(self._spec.directory / self._command) if "/" in self._command else self._command)
        search = self._environ.get("PATH", "")  # ours, as in Go: not that of the plugin's own variables
        if refusal := self._policy.why_not(command, search):
            raise self._failure(*refusal)
        environ = self._environment(interactive=interactive)
        try:
            # During a session the user cannot see what the plugin waits for.
            seconds = self._terminal.session_seconds if self._terminal.taken else None
            words = [command, *self._words]
            program = command if "/" in command else look_path(command, search)
            done = plugin_process.run(program, words, environ, self._show, interactive=interactive, seconds=seconds)
        except OSError as error:
            hint = (self._hint or "Install it, or correct the kubeconfig.").splitlines()
            raise self._failure(f"cannot be started: {error.strerror}", *hint) from error
        except plugin_process.OutputTooLarge as error:
            raise self._failure(
                f"wrote more than {plugin_process.LARGEST_ANSWER // 1024} KiB to stdout and was terminated"
            ) from error
        except plugin_process.PluginTimeout as error:
            why = (
                f"did not finish within {self._terminal.session_seconds:.0f} s during a session, where it cannot prompt"
            )
            raise self._failure(why) from error
        if done.code != 0:
            said = f": {scrub(done.unsaid)}" if done.unsaid else ""
            raise self._failure(f"{_ending(done.code)}{said}")
        try:
            return parse_exec_credential(done.stdout, self._version)
        except InvalidExecCredential as error:
            raise self._failure(str(error)) from error

    def _show(self, text: str) -> bool:
        return self._terminal.show(scrub(text))

    def _environment(self, *, interactive: bool) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": interactive}
        if self._cluster_info is not None:
            spec["cluster"] = self._cluster_info
        info = {"apiVersion": self._version, "kind": "ExecCredential", "spec": spec}
        return {**self._environ, **self._own, "KUBERNETES_EXEC_INFO": json.dumps(info)}

    def _about_cluster(self) -> dict[str, Any]:
        cluster = self._cluster
        texts = {key: cluster.text(key) for key in ("server", "tls-server-name", "proxy-url")}
        flags = {key: cluster.flag(key) for key in ("insecure-skip-tls-verify", "disable-compression")}
        info: dict[str, Any] = {key: value for key, value in {**texts, **flags}.items() if value}
        authority = pem(cluster, "certificate-authority")
        if authority:
            info["certificate-authority-data"] = base64.b64encode(authority).decode()
        for extension in cluster.parts("extensions"):
            if extension.text("name") == _EXTENSION:
                info["config"] = extension.value.get("extension")
        return info

    def _failure(self, what: str, *advice: str) -> BadConfig:
        return BadConfig(
            f'the credential plugin {self._spec.text("command")} of user "{self._user.name}" {what}',
            *(advice or ("Try it with: kubectl auth whoami",)),
        )


def _variable(one: NamedEntry) -> tuple[str, str]:
    """Name and value; the value defaults to empty, as in client-go."""
    name = one.word("name")
    if not name or "=" in name:
        raise one.wrong("name", "is not a valid variable name")
    return name, one.word("value")


def _ending(code: int) -> str:
    return f"failed with exit code {code}" if code >= 0 else f"was killed by signal {-code}"


def _expired(timestamp: str) -> bool:
    try:
        return datetime.fromisoformat(timestamp) <= datetime.now(UTC)
    except (ValueError, TypeError):
        return False
