"""In-cluster configuration, as in client-go's `clientcmd` and `rest.InClusterConfig`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_dshell.kube.kubeconfig.files import Kubeconfig
from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
IN_CLUSTER = "in-cluster"


class ServiceAccount:
    """The service account files in a pod, and the variables with the address of the API server."""

    def __init__(self, environ: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> None:
        """`folder` is where the kubelet mounts token, ca.crt and namespace."""
        self._environ = environ
        self._folder = folder

    @property
    def there(self) -> bool:
        """Whether this process runs in a pod with access to the API server."""
        named = self._environ.get("KUBERNETES_SERVICE_HOST") and self._environ.get("KUBERNETES_SERVICE_PORT")
        return bool(named) and (self._folder / "token").is_file()

    def namespace(self) -> str:
        """$POD_NAMESPACE, else the namespace of the pod; empty outside a pod."""
        if not self.there:
            return ""
        return self._environ.get("POD_NAMESPACE") or self._namespace_file()

    def config(self) -> Kubeconfig:
        """A substitute for a kubeconfig in a pod without one."""
        host, port = self._environ["KUBERNETES_SERVICE_HOST"], self._environ["KUBERNETES_SERVICE_PORT"]
        values: dict[str, tuple[str, dict[str, Any]]] = {
            "clusters": (
                "cluster",
                {
                    "server": f"https://{f'[{host}]' if ':' in host else host}:{port}",
                    "certificate-authority": str(self._folder / "ca.crt"),
                },
            ),
            "users": ("user", {"tokenFile": str(self._folder / "token")}),
            "contexts": ("context", {"cluster": IN_CLUSTER, "user": IN_CLUSTER}),
        }
        sections = {
            section: {IN_CLUSTER: NamedEntry(IN_CLUSTER, value, kind=kind)} for section, (kind, value) in values.items()
        }
        return Kubeconfig((), IN_CLUSTER, sections)

    def _namespace_file(self) -> str:
        try:
            return (self._folder / "namespace").read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""
