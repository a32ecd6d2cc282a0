"""What every test against the cluster stands on."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.waiting import wait_until

from .apiserver import restartable_api_server
from .cluster import Cluster, write_kubeconfig
from .pods import Pod, app, pod_manifest
from .program import Dshell
from .served import KINDS, UNSERVED
from .users import create_user, write_user_kubeconfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .apiserver import ApiServer
    from .cluster import Json

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # pytest-xdist looks for groups in this hook, too
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    others = [item for item in items if _is_of_another_run(item)]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
        if "api_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("api-server"))


_RUNS = {"matrix": "DSHELL_MATRIX", "gvisor": "DSHELL_E2E_GVISOR"}
"""By mark, the variable of the runs that have what its tests need: `make matrix` the images, some nodes a handler."""


def _is_of_another_run(item: pytest.Item) -> bool:
    if any(item.get_closest_marker(mark) and variable not in os.environ for mark, variable in _RUNS.items()):
        return True
    if _module_of(item) not in ("", os.environ.get("DSHELL_E2E_MODULE")):
        return True
    needed = {kind for marker in item.iter_markers("needs_api") for kind in marker.args}
    assert needed <= KINDS.keys(), f"{item.nodeid} needs {needed - KINDS.keys()}"
    return not needed.isdisjoint(os.environ.get(UNSERVED, "").split())


def _module_of(item: pytest.Item) -> str:
    """The security module that it is about, where it is about one: other nodes have nothing that it could show."""
    mark = item.get_closest_marker("nodes")
    return str(mark.kwargs.get("module", "")) if mark else ""


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster that tests/conftest.py has found or started before the first test."""
    audit_log = os.environ.get("DSHELL_E2E_AUDIT_LOG")
    return Cluster(
        kubeconfig=Path(os.environ["DSHELL_E2E_KUBECONFIG"]),
        kubectl_program=os.environ.get("DSHELL_E2E_KUBECTL", "kubectl"),
        audit_log=Path(audit_log) if audit_log else None,
    )


@pytest.fixture(scope="session")
def _restartable(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with restartable_api_server(cluster, tmp_path_factory.mktemp("apiserver")) as server:
        yield server


@pytest.fixture
def api_server(_restartable: ApiServer) -> ApiServer:
    """An API server of the same cluster, which the test may stop and start again; it runs when the test gets it.

    All tests that use it run on one worker, one after the other.
    """
    _restartable.start()
    return _restartable


class MakeNamespace(Protocol):
    def __call__(self, level: str = "") -> str: ...


class MakePod(Protocol):
    def __call__(
        self,
        *containers: Json,
        name: str = "",
        namespace: str = "",
        metadata: Json | None = None,
        wait: bool = True,
        **spec: Any,
    ) -> Pod: ...


class MakeUser(Protocol):
    def __call__(self, name: str, manifest: Path | None, namespace: str = "") -> tuple[str, Path]: ...


@pytest.fixture(scope="session")
def make_namespace(cluster: Cluster) -> Iterator[MakeNamespace]:
    """Create a namespace, with `level` (baseline, restricted) enforced by Pod Security; all go in the end."""
    made: list[str] = []

    def make(level: str = "") -> str:
        name = f"e2e-{secrets.token_hex(4)}"
        labels = {"pod-security.kubernetes.io/enforce": level} if level else {}
        made.append(name)
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        account = ("get", "serviceaccount", "default", "-n", name)  # a pod made before it is refused
        wait_until(lambda: cluster.kubectl(*account, check=False).returncode == 0, 30, f"{name}'s service account")
        return name

    yield make
    for name in made:
        cluster.kubectl("delete", "namespace", name, "--wait=false", check=False)


@pytest.fixture(scope="module")
def namespace(make_namespace: MakeNamespace) -> str:
    """One namespace without a policy for all tests of a module."""
    return make_namespace()


@pytest.fixture
def make_pod(cluster: Cluster, namespace: str) -> Iterator[MakePod]:
    """Create a pod of these containers (default: the app as 65532:65532); `spec` are the pod's own fields.

    Waits until it is Ready unless told otherwise; deleted after the test.
    """
    made: list[Pod] = []
    module_namespace = namespace

    def make(
        *containers: Json,
        name: str = "",
        namespace: str = "",
        metadata: Json | None = None,
        wait: bool = True,
        **spec: Any,
    ) -> Pod:
        pod = Pod(cluster, namespace or module_namespace, name or f"web-{secrets.token_hex(3)}")
        manifest = pod_manifest(pod.name, *(containers or (app(),)), metadata=metadata, **spec)
        made.append(pod)
        pod.create(manifest)
        if wait:
            pod.wait_ready()
        return pod

    yield make
    for pod in made:
        pod.delete()


@pytest.fixture(scope="module")
def shared_pod(cluster: Cluster, namespace: str) -> Pod:
    """The app as 65532:65532, once for all tests of a module that do no more than look at it."""
    pod = Pod(cluster, namespace, "shared")
    cluster.apply(pod_manifest(pod.name, app()), namespace=namespace)
    pod.wait_ready()
    return pod


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests of a module: who works on its shared pod is one person, with one key."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def dshell(cluster: Cluster, namespace: str, home: Path, tmp_path: Path) -> Dshell:
    """The program as the cluster's administrator, in the module's namespace."""
    kubeconfig = tmp_path / "kubeconfig"
    write_kubeconfig(kubeconfig, cluster.connection(), cluster.credentials(), namespace)
    return Dshell(kubeconfig, home)


@pytest.fixture
def make_user(cluster: Cluster, namespace: str, tmp_path: Path) -> MakeUser:
    """Create a user with the roles of `manifest` and nothing else; returns its name and its kubeconfig."""
    module_namespace = namespace

    def make(name: str, manifest: Path | None, namespace: str = "") -> tuple[str, Path]:
        where = namespace or module_namespace
        user = create_user(cluster, where, name, manifest)
        return user, write_user_kubeconfig(tmp_path / f"{name}.kubeconfig", cluster, where, name)

    return make
