"""Files out of an app that has no tar, and into it: all of them as they were, or nothing."""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
import stat
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .audit import requests_of
from .pods import DEBUG_BASH_ONLY, RESTRICTED, STATIC, Pod, app
from .processes import app_state
from .tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cluster import Cluster
    from .conftest import MakeNamespace, MakePod, MakeUser
    from .program import Dshell, Result

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
MEGABYTE = 1 << 20
KEEP = "--keep=2m"  # one debug container for the steps of a test
ODD = "-rf $(id) 'a' \"b\" \\ *?[z]\nü"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def run(dshell: Dshell, pod: Pod, script: str) -> str:
    """A script in the app's root."""
    done = dshell(pod.name, "-n", pod.namespace, KEEP, "--", "sh", "-c", script)
    assert done.code == 0, done.stderr
    return done.stdout.decode()


def copy(dshell: Dshell, *words: str | Path, timeout: float = 120) -> Result:
    return dshell("cp", "-q", KEEP, *map(str, words), timeout=timeout)


def copied(dshell: Dshell, *words: str | Path, timeout: float = 120) -> None:
    done = copy(dshell, *words, timeout=timeout)
    assert (done.code, done.stdout, done.stderr) == (0, b"", "")


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def fingerprint(top: Path) -> dict[str, tuple[object, ...]]:
    """All that a copy keeps, by name."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [top, *top.rglob("*")]:
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(status.st_mode) else ""
        target = str(path.readlink()) if path.is_symlink() else ""
        mode = 0 if path.is_symlink() else status.st_mode
        found[str(path.relative_to(top))] = (mode, int(status.st_mtime), content, target)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    for folder in ("sub/deep", "empty", ODD, "shut"):
        (top / folder).mkdir(parents=True)
    for number, name in enumerate(["plain", "sub/script", f"{ODD}/{ODD}", "shut/in", ".hidden"]):
        (top / name).write_bytes(os.urandom(1000 * number + 3))
        os.utime(top / name, (1_500_000_000 + number,) * 2)
    (top / "none").touch(0o640)
    (top / "big").write_bytes(os.urandom(3 * MEGABYTE + 1))
    (top / "sub/script").chmod(0o755)
    (top / "plain").chmod(0o666)
    for name, target in {"link": "sub/script", "sub/up": "../plain", "broken": "nowhere"}.items():
        (top / name).symlink_to(target)
    (top / "shut").chmod(0o555)
    os.utime(top / "empty", (1_400_000_000,) * 2)
    return top


@pytest.mark.nodes(quick=True)
def test_a_tree_is_the_same_there_and_back_and_so_is_the_app(
    make_pod: MakePod, dshell: Dshell, tree: Path, here: Path
) -> None:
    pod = make_pod()
    before = app_state(pod)

    copied(dshell, tree, f"{pod.name}:/tmp", "-y", "--keep=3s")
    there = run(dshell, pod, "cd tmp/tree; find . -type f -exec sh -c 'for file; do sha256sum <\"$file\"; done' _ {} +")
    kept = run(dshell, pod, "ls -A tmp; stat -c %u:%g tmp/tree/plain")
    copied(dshell, f"{pod.name}:/tmp/tree", here, "--keep=0s")

    ours = [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in tree.rglob("*") if stat.S_ISREG(path.lstat().st_mode)
    ]
    assert sorted(line.split()[0] for line in there.splitlines()) == sorted(ours)
    assert fingerprint(here / "tree") == fingerprint(tree)
    assert kept == "tree\n65532:65532\n"
    assert app_state(pod) == before


def test_a_tree_is_merged_into_one_that_is_there(shared_pod: Pod, dshell: Dshell, tree: Path, here: Path) -> None:
    pod = shared_pod
    run(dshell, pod, "mkdir -p tmp/m/tree/sub; echo old >tmp/m/tree/sub/script; echo old >tmp/m/tree/sub/old")

    copied(dshell, tree, f"{pod.namespace}/{pod.name}:/tmp/m", "-y")
    (here / "tree/sub").mkdir(parents=True)
    (here / "tree/sub/mine").write_text("mine")
    copied(dshell, f"{pod.name}:tmp/m/tree", here)

    assert (here / "tree/sub/script").read_bytes() == (tree / "sub/script").read_bytes()
    assert (here / "tree/sub/old").read_text() == "old\n"
    assert set(names(here / "tree")) == {*names(tree), "sub/old", "sub/mine"}


def test_names_patterns_and_links_are_the_app_s(shared_pod: Pod, dshell: Dshell, here: Path) -> None:
    run(dshell, shared_pod, "mkdir -p tmp/p; cd tmp/p; for f in a.log b.log .c.log '-d e.log'; do echo $f >./$f; done")
    run(dshell, shared_pod, "ln -sf /etc/os-release tmp/p/alias; ln -sfn /tmp/p tmp/way; ln -sf /bin/sh tmp/p/tool")

    copied(dshell, f"{shared_pod.name}:/tmp/way/*.log", f"{shared_pod.name}:/tmp/p/alias", here)
    copied(dshell, f"{shared_pod.name}:/etc/app.yaml", here / "renamed")

    assert names(here) == ["-d e.log", "a.log", "alias", "b.log", "renamed"]
    assert "distroless look-alike" in (here / "alias").read_text()  # the debug image has no such file
    assert (here / "renamed").read_text() == "greeting: hello\n"
    missing = copy(dshell, f"{shared_pod.name}:/tmp/p/tool", here)
    assert (missing.code, "No such file" in missing.stderr) == (66, True)


def test_what_is_in_a_directory_is_copied_as_cp_does(shared_pod: Pod, dshell: Dshell, here: Path) -> None:
    run(
        dshell,
        shared_pod,
        "cd tmp; mkdir -p c/d/sub c/e; echo a >c/d/a; echo b >c/d/sub/b; echo h >c/e/.h; echo c >c/file",
    )
    (here / "sub").mkdir()
    (here / "sub/mine").write_text("mine")

    copied(dshell, f"{shared_pod.name}:/tmp/c/d/.", here)
    copied(dshell, f"{shared_pod.name}:/tmp/c/*/.", here / "new")
    copied(dshell, f"{shared_pod.name}:/tmp/c/e/", here)

    assert names(here) == [
        "a",
        "e",
        "e/.h",
        "new",
        "new/.h",
        "new/a",
        "new/sub",
        "new/sub/b",
        "sub",
        "sub/b",
        "sub/mine",
    ]
    for word in ("file/", "file/."):
        done = copy(dshell, f"{shared_pod.name}:/tmp/c/{word}", here)
        assert (done.code, f"/tmp/c/{word}: Not a directory" in done.stderr) == (66, True)


def test_hundreds_of_names_of_any_bytes_are_one_short_request(
    cluster: Cluster, make_pod: MakePod, make_user: MakeUser, dshell: Dshell, tmp_path: Path, here: Path
) -> None:
    pod = make_pod().name
    user, kubeconfig = make_user("ada", SESSION_ROLE)
    ada = dshell.with_kubeconfig(kubeconfig)
    there = tmp_path / "there"
    there.mkdir()
    every = [f"{number:0200d}" for number in range(300)] + [ODD, "latin-\udce9"]
    for name in every:
        (there / name).write_text(name, errors="surrogateescape")
    assert ada(pod, KEEP, "--", "mkdir", "tmp/names").code == 0

    def execs() -> list[str]:
        """Resources with what was asked of them, of the copies: the others are a command and tethers."""
        asked = (str(request.event["requestURI"]) for request in requests_of(cluster, user))
        return [line for line in asked if "/exec?" in line and "command=cp&" in line]

    copied(ada, *(there / name for name in every), f"{pod}:/tmp/names", "-y")
    copied(ada, KEEP, *(f"{pod}:/tmp/names/{name}" for name in every), here)

    wait_until(lambda: len(execs()) == 2, 20, "both copies in the audit log")
    assert max(map(len, execs())) < 2000
    assert fingerprint(here) | {".": ()} == fingerprint(there) | {".": ()}


def test_an_archive_goes_to_stdout(shared_pod: Pod, dshell: Dshell) -> None:
    done = copy(dshell, f"{shared_pod.name}:/app", f"{shared_pod.name}:/etc/a*.yaml", "-")

    assert (done.code, done.stderr) == (0, "")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        found = {member.name: (member.mode, member.uid) for member in tar}
        secret = tar.extractfile("app/secret.txt")
        assert secret
        assert secret.read() == b"only the app reads this\n"
    assert found["app/secret.txt"] == (0o600, 65532)
    assert set(found) == {"app", "app/server", "app/secret.txt", "app.yaml"}


def test_a_reader_that_has_enough_of_an_archive_ends_it_quietly(shared_pod: Pod, dshell: Dshell) -> None:
    script = '"$@" | head -c 10 >/dev/null; exit ${PIPESTATUS[0]}'

    done = dshell.in_shell(script, "cp", "-q", KEEP, f"{shared_pod.name}:/app", "-", timeout=120)

    assert (done.code, done.stderr) == (141, "")


def peak(process: subprocess.Popen[bytes], timeout: float) -> int:
    """The most bytes of memory it had resident while it ran."""
    most = 0

    def ended() -> bool:
        nonlocal most
        status = Path(f"/proc/{process.pid}/status").read_text()
        found = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        most = max([most, *(int(line.split()[1]) * 1024 for line in found)])
        return process.poll() is not None

    wait_until(ended, timeout, "the copy ends")
    return most


def test_holes_stay_holes_and_memory_stays_small(make_pod: MakePod, dshell: Dshell, here: Path) -> None:
    pod = make_pod(app(STATIC, f"-fill=/tmp/big={30 * MEGABYTE}"))
    pod.wait_log("serving as")
    run(dshell, pod, f"cd tmp; truncate -s {200 * MEGABYTE} sparse; printf end >>sparse")

    with dshell.start("cp", "-q", KEEP, f"{pod.name}:/tmp/sparse", f"{pod.name}:/tmp/big", str(here)) as process:
        memory = peak(process, 120)
        assert process.communicate() == (b"", b"")

    assert process.returncode == 0
    assert memory < 150 * MEGABYTE
    sparse = here / "sparse"
    assert sparse.stat().st_size == 200 * MEGABYTE + 3
    assert sparse.stat().st_blocks * 512 < MEGABYTE
    assert sparse.read_bytes()[-4:] == b"\0end"
    there = run(dshell, pod, "sha256sum tmp/big")
    assert there.split()[0] == hashlib.sha256((here / "big").read_bytes()).hexdigest()


def test_what_could_do_harm_is_refused(shared_pod: Pod, dshell: Dshell, here: Path) -> None:
    make = "cp ../../etc/passwd su; chmod 4755 su; ln -s /etc/passwd out; ln -s ../../etc up; mkfifo pipe; ln -s /tmp/bad/a b"
    run(dshell, shared_pod, f"mkdir tmp/bad; cd tmp/bad; echo a >a; {make}; echo z >z")

    whole = copy(dshell, f"{shared_pod.name}:/tmp/bad", here)
    assert (whole.code, names(here)) == (77, [])
    assert re.match(r"error: cannot copy bad/(su|out|up|pipe): .+; nothing was copied\n", whole.stderr)
    assert "--skip-failed" in whole.stderr

    rest = copy(dshell, f"{shared_pod.name}:/tmp/bad", here, "--skip-failed")
    assert (rest.code, names(here)) == (0, ["bad", "bad/a", "bad/b", "bad/z"])
    assert sorted(re.findall(r"^skipped bad/(\w+): ", rest.stderr, re.MULTILINE)) == ["out", "pipe", "su", "up"]
    assert (here / "bad/b").readlink() == Path("a")


def test_what_cannot_be_read_is_named(shared_pod: Pod, dshell: Dshell, here: Path) -> None:
    pod = shared_pod
    run(dshell, pod, "mkdir tmp/t; echo a >tmp/t/a; echo b >tmp/t/b; chmod 0 tmp/t/a")

    whole = copy(dshell, f"{pod.name}:/tmp/t", here)
    assert (whole.code, names(here)) == (77, [])
    assert "Permission denied" in whole.stderr

    rest = copy(dshell, f"{pod.name}:/tmp/t", here, "--skip-failed")
    assert (rest.code, names(here)) == (0, ["t", "t/b"])
    assert "Permission denied" in rest.stderr


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        pytest.param(["{pod}:/nope", "."], 66, "{pod}:/nope: No such file or directory", id="no such file there"),
        pytest.param(["nope", "{pod}:/tmp", "-y"], 66, "nope: No such file or directory", id="no such file here"),
        pytest.param(["{pod}:/root/x", "/nope/x"], 74, "no such directory: /nope", id="no place here"),
        pytest.param(["/etc/hostname", "{pod}:/nope/x", "-y"], 66, "/nope: No such file", id="no place there"),
        pytest.param(["/etc/hostname", "{pod}:/etc", "-y"], 77, "{pod}:/etc/: Permission denied", id="not the app's"),
        pytest.param(["/etc/hostname", "{pod}:/tmp"], 64, "use -y", id="nobody to ask"),
        pytest.param(["nosuch:/etc/passwd", "."], 66, 'no pod "nosuch"', id="no such pod"),
    ],
)
def test_what_is_wrong_is_said(shared_pod: Pod, dshell: Dshell, words: list[str], code: int, why: str) -> None:
    done = copy(dshell, *(word.format(pod=shared_pod.name) for word in words))

    assert (done.code, done.stdout) == (code, b"")
    assert why.format(pod=shared_pod.name) in done.stderr


def test_a_person_is_asked_before_the_app_is_written_to(shared_pod: Pod, dshell: Dshell, here: Path) -> None:
    (here / "asked").write_text("hello\n")
    words = ("cp", KEEP, str(here / "asked"), f"{shared_pod.name}:/tmp")
    question = rf"Copy 1 file \(6 bytes\) into {shared_pod.name}:/tmp, replacing files of the same name\? \[y/N\]: "

    with dshell.terminal(*words, columns=200) as session:
        session.expect(question)
        session.send("n\n")
        assert session.wait() == 130
    assert run(dshell, shared_pod, "ls tmp | grep -c asked || true") == "0\n"

    with dshell.terminal(*words, columns=200) as session:
        session.expect(question)
        session.send("y\n")
        assert session.wait(60) == 0
    assert run(dshell, shared_pod, "cat tmp/asked") == "hello\n"


def test_a_read_only_root_can_be_read(make_pod: MakePod, dshell: Dshell, here: Path) -> None:
    pod = make_pod(app(securityContext={"readOnlyRootFilesystem": True}))

    copied(dshell, f"{pod.name}:/etc/app.yaml", here)
    done = copy(dshell, here / "app.yaml", f"{pod.name}:/tmp", "-y")

    assert (done.code, done.stderr) == (77, f"error: {pod.name}:/tmp/: Read-only file system\n")


def test_a_full_disk_is_said_and_left_as_it_was(make_pod: MakePod, dshell: Dshell, here: Path) -> None:
    small = {"name": "small", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}
    mounts = [{"name": "small", "mountPath": "/tmp"}]
    pod = make_pod(app(volumeMounts=mounts), volumes=[small], securityContext={"fsGroup": 65532})
    (here / "big").write_bytes(os.urandom(20 * MEGABYTE))

    done = copy(dshell, here / "big", f"{pod.name}:/tmp", "-y")

    assert done.code == 1
    assert "nothing was copied: tar: " in done.stderr
    assert "No space left on device" in done.stderr
    assert run(dshell, pod, "ls -A tmp") == ""


def test_pod_security_restricted_and_the_least_role_suffice(
    make_namespace: MakeNamespace, make_pod: MakePod, make_user: MakeUser, dshell: Dshell, here: Path
) -> None:
    where = make_namespace("restricted")
    pod = make_pod(app(securityContext=RESTRICTED), namespace=where)
    _, kubeconfig = make_user("copier", SESSION_ROLE, where)
    jane = dshell.with_kubeconfig(kubeconfig)

    copied(jane, f"{where}/{pod.name}:/app", here / "app")
    copied(jane, here / "app", f"{where}/{pod.name}:/tmp", "-y")

    assert fingerprint(here / "app")["secret.txt"][2] == hashlib.sha256(b"only the app reads this\n").hexdigest()


def began(folder: Path) -> bool:
    """Whether something of a copy has come down."""
    return any(folder.glob(".*.dshell-*"))


ENDS = [
    pytest.param(lambda process, _: process.send_signal(signal.SIGINT), 130, id="Ctrl-C"),
    pytest.param(lambda process, _: process.kill(), -9, id="kill -9"),
    pytest.param(lambda _, proxy: proxy.refuse(), 76, id="connection cut"),
]


@pytest.mark.parametrize(("end", "code"), ENDS)
def test_a_copy_that_is_interrupted_leaves_what_was_there(
    cluster: Cluster, make_pod: MakePod, dshell: Dshell, tmp_path: Path, here: Path, end: Callable[..., None], code: int
) -> None:
    pod = make_pod()
    run(dshell, pod, "cd tmp; truncate -s 20G big; echo theirs >small")
    (here / "big").write_text("mine")
    (tmp_path / "small").touch()
    os.truncate(tmp_path / "small", 3000 * MEGABYTE)

    with TcpProxy(cluster.address()) as proxy:
        far = proxy.kubeconfig(tmp_path / "far", cluster, cluster.credentials(), pod.namespace)
        client = dshell.with_kubeconfig(far)
        with (
            client.start("cp", KEEP, f"{pod.name}:/tmp/big", str(here)) as out,
            client.start("cp", KEEP, str(tmp_path / "small"), f"{pod.name}:/tmp", "-y") as into,
        ):
            wait_until(lambda: began(here) and ".dshell-" in run(dshell, pod, "ls -A tmp"), 120, "both have begun")
            for process in (out, into):
                end(process, proxy)
            for process in (out, into):
                process.communicate(timeout=60)

    assert (out.returncode, into.returncode) == (code, code)
    assert (here / "big").read_text() == "mine"
    assert names(here) == ["big"] or code == -signal.SIGKILL
    wait_until(lambda: run(dshell, pod, "ls -A tmp; cat tmp/small") == "big\nsmall\ntheirs\n", 120, "no more than that")


def test_a_debug_image_without_tools_is_named_with_the_command_that_copies(
    make_pod: MakePod, dshell: Dshell, tmp_path: Path
) -> None:
    pod = make_pod(app(STATIC))
    new = tmp_path / "new"
    new.write_text("x")
    for words in ((f"{pod.name}:etc/app.yaml", str(tmp_path / "copy")), ("-y", str(new), f"{pod.name}:tmp")):
        done = dshell("cp", "--image", DEBUG_BASH_ONLY, *words)

        said, again = done.stderr.splitlines()[-2:]
        assert done.code == 69
        where = f"error: {pod.name}: nothing was copied: the debug image {DEBUG_BASH_ONLY} has no "
        assert said in {f"{where}tar", f"{where}readlink"}
        assert again.startswith("Copy with an image that has busybox or coreutils and tar: kubectl dshell cp ")
        assert again.endswith(" --image busybox:1.37")
    assert not (tmp_path / "copy").exists()
