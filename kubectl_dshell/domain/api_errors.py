"""What the API server's refusals mean to the person who typed the command, and what to change."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from shlex import quote

from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import ApiError, BadConfig, DshellError, Forbidden, NotAnApiServer, NotFound, Unavailable

_EXEC = "pods/exec"
_WEBHOOK_DOWN = re.compile(r'failed calling webhook "(?P<name>[^"]*)"')
_NO_VERB = re.compile(r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)"')


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What was asked of the API server: an RBAC verb on a resource, in a namespace, about a pod."""

    verb: str
    resource: str
    namespace: str
    pod: str


def translate_api_error(error: ApiError, request: ApiRequest) -> DshellError:
    """The refusal in the user's terms; `error` itself where there is nothing to add."""
    if isinstance(error, NotAnApiServer):
        return error
    if error.code == 401:
        return BadConfig("the cluster rejected the credentials (expired?)", "Check them: kubectl auth whoami")
    if "violates PodSecurity" in error.message:
        return _pod_security(error, request)
    if webhook := _WEBHOOK_DOWN.search(error.message):
        return Unavailable(
            f'the admission webhook "{webhook["name"]}" of the cluster does not work, so nothing passes it:\n'
            f"  {error.message}",
            "Whoever runs the cluster has to repair or remove it: "
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
        )
    if "ValidatingAdmissionPolicy" in error.message or "admission webhook" in error.message:
        return _policy(error, request)
    if error.code == 403:
        return _forbidden(error, request)
    if error.code == 404:
        return _not_found(error, request)
    if "static pods do not support ephemeral containers" in error.message:
        return NotFound(f"{request.pod} is a static pod, and Kubernetes does not allow ephemeral containers in those")
    if error.code == 422:
        return Unavailable(f"the API server does not accept the debug container:\n  {error.message}")
    return error


def _policy(error: ApiError, request: ApiRequest) -> Forbidden:
    if request.resource == _EXEC:
        return Forbidden(
            f"an admission policy of the cluster does not allow exec in {request.pod}:\n  {error.message}",
            "Whoever runs the cluster can exempt it.",
        )
    return Forbidden(
        f"an admission policy of the cluster does not allow it:\n  {error.message}",
        "Nothing was added to the pod. Whoever runs the cluster can exempt it; other flags may satisfy the policy "
        "(--image, --run-as, --profile).",
    )


def _pod_security(error: ApiError, request: ApiRequest) -> Forbidden:
    level = re.search(r'violates PodSecurity "([a-z]+):', error.message)
    return Forbidden(
        f'the namespace\'s Pod Security level "{level[1] if level else "?"}" does not allow it:\n  {error.message}',
        "Nothing was added to the pod. Whoever runs the namespace can allow it: "
        f"kubectl label namespace {quote(request.namespace)} pod-security.kubernetes.io/enforce=privileged --overwrite",
    )


def _forbidden(error: ApiError, request: ApiRequest) -> Forbidden:
    match = _NO_VERB.search(error.message)
    user = one_line(match["user"]) if match else ""  # an upgrade without the right to create is refused without a word
    verb, resource = (match["verb"], match["resource"]) if match else (request.verb, request.resource)
    if "is terminated" in error.message or "being terminated" in error.message:
        return Forbidden(f"namespace {request.namespace} is being deleted: nothing can be added to it")
    if not match and not error.message.strip().rstrip(":").endswith("forbidden"):
        return Forbidden(f"the API server forbids it:\n  {error.message}")
    name = quote(user) if user else "NAME  # yours: kubectl auth whoami"
    return Forbidden(
        f"{user or 'the current user'} may not {verb} {resource} in namespace {request.namespace}",
        "A role that suffices is manifests/rbac/session.yaml, or:\n"
        + role_command(request.namespace)
        + f"\n  kubectl create rolebinding dshell -n {quote(request.namespace)} --role=dshell --user={name}",
    )


def list_refused(error: ApiError, verb: str, namespace: str | None) -> Forbidden:
    """A 403 to listing or watching pods; a namespace of None is all of them."""
    match = _NO_VERB.search(error.message)
    user, verb = (one_line(match["user"]), match["verb"]) if match else ("the current user", verb)
    kind, scope = ("role", f" -n {quote(namespace)}") if namespace else ("clusterrole", "")
    where = f"in namespace {namespace}" if namespace else "in all namespaces (cluster-wide)"
    one = () if namespace else ("One namespace may be allowed: kubectl dshell ls -n NAMESPACE",)
    return Forbidden(
        f"{user} may not {verb} pods {where}",
        *one,
        "Rights that suffice:\n"
        f"  kubectl create {kind} dshell-ls{scope} --verb=get,list,watch --resource=pods\n"
        f"  kubectl create {kind}binding dshell-ls{scope} --{kind}=dshell-ls --user={quote(user) if match else 'NAME'}",
    )


def role_command(namespace: str) -> str:
    """The least Role of one session, as something to paste."""
    return f"""  kubectl apply -f - <<'ROLE'
  {{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
   "metadata": {{"name": "dshell", "namespace": {json.dumps(namespace)}}},
   "rules": [{{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "watch"]}},
             {{"apiGroups": [""], "resources": ["pods/ephemeralcontainers"], "verbs": ["patch"]}},
             {{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get", "create"]}}]}}
  ROLE"""


def _not_found(error: ApiError, request: ApiRequest) -> DshellError:
    if request.resource == "pods/ephemeralcontainers" and "not found" not in error.message.replace(
        "the server could not find the requested resource", ""
    ):
        return Unavailable(
            "this cluster has no ephemeral containers (Kubernetes 1.25 and newer have them)",
            "Its version: kubectl version",
        )
    return NotFound(f'no pod "{request.pod}" in namespace {request.namespace}')
