"""A pod for an image alone: there is no pod that it is a copy of, but one may say where and as whom it runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.pod import Container, Pod
from kubectl_dshell.domain.pod_copy.identity import copied_security

if TYPE_CHECKING:
    from kubectl_dshell.domain.access.target import Target
    from kubectl_dshell.domain.pod.pod import Json

_LIKE = (
    "hostUsers",
    "imagePullSecrets",
    "os",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "tolerations",
)
_NAME = "image"


def image_alone(namespace: str, image: str, like: Target | None, run_as: tuple[int, int | None] | None) -> Pod:
    """A pod, to be copied, with one container of `image`: like that of `like`, but without volumes and variables.

    Without `like` the user is the image's, with the fewest privileges; Pod Security `restricted` then needs `run_as`.
    """
    security = copied_security(like.pod, like.container, run_as) if like else _least(run_as)
    pod = like.pod if like else None
    spec = {key: pod.spec[key] for key in _LIKE if pod.spec.get(key) is not None} if pod else {}
    container = Container(_NAME, {"name": _NAME, "image": image, "securityContext": security})
    return Pod(
        name=name_of(image),
        namespace=pod.namespace if pod else namespace,
        uid="",
        resource_version="",
        phase="",
        node=pod.node if pod else "",
        spec=spec,
        annotations={},
        conditions=(),
        containers=(container,),
        init=(),
        ephemeral=(),
        deleting=False,
    )


def name_of(image: str) -> str:
    """The last part of the image's name, as a name that a pod may have."""
    last = re.sub(r"[@:].*", "", image.rpartition("/")[2].lower(), flags=re.DOTALL)
    return re.sub(r"[^a-z0-9]+", "-", last, flags=re.ASCII).strip("-") or _NAME


def _least(run_as: tuple[int, int | None] | None) -> Json:
    uid, gid = run_as or (None, None)
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
        **({"runAsUser": uid, "runAsNonRoot": True} if uid else {"runAsUser": 0} if uid == 0 else {}),
        **({"runAsGroup": gid} if gid is not None else {}),
    }
