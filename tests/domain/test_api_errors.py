"""Every refusal of the API server, as measured, in the user's terms."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_dshell.domain.api_errors import ApiRequest, translate_api_error
from kubectl_dshell.errors import ApiError, ExitStatus, NotAnApiServer
from kubectl_dshell.output.failure import format_failure

PATCH = ApiRequest("patch", "pods/ephemeralcontainers", "shop", "web")
EXEC = ApiRequest("create", "pods/exec", "shop", "web")
GET = ApiRequest("get", "pods", "shop", "web")


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
        pytest.param(GET, 401, "Unauthorized", ExitStatus.CONFIG, id="expired"),
        pytest.param(GET, 500, "etcdserver: leader changed", ExitStatus.UNAVAILABLE, id="server-error-verbatim"),
    ],
)  # fmt: skip
def test_refusals_read(
    request_: ApiRequest, code: int, message: str, status: ExitStatus, snapshot: SnapshotAssertion
) -> None:
    error = translate_api_error(ApiError(code, "", message), request_)

    assert error.status is status
    assert format_failure(error) == snapshot


def test_what_is_no_answer_of_kubernetes_is_not_explained_as_one() -> None:
    page = NotAnApiServer(0, "NotAnApiServer", "https://x answers 403 Forbidden and a web page")

    assert [translate_api_error(page, request) for request in (GET, PATCH, EXEC)] == [page] * 3
    assert page.status is ExitStatus.UNAVAILABLE
