"""Every refusal of the API server, as measured, in the user's terms."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_dshell.errors import (
    ApiError,
    ContainerNotRunning,
    DshellError,
    ExitStatus,
    NameTaken,
    NotAnApiServer,
    PermissionDenied,
    PodNotFound,
    PodTooLarge,
)
from kubectl_dshell.kube.refusals import ApiRequest, translate_api_error, translated
from kubectl_dshell.output.failure import format_failure
from tests.domain.runtime.recorded import GONE, Line, ids

PATCH = ApiRequest("patch", "pods/ephemeralcontainers", "shop", "web", container="dshell-x")
EXEC = ApiRequest("create", "pods/exec", "shop", "web")
GET = ApiRequest("get", "pods", "shop", "web")
LIST = ApiRequest("list", "pods", "shop", selector="a b")
LIST_ALL = ApiRequest("watch", "pods", None)
DEPLOYMENT = ApiRequest("get", "deployments.apps", "shop", "web", "deployment")
JOBS = ApiRequest("list", "jobs.batch", "shop", kind="job")


@pytest.mark.parametrize(
    ("request_", "code", "message", "status"),
    [
        pytest.param(PATCH, 403, 'pods "web" is forbidden: User "jane" cannot patch resource "pods/ephemeralcontainers" in API group "" in the namespace "shop"', ExitStatus.FORBIDDEN, id="rbac-patch"),
        pytest.param(EXEC, 403, 'pods "web" is forbidden: ', ExitStatus.FORBIDDEN, id="rbac-exec-create-has-no-words"),
        pytest.param(EXEC, 403, 'pods "web" is forbidden: User "jane" cannot get resource "pods/exec" in API group "" in the namespace "shop"', ExitStatus.FORBIDDEN, id="rbac-exec-get"),
        pytest.param(PATCH, 403, 'pods "web" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "dshell-4kq7z" must not include "SYS_PTRACE" in securityContext.capabilities.add)', ExitStatus.FORBIDDEN, id="pod-security"),
        pytest.param(PATCH, 422, "pods \"web\" is forbidden: ValidatingAdmissionPolicy 'no-debug' with binding 'b' denied request: not here", ExitStatus.FORBIDDEN, id="admission-policy"),
        pytest.param(PATCH, 400, 'admission webhook "x.example.com" denied the request: no', ExitStatus.FORBIDDEN, id="webhook"),
        pytest.param(EXEC, 422, "pods \"web\" is forbidden: ValidatingAdmissionPolicy 'no-exec' with binding 'b' denied request: not here", ExitStatus.FORBIDDEN, id="admission-policy-exec"),
        pytest.param(PATCH, 500, 'Internal error occurred: failed calling webhook "x.example.com": failed to call webhook: Post "https://x/": connect: connection refused', ExitStatus.UNAVAILABLE, id="webhook-down"),
        pytest.param(EXEC, 500, 'Internal error occurred: failed calling webhook "x.example.com": failed to call webhook: Post "https://x/": connect: connection refused', ExitStatus.UNAVAILABLE, id="webhook-down-exec"),
        pytest.param(PATCH, 403, 'pods "web" is forbidden: unable to create new content in namespace shop because it is being terminated', ExitStatus.FORBIDDEN, id="namespace-terminating"),
        pytest.param(PATCH, 422, 'Pod "web" is invalid: []: Forbidden: static pods do not support ephemeral containers', ExitStatus.NOT_FOUND, id="static-pod"),
        pytest.param(PATCH, 422, 'Pod "web" is invalid: spec.ephemeralContainers[0].image: Required value', ExitStatus.UNAVAILABLE, id="invalid"),
        pytest.param(PATCH, 404, "the server could not find the requested resource", ExitStatus.UNAVAILABLE, id="no-ephemeral-containers"),
        pytest.param(PATCH, 404, 'pods "web" not found', ExitStatus.NOT_FOUND, id="pod-gone"),
        pytest.param(GET, 404, 'pods "web" not found', ExitStatus.NOT_FOUND, id="no-pod"),
        pytest.param(PATCH, 422, 'Pod "web" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "dshell-x" may not be changed', ExitStatus.UNAVAILABLE, id="name-taken"),
        pytest.param(EXEC, 500, 'unable to upgrade connection: container not found ("dshell-x")', ExitStatus.UNAVAILABLE, id="not-running"),
        pytest.param(LIST, 403, 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "shop"', ExitStatus.FORBIDDEN, id="rbac-list"),
        pytest.param(LIST_ALL, 403, "forbidden by somebody else", ExitStatus.FORBIDDEN, id="rbac-watch-in-all-namespaces"),
        pytest.param(LIST, 400, "unable to parse requirement: found 'b', expected: ',' or 'end of string'", ExitStatus.USAGE, id="selector"),
        pytest.param(LIST, 500, "etcdserver: leader changed", ExitStatus.UNAVAILABLE, id="list-server-error-verbatim"),
        pytest.param(DEPLOYMENT, 403, 'deployments.apps "web" is forbidden: User "jane" cannot get resource "deployments" in API group "apps" in the namespace "shop"', ExitStatus.FORBIDDEN, id="rbac-workload"),
        pytest.param(DEPLOYMENT, 404, 'deployments.apps "web" not found', ExitStatus.NOT_FOUND, id="no-workload"),
        pytest.param(JOBS, 403, 'jobs.batch is forbidden: User "jane" cannot list resource "jobs" in API group "batch" in the namespace "shop"', ExitStatus.FORBIDDEN, id="rbac-jobs"),
        pytest.param(GET, 500, "etcdserver: leader changed", ExitStatus.UNAVAILABLE, id="server-error-verbatim"),
    ],
)  # fmt: skip
def test_refusals_read(
    request_: ApiRequest, code: int, message: str, status: ExitStatus, snapshot: SnapshotAssertion
) -> None:
    error = translate_api_error(ApiError(code, "", message), request_)

    assert error.status is status
    assert format_failure(error) == snapshot


@pytest.mark.parametrize("line", GONE, ids=ids(GONE))
def test_who_ended_a_moment_ago_is_not_running_whoever_says_it(line: Line) -> None:
    """The status may arrive as the refusal of an exec, or at its end: `ContainerNotRunning` is of the first kind."""
    error = translate_api_error(ApiError(500, "", line.text), EXEC)

    assert type(error) is ContainerNotRunning
    assert error.message == line.short
    assert type(translate_api_error(ApiError(400, "", line.text), EXEC)) is ApiError


@pytest.mark.parametrize(
    ("request_", "code", "message", "kind"),
    [
        pytest.param(GET, 404, 'pods "web" not found', PodNotFound, id="get"),
        pytest.param(EXEC, 404, 'pods "web" not found', PodNotFound, id="exec"),
        pytest.param(EXEC, 500, 'container not found ("dshell-x")', ContainerNotRunning, id="the kubelet"),
        pytest.param(EXEC, 500, "container is in CONTAINER_EXITED state", ContainerNotRunning, id="containerd"),
        pytest.param(EXEC, 500, "container is not created or running", ContainerNotRunning, id="CRI-O"),
        pytest.param(GET, 500, "container not found", ApiError, id="the same words about something else"),
        pytest.param(PATCH, 422, "may not be changed", NameTaken, id="a name"),
        pytest.param(PATCH, 500, "etcdserver: request is too large", PodTooLarge, id="etcd"),
        pytest.param(
            PATCH,
            500,
            "rpc error: code = ResourceExhausted desc = trying to send message larger than max (4072876 vs. 2097152)",
            PodTooLarge,
            id="the API server's client of etcd",
        ),
        pytest.param(EXEC, 500, "etcdserver: request is too large", ApiError, id="the same about something else"),
        pytest.param(LIST_ALL, 403, "no", PermissionDenied, id="a list"),
    ],
)
def test_what_a_command_acts_on_has_a_type(
    request_: ApiRequest, code: int, message: str, kind: type[DshellError]
) -> None:
    answer = ApiError(code, "", message)

    with pytest.raises(kind) as caught, translated(request_):
        raise answer

    assert type(caught.value) is kind
    assert answer in (caught.value, caught.value.__cause__)


def test_what_is_no_answer_of_kubernetes_is_not_explained_as_one() -> None:
    page = NotAnApiServer(0, "NotAnApiServer", "https://x returned 403 Forbidden with a web page")

    assert [translate_api_error(page, request) for request in (GET, PATCH, EXEC)] == [page] * 3
    assert page.status is ExitStatus.UNAVAILABLE
