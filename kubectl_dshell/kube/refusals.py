"""Translation of the API server's refusals into errors that say what failed and what to change.

Every request made for a command is wrapped in `translated`, which knows its verb, resource, namespace and name. Errors
that leave this package are therefore typed, and no higher layer looks at an HTTP status.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from http import HTTPStatus
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.runtime.summary import summary
from kubectl_dshell.domain.runtime.words import Says, means
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import (
    ApiError,
    ContainerNotRunning,
    DryRunUnsupported,
    DshellError,
    Forbidden,
    NameTaken,
    NotAnApiServer,
    NotFound,
    PermissionDenied,
    PodNotFound,
    PodTooLarge,
    Unavailable,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.domain.permissions import Use

PODS, EXEC, EPHEMERAL_CONTAINERS = "pods", "pods/exec", "pods/ephemeralcontainers"
# Messages of etcd, and of the API server's own client of it.
_TOO_LARGE = ("etcdserver: request is too large", "trying to send message larger than max")
_WEBHOOK_DOWN = re.compile(r'failed calling webhook "(?P<name>[^"]*)"')
_NO_VERB = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)"'
    r'(?: in API group "(?P<group>[^"]*)")?'
)


class ApiRequest(NamedTuple):
    """A request to the API server in RBAC terms: a verb on a resource (with its group: jobs.batch).

    A `namespace` of None means all namespaces. `name` is the name of the object, empty for lists, and `kind` its kind;
    `container` is the name of the debug container to add.
    """

    verb: str
    resource: str
    namespace: str | None
    name: str = ""
    kind: str = "pod"
    selector: str = ""
    container: str = ""

    @property
    def reads_many(self) -> bool:
        """Whether this is a list or watch: not subject to admission, and not about a single object."""
        return self.verb in ("list", "watch")


@contextmanager
def translated(request: ApiRequest) -> Iterator[None]:
    """Re-raise an ApiError of the block as translated by `translate_api_error`."""
    try:
        yield
    except ApiError as error:
        explained = translate_api_error(error, request)
        if explained is error:
            raise
        raise explained from error


def translate_api_error(error: ApiError, request: ApiRequest) -> DshellError:
    """The refusal in the user's terms, or `error` itself if there is nothing to add."""
    if isinstance(error, NotAnApiServer):
        return error
    if request.reads_many or request.kind != "pod":
        return _read_refused(error, request)
    if request.resource == EXEC and _is_not_running(error):
        return ContainerNotRunning(summary(error.message))
    if refused := _not_admitted(error, request):
        return refused
    if error.code == HTTPStatus.FORBIDDEN:
        return _forbidden(error, request)
    if error.code == HTTPStatus.NOT_FOUND:
        return _not_found(error, request)
    return _invalid(error, request) or error


def _not_admitted(error: ApiError, request: ApiRequest) -> DshellError | None:
    """A rejection by admission, recognized by its message: the status code is up to each plugin."""
    if "violates PodSecurity" in error.message:
        return _pod_security(error, request)
    if webhook := _WEBHOOK_DOWN.search(error.message):
        return Unavailable(
            f'the admission webhook "{webhook["name"]}" of the cluster is failing, so the request was rejected:\n'
            f"  {error.message}",
            "A cluster administrator has to repair or remove it: "
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
        )
    if "does not support dry run" in error.message:
        return DryRunUnsupported(f"the API server cannot say what it would do:\n  {error.message}")
    if "ValidatingAdmissionPolicy" in error.message or "admission webhook" in error.message:
        return _policy(error, request)
    return None


def _invalid(error: ApiError, request: ApiRequest) -> DshellError | None:
    """A failed validation of the ephemeral container to add."""
    if "static pods do not support ephemeral containers" in error.message:
        why = "Kubernetes does not allow ephemeral containers in static pods"
        return NotFound(f"{request.name} is a static pod, and {why}")
    if request.container and any(text in error.message for text in _TOO_LARGE):
        return PodTooLarge(error.message)
    if error.code != HTTPStatus.UNPROCESSABLE_ENTITY or request.resource != EPHEMERAL_CONTAINERS:
        return None
    if request.container and "may not be changed" in error.message:
        return NameTaken(f"{request.name} already has a debug container {request.container}")
    return Unavailable(f"the API server rejected the debug container:\n  {error.message}")


def _is_not_running(error: ApiError) -> bool:
    """The runtime may notice the end of a container before the kubelet."""
    return error.code == HTTPStatus.INTERNAL_SERVER_ERROR and means(error.message, Says.NOT_RUNNING)


def _read_refused(error: ApiError, request: ApiRequest) -> DshellError:
    """The refusal of a list or watch, or of a workload."""
    if error.code == HTTPStatus.BAD_REQUEST and request.selector:
        return UsageError(f"{request.selector!r} is not a valid label selector: {error.message}")
    if error.code == HTTPStatus.FORBIDDEN:
        return _denied(error, request)
    if error.code == HTTPStatus.NOT_FOUND and not request.reads_many:
        plural, where = request.resource.partition(".")[0], f"-n {quote(request.namespace or '')}"
        return NotFound(
            f'no {request.kind} "{request.name}" in namespace {request.namespace}',
            f"List them with: kubectl get {plural} {where} (another namespace: -n)",
        )
    return error


