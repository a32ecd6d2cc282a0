"""An app and a debug image that mean to harm: no copy brings in, or puts in, what nobody asked for."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.files.archives import folder, link, member, pax, source

from .pods import DEBUG_HOSTILE, Pod
from .test_cp import MEGABYTE, copied, copy, names, run

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from .conftest import MakePod
    from .program import Dshell, Result

KEEP = "--keep=2m"


def bare(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """An archive as tar writes it."""
    return source("folder", "", "", *members).removeprefix(b"source\0folder\0\0\0")


FORGED = source("file", ".bashrc", "/tmp/app.log", member("./app.log", b"evil"))
BELOW_A_LINK = (
    folder("./"),
    folder("./etc"),
    member("./etc/payload", b"evil"),
    link("./a", "."),
    link("./a/x", ".."),
    link("./x/.bash_login", "etc/payload"),
)
CONTENTS = source("folder", ".", "/tmp/d", folder("./"), member("./.bashrc", b"evil"))
LINKS, BROKEN = "its path leads through a link", "the archive is corrupt"
# Any process of the app's user may do it: finds the copy's shell, holds it, and speaks in its place.
SPEAK = """
cd tmp
until [ -e stop ]; do
	for file in $(grep -ls 'exit 6[5]' /proc/[0-9]*/cmdline); do
		pid=${file#/proc/} pid=${pid%/*}
		kill -STOP $pid || continue
		cat forged >/proc/$pid/fd/1 && said=1
		kill -CONT $pid
		[ -z "$said" ] || exit 0
	done
done 2>/dev/null
exit 1
"""
# For as long as the copy lasts.
PLANT = r"""
cd {where}; touch /proc/self/cwd/acting
until [ -e stop ]; do
	for one in .dshell-*; do
		[ -d $one ] || continue
		printf '4755\0../../app/server\0' >$one/modes
		printf '4755\0../app/server\0' >$one-modes
		mv $one away && ln -s ../../etc $one
	done
	mv tree old && ln -s ../../etc tree && mv tree new && mv old tree
done 2>/dev/null
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A home directory."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / ".bashrc").write_text("mine")
    return folder


@pytest.fixture
def pod(make_pod: MakePod) -> Iterator[Pod]:
    made = make_pod()
    yield made
    made.delete()


def put(dshell: Dshell, pod: Pod, content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    copied(dshell, tmp_path / name, f"{pod.name}:/tmp", "-y")


def as_the_app(dshell: Dshell, pod: Pod, script: str) -> subprocess.Popen[bytes]:
    return dshell.start(pod.name, "-n", pod.namespace, KEEP, "--new", "--", "sh", "-c", script)


def test_an_app_that_speaks_in_the_copy_s_place_cannot_choose_a_name(
    pod: Pod, dshell: Dshell, here: Path, tmp_path: Path
) -> None:
    put(dshell, pod, FORGED, "forged", tmp_path)
    run(dshell, pod, "cd tmp; echo log >app.log; mkdir many; cd many; for i in $(seq 3000); do : >f$i; done")

    def attempt() -> Result:
        with as_the_app(dshell, pod, SPEAK) as attacker:
            done = copy(dshell, f"{pod.name}:/tmp/many/f*", f"{pod.name}:/tmp/app.log", here, "--skip-failed")
            run(dshell, pod, "touch tmp/stop")
            spoke = attacker.wait(30) == 0
        run(dshell, pod, "rm tmp/stop")
        assert (here / ".bashrc").read_text() == "mine"
        assert done.code in ((77, 69) if spoke else (0, 77, 69)), done
        return done

    done = next(done for done in (attempt() for _ in range(5)) if done.code == 77)  # it may speak too late

    assert "received a file that was not requested: '.bashrc'; nothing was copied" in done.stderr
    assert [name for name in os.listdir(here) if not name.startswith("f")] == [".bashrc"]  # noqa: PTH208


# the kubelet writes etc/hosts anew for each container
UNTOUCHED = "ls -lnR etc app | grep -v ' hosts$'; stat -c '%a %u' app/server etc"


@pytest.mark.parametrize(
    ("speaker", "answer", "said"),
    [
        pytest.param("shell", FORGED, (77, "a file that was not requested: '.bashrc'"), id="another name"),
        pytest.param("shell", CONTENTS, (77, "a directory that was not requested: '.'"), id="its contents"),
        pytest.param("shell", source("folder", "d", "/d", *BELOW_A_LINK), (77, LINKS), id="links in links"),
        pytest.param("tar", bare(*BELOW_A_LINK), (77, LINKS), id="links in links, of tar"),
        pytest.param("tar", bare(pax({"mtime": "inf"}), member("x")), (69, BROKEN), id="a broken header"),
        pytest.param("tar", bare(*[pax({"a": "b"})] * 1000), (69, BROKEN), id="a chain of headers"),
        pytest.param("shell", b"sh: not today\n", (69, "the received data is not a file list"), id="no archive"),
    ],
)
def test_a_hostile_debug_image_puts_nothing_where_it_was_not_asked_to(
    pod: Pod, dshell: Dshell, here: Path, tmp_path: Path, speaker: str, answer: bytes, said: tuple[int, str]
) -> None:
    code, why = said
    put(dshell, pod, answer, "answer", tmp_path)
    run(dshell, pod, f"mkdir tmp/d; touch tmp/{speaker}")
    before = names(here.parent)

    whole = copy(dshell, f"{pod.name}:/tmp/d", here, "--image", DEBUG_HOSTILE)

    assert (whole.code, names(here.parent)) == (code, before), whole.stderr
    assert why in whole.stderr

    rest = copy(dshell, f"{pod.name}:/tmp/d", here, "--image", DEBUG_HOSTILE, "--skip-failed")

    assert (here / ".bashrc").read_text() == "mine"
    assert {name for name in names(here.parent) if not name.startswith("here/d")} == set(before)
    assert all(path.resolve().is_relative_to(here) for path in here.rglob("*"))
    assert rest.code == (0 if why == LINKS else code), rest.stderr


@pytest.mark.parametrize("where", ["tmp", "home/nonroot"])
def test_root_obeys_nothing_that_the_app_plants_or_swaps(pod: Pod, dshell: Dshell, tmp_path: Path, where: str) -> None:
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/sub/big").write_bytes(os.urandom(20 * MEGABYTE))
    run(dshell, pod, f"mkdir -p {where}/tree")
    before = run(dshell, pod, UNTOUCHED)

    with as_the_app(dshell, pod, PLANT.format(where=where)) as app:
        run(dshell, pod, f"until [ -e {where}/acting ]; do :; done")
        done = [copy(dshell, tmp_path / "tree", f"{pod.name}:/{where}", "-y", "--profile", "general") for _ in range(3)]
        run(dshell, pod, f"touch {where}/stop")
        app.wait(30)

    assert {one.code for one in done} <= {0, 1, 66, 77}, done
    assert run(dshell, pod, UNTOUCHED) == before
