"""A custom profile (--custom): a partial v1 Container in the form that `kubectl debug --custom` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_dshell.domain.access.capabilities import ALL, CAPABILITIES
from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.pod.pod import check_security

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Json

_NOT_KUBECTLS = ("name", "command", "image", "lifecycle", "volumeDevices")
"""What kubectl debug refuses to take from a custom profile (pkg/cmd/debug `Validate`)."""
_NOT_OURS = ("args", "stdin", "stdinOnce", "tty", "terminationMessagePath", "terminationMessagePolicy")
"""What the first process of a debug container depends on."""
_FIELDS = {
    *("workingDir", "env", "envFrom", "imagePullPolicy", "securityContext", "volumeMounts"),
    *("ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules"),
    *("livenessProbe", "readinessProbe", "startupProbe"),
}
"""The others of a v1 Container; which of them an ephemeral container can have is for the API server to say."""


class Custom(NamedTuple):
    """The container in the file `path`, checked and without empty fields."""

    path: str
    container: Json

    @property
    def security(self) -> Json:
        found: Json = self.container.get("securityContext", {})
        return found

    @property
    def added(self) -> list[str]:
        """The capabilities that it adds. It replaces those of the profile, as lists without a merge key do."""
        found: list[str] = self.security.get("capabilities", {}).get("add", [])
        return found

    @property
    def user(self) -> tuple[int | None, int | None]:
        return self.security.get("runAsUser"), self.security.get("runAsGroup")

    @property
    def rest(self) -> Json:
        """What is not part of a DebugSpec by itself."""
        apart = ("securityContext", "imagePullPolicy")
        return {name: value for name, value in self.container.items() if name not in apart}


def parse_custom(path: str, document: object) -> Custom:
    """Raises Malformed with the field, ValueError for fields that cannot be customized."""
    whole = Fields.of(path, {"container": document}).shallow("container")
    if not whole.json:
        raise ValueError(f"{path} contains no fields of a container")
    container: Json = _without_empty(path, dict(whole.json))
    fields = Fields.of(path, container)
    if fixed := [name for name in (*_NOT_KUBECTLS, *_NOT_OURS) if name in container]:
        raise ValueError(f"{path} sets {', '.join(fixed)}, which cannot be customized")
    if unknown := [name for name in container if name not in _FIELDS]:
        raise ValueError(f"{path} sets {', '.join(unknown)}, which no container has")
    fields.text("imagePullPolicy")
    for variable in fields.items("env"):
        variable.text("value")
        if variable.text("name").startswith("DSHELL_"):
            raise ValueError(f"{path} sets the variable {variable.text('name')}, which dshell sets itself")
    fields.items("volumeMounts")
    _check_security(fields)
    return Custom(path, container)


def _check_security(fields: Fields) -> None:
    check_security(fields)
    security = fields.fields("securityContext")
    for name in ("runAsNonRoot", "allowPrivilegeEscalation"):
        security.flag(name)
    capabilities = security.fields("capabilities")
    for name in (*capabilities.texts("add"), *capabilities.texts("drop")):
        if name != ALL and name not in CAPABILITIES:
            raise ValueError(f"{fields.what}: {name!r} is not a Linux capability; written as in SYS_PTRACE")


def _without_empty(path: str, value: Any) -> Any:
    """As kubectl reads it: an empty text or list, and null, are the same as no field."""
    if isinstance(value, list):
        return [_without_empty(path, one) for one in value]
    if not isinstance(value, dict):
        return value
    if directive := next((name for name in value if name.startswith("$")), None):
        raise ValueError(f"{path} contains {directive}, which is no field: a custom profile only adds and replaces")
    kept = {name: _without_empty(path, one) for name, one in value.items()}
    return {name: one for name, one in kept.items() if one is not None and one not in ("", [])}