def _policy(error: ApiError, request: ApiRequest) -> Forbidden:
    if request.resource == EXEC:
        return Forbidden(
            f"an admission policy of the cluster denied exec in {request.name}:\n  {error.message}",
            "A cluster administrator can exempt it.",
        )
    return Forbidden(
        f"an admission policy of the cluster denied the debug container:\n  {error.message}",
        "A cluster administrator can exempt it; other flags may satisfy the policy (--image, --run-as, --profile).",
    )


def _pod_security(error: ApiError, request: ApiRequest) -> Forbidden:
    level, namespace = re.search(r'violates PodSecurity "([a-z]+):', error.message), quote(request.namespace or "")
    return Forbidden(
        f'the namespace\'s Pod Security level "{level[1] if level else "?"}" does not allow the debug container:\n'
        f"  {error.message}",
        "An administrator of the namespace can allow it: "
        f"kubectl label namespace {namespace} pod-security.kubernetes.io/enforce=privileged --overwrite",
    )


def _forbidden(error: ApiError, request: ApiRequest) -> Forbidden:
    if "is terminated" in error.message or "being terminated" in error.message:
        return Forbidden(f"namespace {request.namespace} is being deleted: nothing can be added to it")
    # An upgrade without permission to create is refused without a message.
    if not _NO_VERB.search(error.message) and not error.message.strip().rstrip(":").endswith("forbidden"):
        return Forbidden(f"the API server denied the request:\n  {error.message}")
    return _denied(error, request)


def denied(request: ApiRequest) -> PermissionDenied:
    """A denial by RBAC of a request that was not made."""
    return PermissionDenied("", request.verb, request.resource, request.namespace, *_rights(request, "", copies=True))


def _denied(error: ApiError, request: ApiRequest) -> PermissionDenied:
    """A denial by RBAC: the permission named by the server, else the one requested."""
    user, verb, resource = "", request.verb, request.resource
    if match := _NO_VERB.search(error.message):
        user, verb = one_line(match["user"]), match["verb"]
        resource = ".".join(filter(None, (match["resource"], match["group"])))
    copies = request.verb in ("create", "delete") and request.resource == PODS
    return PermissionDenied(user, verb, resource, request.namespace, *_rights(request, user, copies=copies))


def _rights(request: ApiRequest, user: str, *, copies: bool = False) -> tuple[str, ...]:
    """Commands that grant the permissions needed, ready to paste; for workloads the caller words the advice."""
    namespace = request.namespace
    if request.reads_many and request.resource == PODS:
        return _list_rights(namespace, user)
    if namespace is None or request.kind != "pod":
        return ()
    from kubectl_dshell.domain.permissions import COPY, SESSION

    use = COPY if copies else SESSION
    name = quote(user) if user else "NAME  # yours: kubectl auth whoami"
    return (
        (
            f"Grant it with manifests/rbac/{use.name}.yaml, or:\n"
            + role_command(namespace, use)
            + f"\n  kubectl create rolebinding dshell -n {quote(namespace)} --role=dshell --user={name}"
        ),
    )


def _list_rights(namespace: str | None, user: str) -> tuple[str, ...]:
    kind, scope = ("role", f" -n {quote(namespace)}") if namespace else ("clusterrole", "")
    rights = (
        "Grant it with:\n"
        f"  kubectl create {kind} dshell-ls{scope} --verb=get,list,watch --resource=pods\n"
        f"  kubectl create {kind}binding dshell-ls{scope} --{kind}=dshell-ls --user={quote(user or 'NAME')}"
    )
    return (rights,) if namespace else ("Listing a single namespace may be allowed: -n NAMESPACE", rights)


def role_command(namespace: str, use: Use) -> str:
    """A command that creates the minimal Role for a use of the program, ready to paste."""
    from kubectl_dshell.domain.permissions import role

    made = role("dshell", namespace, use.granted)
    rules = ",\n             ".join(json.dumps(rule) for rule in made["rules"])
    return f"""  kubectl apply -f - <<'ROLE'
  {{"apiVersion": "{made["apiVersion"]}", "kind": "Role",
   "metadata": {json.dumps(made["metadata"])},
   "rules": [{rules}]}}
  ROLE"""


def _not_found(error: ApiError, request: ApiRequest) -> DshellError:
    if request.resource == EPHEMERAL_CONTAINERS and "not found" not in error.message.replace(
        "the server could not find the requested resource", ""
    ):
        return Unavailable(
            "this cluster does not support ephemeral containers (Kubernetes 1.25 or newer is required)",
            "Check the version: kubectl version",
        )
    return PodNotFound(f'no pod "{request.name}" in namespace {request.namespace}')
