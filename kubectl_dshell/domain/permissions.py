"""The permissions that each use of the program needs: for manifests/rbac, `doctor`, and the advice of a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

RBAC_GROUP = "rbac.authorization.k8s.io"
_ACCOUNT = "system:serviceaccount:"


class Permission(NamedTuple):
    """A verb on a resource, which may be a subresource: pods/exec."""

    verb: str
    resource: str
    group: str = ""


class Use(NamedTuple):
    """What somebody does with the program, and what RBAC has to allow for it.

    manifests/rbac/NAME.yaml is the Role for it: it grants `needed` and `helpful`, and has `optional` as comments.
    """

    name: str
    command: str
    needed: tuple[Permission, ...]
    helpful: tuple[Permission, ...] = ()
    """Without these it works, but worse."""
    optional: tuple[Permission, ...] = ()

    @property
    def granted(self) -> tuple[Permission, ...]:
        return (*self.needed, *self.helpful)


def _all(verbs: str, *resources: str, group: str = "") -> tuple[Permission, ...]:
    return tuple(Permission(verb, resource, group) for resource in resources for verb in verbs.split())


_LIST_PODS = _all("list", "pods")
_EXEC = _all("get create", "pods/exec")

SESSION = Use(
    "session",
    "kubectl dshell POD",
    needed=(*_all("get", "pods"), *_all("patch", "pods/ephemeralcontainers"), *_EXEC),
    helpful=_all("watch", "pods"),
    optional=(*_all("list", "events"), *_LIST_PODS),
)
COPY = Use(
    "copy",
    "kubectl dshell POD --copy",
    needed=(*_all("get create delete", "pods"), *_EXEC),
    helpful=_all("watch", "pods"),
    optional=_all("list", "events"),
)
USES = (
    SESSION,
    Use(
        "many",
        "kubectl dshell -l, KIND/NAME",
        needed=(
            *_LIST_PODS,
            *_all("get", "services"),
            *_all("get", "deployments", "statefulsets", "daemonsets", "replicasets", group="apps"),
            *_all("get", "cronjobs", group="batch"),
            *_all("get list", "jobs", group="batch"),
        ),
    ),
    Use("ls", "kubectl dshell ls", needed=_all("get list watch", "pods"), optional=_EXEC),
    Use(
        "cleanup",
        "kubectl dshell cleanup",
        needed=(*_all("get list", "pods"), *_EXEC),
        helpful=_all("watch", "pods"),
    ),
    COPY,
    Use(
        "gather",
        "kubectl dshell gather",
        needed=(*_all("get", "jobs", group="batch"), *_LIST_PODS, *_all("get", "pods/log")),
    ),
)
"""`SESSION`, without which nothing else is of use, comes first."""


def every_permission() -> tuple[Permission, ...]:
    """Each one once, in the order of the uses."""
    return tuple(dict.fromkeys(one for use in USES for one in (*use.granted, *use.optional)))


def rules(permissions: Iterable[Permission]) -> list[dict[str, list[str]]]:
    """The PolicyRules of a Role, as few as possible: resources with the same verbs share one."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for one in permissions:
        verbs.setdefault((one.group, one.resource), []).append(one.verb)
    resources: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), allowed in verbs.items():
        resources.setdefault((group, tuple(allowed)), []).append(resource)
    return [
        {"apiGroups": [group], "resources": names, "verbs": list(allowed)}
        for (group, allowed), names in resources.items()
    ]


def in_words(permissions: Iterable[Permission]) -> str:
    """For a message: "get pods, jobs.batch; patch pods/ephemeralcontainers"."""
    resources: dict[str, list[str]] = {}
    for rule in rules(permissions):
        (group,) = rule["apiGroups"]
        names = [".".join(filter(None, (name, group))) for name in rule["resources"]]
        resources.setdefault(", ".join(rule["verbs"]), []).extend(names)
    return "; ".join(f"{verbs} {', '.join(names)}" for verbs, names in resources.items())


def role(name: str, namespace: str, permissions: Iterable[Permission]) -> dict[str, Any]:
    """A rbac.authorization.k8s.io/v1 Role."""
    return {
        "apiVersion": f"{RBAC_GROUP}/v1",
        "kind": "Role",
        "metadata": {"name": name, "namespace": namespace},
        "rules": rules(permissions),
    }


def role_binding(name: str, namespace: str, user: str) -> dict[str, Any]:
    """The RoleBinding that grants `user` the Role of the same name."""
    owner, _, account = user.removeprefix(_ACCOUNT).partition(":")
    subject = {"kind": "User", "name": user, "apiGroup": RBAC_GROUP}
    if user.startswith(_ACCOUNT) and account:
        subject = {"kind": "ServiceAccount", "name": account, "namespace": owner}
    return {
        "apiVersion": f"{RBAC_GROUP}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": "Role", "name": name},
        "subjects": [subject],
    }
