"""What of a container that does not run a debug container beside it can have."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.access.identity import UNKNOWN, Identity, Source
from kubectl_dshell.domain.access.target import Target
from kubectl_dshell.domain.access.volumes import listed, places, refuse_unknown_user, volumes_of
from kubectl_dshell.domain.text.invocation import PLAIN
from kubectl_dshell.errors import Forbidden, NotFound, Unavailable
from tests.pods import Json, make_pod

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


def mounting(*mounts: Json, **spec: Any) -> Target:
    pod = make_pod(spec={"containers": [{"name": "app", "volumeMounts": list(mounts), **spec}]})
    return Target(pod, pod.containers[0])


def at(path: str, **fields: Any) -> Json:
    return {"name": "data", "mountPath": path, **fields}


def test_what_an_ephemeral_container_may_have_is_taken_over_unchanged() -> None:
    target = mounting(
        at("/data", readOnly=True, recursiveReadOnly="Enabled"),
        at("/etc/one", subPath="one"),
        at("/back", mountPropagation="Bidirectional"),
        volumeDevices=[{"name": "disk", "devicePath": "/dev/xvda"}],
    )

    found = volumes_of(target, PLAIN)

    assert found.mounts == (
        at("/data", readOnly=True, recursiveReadOnly="Enabled"),
        at("/back", mountPropagation="HostToContainer"),
    )
    assert found.left_out == ("/etc/one", "/dev/xvda")


@pytest.mark.parametrize(
    "path",
    [
        *("/", "//", "/bin", "/bin/", "/usr/../bin", "/usr", "/usr/lib", "/lib64", "/proc", "/dev"),
        *("/usr/local", "/usr/local/bin", "/usr/sbin", "/etc", "/lib/x86_64-linux-gnu", "/usr/local/lib"),
    ],
)
def test_a_volume_that_would_hide_the_shell_or_what_it_loads_is_refused(path: str) -> None:
    with pytest.raises(Unavailable, match="which would hide the shell of the debug image") as refusal:
        volumes_of(mounting(at("/data"), at(path)), PLAIN)

    assert "kubectl dshell web --container app -n shop --copy" in refusal.value.advice[0]


@pytest.mark.parametrize(
    "path",
    [
        "/bin/app",
        "/usr/local/share",
        "/usr/share",
        "/dev/shm",
        "/etc/app",
        "/lib/modules",
        "/usr/lib/jvm",
        "/sys",
        "/library",
    ],
)
def test_one_beside_the_shell_is_not(path: str) -> None:
    assert volumes_of(mounting(at(path)), PLAIN).mounts == (at(path),)


@pytest.mark.parametrize(
    ("mounts", "why"),
    [
        ([], "mounts no volume"),
        ([at("/a", subPath="a")], r"mounts nothing that an ephemeral container may have: /a \(subPath or device\)"),
    ],
)
def test_nothing_to_mount_is_refused(mounts: list[Json], why: str) -> None:
    with pytest.raises(NotFound, match=f"container app of web {why}") as refusal:
        volumes_of(mounting(*mounts), PLAIN)

    assert refusal.value.advice[-1].endswith(" --copy")


def test_a_user_that_nothing_tells_has_to_be_named() -> None:
    target = mounting(at("/data"))

    with pytest.raises(Forbidden) as refusal:
        refuse_unknown_user(target, UNKNOWN, "kubectl dshell web --volumes")

    assert refusal.value.advice == ("Name the user: kubectl dshell web --volumes --run-as UID[:GID]",)
    refuse_unknown_user(target, Identity(65532, 65532, Source.STATUS), "")


def test_a_session_starts_in_a_directory_of_the_app() -> None:
    volumes = [
        {"name": "file", "hostPath": {"path": "/x", "type": "File"}},
        {"name": "folder", "hostPath": {"path": "/y", "type": "Directory"}},
        {"name": "token", "projected": {}},
    ]
    pod = make_pod(spec={"volumes": volumes})
    mounts = [
        {"name": "token", "mountPath": TOKEN},
        {"name": "file", "mountPath": "/file"},
        {"name": "folder", "mountPath": "/folder/"},
        {"name": "unknown", "mountPath": "/other"},
    ]

    assert places(pod, mounts) == ("/folder", "/other", TOKEN, "/file")


@pytest.mark.parametrize("path", ["/a\n\nb", "/a:b", "/\x1b[2J"])
def test_a_path_that_could_be_more_than_one_is_no_place_to_start(path: str) -> None:
    assert places(make_pod(), [at(path), at("/data")]) == ("/data",)
    assert places(make_pod(), [at(path)]) == ("/",)


def test_many_paths_are_cut_to_some() -> None:
    assert listed([f"/{n}" for n in range(6)]) == "/0, /1, /2, /3, /4, ..."
    assert listed(["/a\n"]) == "/a"
