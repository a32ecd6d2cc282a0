"""A session in each look-alike of the images that the field runs (hack/images/variants.py), and in its own image.

`make matrix` runs all rows, and writes the table of docs/images.md.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hack.images.variants import VARIANTS

from .pods import DEBUG_BASH_ONLY, DEBUG_BIG, Pod, app, pod_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hack.images.variants import Variant

    from .cluster import Cluster, Json
    from .program import Dshell

LOOK = (
    'echo "$(id -u):$(id -g)"; pwd; tr "\\0" " " <"/proc/$DSHELL_PID/cmdline"; echo; cat app/secret.txt; '
    'grep -s ^ID= etc/os-release "$DSHELL_ROOT/usr/lib/os-release" | sed -n "1s/.*=//p"'
)
ANY_PORT = [{"name": "PORT", "value": "0"}]
KEPT = ("--keep", "60s")


def group(row: Variant) -> str:
    """Rows of a group share a pod, a container each."""
    return row.runtime.archive if row.ordinary else f"{row.runtime.archive}-rest"


def parameter(row: Variant) -> object:
    marks = [pytest.mark.xdist_group(group(row)), *([] if row.ordinary else [pytest.mark.matrix])]
    return pytest.param(row, id=row.name, marks=marks)


def shell_form(row: Variant) -> list[str]:
    """What Docker makes of `ENTRYPOINT words`; with a shell that stays, whether or not it would replace itself."""
    return [row.shell, "-c", f"{' '.join(row.runtime.entrypoint)} || exit"]


def containers(name: str) -> Iterator[Json]:
    """Of the pod of a group: each row's, and one more if it has a shell."""
    for row in VARIANTS:
        if group(row) == name:
            yield app(row.image, name=row.name, env=ANY_PORT)
            if row.shell:
                yield app(row.image, name=f"{row.name}-sh", env=ANY_PORT, command=shell_form(row))


@pytest.fixture(scope="module")
def pods() -> Iterator[dict[str, Pod]]:
    made: dict[str, Pod] = {}
    yield made
    for pod in made.values():
        pod.delete()


@pytest.fixture
def pod(cluster: Cluster, namespace: str, pods: dict[str, Pod], row: Variant) -> Pod:
    name = group(row)
    if name not in pods:
        pods[name] = Pod(cluster, namespace, name)
        cluster.apply(pod_manifest(name, *containers(name)), namespace=namespace)
        pods[name].wait_ready()
    return pods[name]


def looked(row: Variant, command: list[str]) -> list[str]:
    """What LOOK prints in the container of a row whose first process has this command line."""
    release = [row.system.release] if row.system.value else []
    return [row.identity, "/proc/1/root", " ".join([*command, ""]), f"only {row.name} reads this", *release]


def as_root(pod: Pod, row: Variant) -> tuple[str, ...]:
    """The flags to enter a root that nothing but its process claims: the status has no user before Kubernetes 1.33."""
    claimed = row.identity == "0:0" and "user" not in pod.status(row.name)
    return ("--run-as", row.identity) if claimed else ()


@pytest.mark.parametrize("row", [parameter(row) for row in VARIANTS])
def test_row(dshell: Dshell, pod: Pod, row: Variant) -> None:
    root = as_root(pod, row)
    own = dshell(pod.name, "-c", row.name, *KEPT, *root, "--", "sh", "-c", LOOK)
    image = dshell(pod.name, "-c", row.name, "--app-image", "--", *row.runtime.version)

    assert own.stdout.decode().splitlines() == looked(row, list(row.runtime.entrypoint)), own.stderr
    assert (image.code, row.runtime.answer in image.stdout.decode() + image.stderr) == (0, True), image
    if row.shell:
        started = dshell(pod.name, "-c", f"{row.name}-sh", *root, "--", "sh", "-c", LOOK)
        assert started.stdout.decode().splitlines() == looked(row, shell_form(row)), started.stderr
    passed(row)


def passed(row: Variant) -> None:
    """Told to `make matrix`, which makes the table of it."""
    if file := os.environ.get("DSHELL_MATRIX"):
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(json.dumps(row.name) + "\n")


ORDINARY = pytest.mark.xdist_group("matrix")
HAS_SHELL = r"The app's image has a shell: `kubectl exec -it matrix -c {row} -n {namespace} -- sh` would do"


@ORDINARY
@pytest.mark.parametrize(
    "row",
    [row for row in VARIANTS if row.name in {"debian", "static-debug", "static-nonroot"}],
    ids=lambda row: row.name,
)
def test_a_terminal_is_told_once_that_kubectl_exec_would_do(dshell: Dshell, pod: Pod, row: Variant) -> None:
    """If the app's own PATH leads to a shell; who has the debug container already knows it."""
    flags = (pod.name, "-c", row.name, "--name", f"told-{row.name}", *as_root(pod, row))
    notice = re.compile(HAS_SHELL.format(row=row.name, namespace=pod.namespace).encode())
    outputs = []
    for _ in range(2):
        with dshell.terminal(*flags, *KEPT, columns=200) as session:
            session.expect(rf"{pod.name}/{row.name}:/ \$ ")
            outputs.append(session.output)
            session.send("exit\n")
            assert session.wait() == 0
    script = dshell(*flags, "--", "true")

    assert [bool(notice.search(output)) for output in outputs] == [bool(row.shell), False]
    assert (script.code, script.stderr) == (0, "")


@ORDINARY
@pytest.mark.parametrize("row", [row for row in VARIANTS if row.name == "static-nonroot"], ids=lambda row: row.name)
def test_an_image_with_bash_alone_is_enough(dshell: Dshell, pod: Pod, row: Variant) -> None:
    flags = (pod.name, "-c", row.name, "--image", DEBUG_BASH_ONLY, "--name", "bash", *KEPT)

    ran = dshell(*flags, "--", "bash", "-c", 'echo "$UID $(<app/secret.txt)"')
    image = dshell(*flags, "--app-image", "--name", "image", "--", *row.runtime.version)
    with dshell.terminal(*flags, columns=200) as session:
        session.expect(rf"{pod.name}/{row.name}:/ \$ ")
        session.send("cd etc; echo os*\n")
        session.expect("\nos-release\r\n")
        session.send("exit 3\n")
        assert session.wait() == 3

    assert (ran.code, ran.stdout, ran.stderr) == (0, f"65532 only {row.name} reads this\n".encode(), "")
    assert image.code == 69
    assert "cannot be started from another container, as --app-image does" in image.stderr


@pytest.mark.matrix
@pytest.mark.xdist_group("matrix")
@pytest.mark.parametrize("row", [row for row in VARIANTS if row.name == "static-nonroot"], ids=lambda row: row.name)
def test_a_big_debug_image_that_the_node_has_starts_like_any_other(dshell: Dshell, pod: Pod, row: Variant) -> None:
    ran = dshell(pod.name, "-c", row.name, "--image", DEBUG_BIG, "--", "cat", "app/secret.txt")

    assert (ran.code, ran.stdout, ran.stderr) == (0, f"only {row.name} reads this\n".encode(), "")
