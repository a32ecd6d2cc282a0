"""Root copies into an app that means to harm, and that runs as another user: it wins nothing by it."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kubectl_dshell.files.archive_source import ArchiveSource
from kubectl_dshell.remote import copying
from tests.files.test_unpack import nothing
from tests.remote.roots import NOBODY, TEMPORARY, Root, made_root, make, refused


@pytest.fixture
def root(root: Root) -> Root:
    """The app's root with what root has in it; /home is the app's own, /tmp anybody's."""
    for name in ("etc", "bin", "tmp"):
        (root.place / name).mkdir()
    (root.place / "tmp").chmod(0o1777)
    make(root.place / "home")
    (root.place / "etc/passwd").write_text("root")
    (root.place / "bin/app-tool").write_text("#!")
    os.chown(root.place, 0, 0)
    return replace(root, user=0)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "sub").mkdir(parents=True)
    (top / "sub/new").write_text("new")
    return top


def app(script: str, place: Path) -> subprocess.CompletedProcess[str]:
    """What the app does."""
    return subprocess.run(
        ["sh", "-c", script], cwd=place, user=NOBODY, group=NOBODY, capture_output=True, text=True, check=False
    )


def into(root: Root, destination: str, source: Path, script: str = ":", before: str = "") -> tuple[int, str]:
    """Copy, and let the app act when its directory is there and nothing has come yet; exit code and words.

    `before`: instead, at the worst moment there is: right before this line of the script.
    """
    luggage, archive = ArchiveSource([str(source)], refused), io.BytesIO()
    luggage.send(archive, lambda: False, nothing)
    with root.start() as process:
        assert process.stdin
        assert process.stdout
        words = copying.take_in(destination, TEMPORARY, luggage.names, folder=False).decode()
        if before:
            assert words.count(f"\n{before}") == 1
            words = words.replace(f"\n{before}", f"\n(cd {root.place}; PATH=/bin; {script})\n{before}")
        process.stdin.write(words.encode())
        process.stdin.flush()
        if process.stdout.readline() == copying.READY:
            if not before:
                app(script, root.place)
            process.stdin.write(archive.getvalue())
        _, said = process.communicate(timeout=60)
    return process.returncode, said.decode()


def harmed(root: Root) -> list[str]:
    """What is not as root had it."""
    changed = [name for name in ("etc", "bin") if len(list((root.place / name).iterdir())) != 1]
    if (root.place / "etc/passwd").read_text() != "root":
        changed.append("etc/passwd")
    for path in root.place.rglob("*"):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o6000:
            changed.append(str(path))
    return changed


@pytest.mark.parametrize("folder", ["tmp", "home"])
@pytest.mark.parametrize("where", ["{place}/{temporary}/modes", "{place}/{temporary}-modes", "{place}/modes"])
def test_words_that_the_app_writes_are_not_obeyed(root: Root, source: Path, folder: str, where: str) -> None:
    planted = where.format(place=folder, temporary=TEMPORARY)

    code, said = into(root, folder, source, f"printf '4755\\0../../bin/app-tool\\0' >{planted}")

    assert (code, said) == (0, "")
    assert harmed(root) == []
    assert (root.place / folder / "tree/sub/new").read_text() == "new"
    assert not (root.place / folder / TEMPORARY).exists()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(f"mv home/{TEMPORARY} home/away; ln -s ../etc home/{TEMPORARY}", id="a link in its place"),
        pytest.param(
            f"mv home/{TEMPORARY} home/away; mkdir home/{TEMPORARY}; ln -s ../../etc home/{TEMPORARY}/0",
            id="a directory in its place",
        ),
        pytest.param(f"mv home/{TEMPORARY} tmp; ln -s ../etc home/{TEMPORARY}", id="moved elsewhere"),
        pytest.param("mv home gone; ln -s etc home", id="the place itself"),
        pytest.param(f"chmod 777 home/{TEMPORARY}; ln -s /etc home/{TEMPORARY}/0", id="opened"),
        pytest.param("ln -s ../etc home/tree", id="a link in the place of what comes"),
    ],
)
def test_nothing_that_the_app_swaps_leads_elsewhere(root: Root, source: Path, script: str) -> None:
    code, _ = into(root, "home", source, script)

    assert code in (0, copying.INCOMPLETE, copying.NO_FILE)
    assert harmed(root) == []


AWAY = "mv home gone; ln -s etc home"
SWAPPED = f"mv home/{TEMPORARY} home/away; "


@pytest.mark.parametrize(
    ("before", "script", "destination"),
    [
        pytest.param('cd "$into"', AWAY, "home", id="where it goes to"),
        pytest.param("exec 8<", SWAPPED + f"ln -s ../etc home/{TEMPORARY}", "home", id="a link for ours"),
        pytest.param("exec 8<", SWAPPED + f"ln -s ../empty home/{TEMPORARY}", "home", id="a link to another of root's"),
        pytest.param("exec 8<", SWAPPED + f"mkdir -m 777 home/{TEMPORARY}", "home", id="anybody's for ours"),
        pytest.param(
            "exec 8<",
            SWAPPED + f"mkdir -m 700 home/{TEMPORARY}; chown {NOBODY} home/{TEMPORARY}",
            "home",
            id="the app's for ours",
        ),
        pytest.param('cd "./$2"', "mv home/tree home/old; ln -s ../etc home/tree", "home", id="one to merge into"),
    ],
)
def test_a_swap_at_the_worst_moment_is_seen(
    root: Root, source: Path, before: str, script: str, destination: str
) -> None:
    app("mkdir home/tree", root.place)
    (root.place / "etc").chmod(0o700)  # as private as ours
    (root.place / "empty").mkdir(0o700)

    code, said = into(root, destination, source, script, before)

    assert code == copying.INCOMPLETE
    assert "somebody else has changed" in said
    assert harmed(root) == []


def test_a_link_that_is_the_app_s_is_not_followed_and_one_of_root_is(root: Root, source: Path) -> None:
    app("ln -s ../etc tmp/d", root.place)
    (root.place / "way").symlink_to("home")

    refused_code, said = into(root, "tmp/d", source)
    code, _ = into(root, "way", source)

    assert (refused_code, said) == (77, f"/tmp/d: Permission denied to follow a link of user {NOBODY} as user 0\n")
    assert (code, (root.place / "home/tree/sub/new").read_text()) == (0, "new")
    assert harmed(root) == []


AS_ROOT_FOR_SOMEBODY = f"import os; os.setresuid({NOBODY}, 0, 0); os.write(1, b'.'); os.read(0, 1)"
IN_ITS_OWN = (
    f"import ctypes, os; os.setgid({NOBODY}); os.setuid({NOBODY}); assert not ctypes.CDLL(None).unshare(0x10000000); "
    "os.write(1, b'.'); os.read(0, 1)"
)


@pytest.mark.parametrize(
    ("program", "says"),
    [
        pytest.param(AS_ROOT_FOR_SOMEBODY, "Permission denied to follow a link of user", id="runs a setuid program"),
        pytest.param(IN_ITS_OWN, "the app has a user namespace of its own", id="mounts what it likes"),
    ],
)
def test_an_app_that_looks_like_root_is_not_believed(root: Root, source: Path, program: str, says: str) -> None:
    app("ln -s ../etc tmp/d", root.place)
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.read(1) == b"."
        code, said = into(replace(root, pid=process.pid), "tmp/d", source)
        process.stdin.close()

    assert (code, says in said) == (77, True), said
    assert harmed(root) == []


SWAP = """
import os
os.setgid(65532)
os.setuid(65532)
while True:
    for there, other in (("tree", "kept"), ("link", "tree"), ("tree", "link"), ("kept", "tree")):
        try: os.rename(there, other)
        except OSError: pass
"""


@contextmanager
def swapping(place: Path) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", SWAP], cwd=place)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def test_a_directory_that_becomes_a_link_all_the_time_is_never_gone_through(root: Root, source: Path) -> None:
    home = root.place / "home"
    app("cd home; mkdir tree; ln -s ../etc link", root.place)
    with swapping(home):
        codes = [into(root, "home", source)[0] for _ in range(25)]

    assert set(codes) <= {0, copying.INCOMPLETE, copying.NO_FILE}
    assert harmed(root) == []


def test_a_place_that_becomes_a_link_all_the_time_is_never_gone_through(root: Root, source: Path) -> None:
    app("cd home; mkdir tree; ln -s ../etc link", root.place)
    with swapping(root.place / "home"):
        codes = [into(root, "home/tree", source / "sub/new")[0] for _ in range(25)]

    assert set(codes) <= {0, copying.INCOMPLETE, copying.NO_FILE, copying.DENIED}
    assert harmed(root) == []


@pytest.mark.parametrize("shell", ["bash", "dash"])  # busybox has an ls of its own
def test_an_app_s_own_user_needs_no_owners_and_modes(place: Path, source: Path, shell: str) -> None:
    """A volume of a file server that keeps neither: what stands there is as if everybody had made it."""
    with made_root(place, shell) as plain:
        ls = plain.place.parent / "bin/ls"
        ls.unlink()
        ls.write_text('#!/bin/sh\n[ $1 != -ld ] || echo "drwxrwxrwx 2 0 0"\n')
        ls.chmod(0o755)
        with subprocess.Popen(["sleep", "60"], user=NOBODY) as same:
            as_itself = into(replace(plain, pid=same.pid), "", source)
            same.kill()
        as_another = into(plain, "", source)

    assert as_itself == (0, "")
    assert as_another[0] == copying.INCOMPLETE
    assert "somebody else has changed" in as_another[1]


@pytest.fixture
def volume(root: Root) -> Iterator[Path]:
    """Another file system below the app's directory, the app's own."""
    place = make(make(root.place / "home/tree") / "sub")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"uid={NOBODY},gid={NOBODY}", "none", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("bound", [False, True])
def test_a_volume_below_the_destination_is_not_copied_to_by_path(
    root: Root, source: Path, volume: Path, *, bound: bool
) -> None:
    """mv copies where rename(2) cannot move: it opens a name, which may have become a link of the app's by then."""
    if bound:  # the same file system, mounted once more: rename(2) refuses that, too
        subprocess.run(["umount", volume], check=True)
        subprocess.run(["mount", "--bind", root.place / "tmp", volume], check=True)

    below, said = into(root, "home", source)
    itself, _ = into(root, "home/tree/sub", source / "sub/new")

    assert (below, said) == (
        copying.INCOMPLETE,
        "/home/tree/sub: another volume is mounted there, so copy to it by itself\n",
    )
    assert itself == 0
    assert (volume / "new").read_text() == "new"
    assert root.leftovers() == []


def test_the_app_s_own_user_may_copy_across_volumes(root: Root, source: Path, volume: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as same:
        code, said = into(replace(root, pid=same.pid), "home", source)
        same.kill()

    assert (code, said) == (0, "")
    assert (volume / "new").read_text() == "new"


@pytest.mark.parametrize("shell", ["bash", "dash"])  # busybox has a mv of its own
def test_a_mv_that_follows_links_to_directories_is_not_used_as_another_user(
    place: Path, source: Path, shell: str
) -> None:
    with made_root(place, shell) as plain:
        mv = plain.place.parent / "bin/mv"
        mv.unlink()
        mv.write_text('#!/bin/sh\n[ "$1" != -T ] || exit 1\nexec /usr/bin/mv "$@"\n')
        mv.chmod(0o755)
        with subprocess.Popen(["sleep", "60"], user=NOBODY) as same:
            as_itself = into(replace(plain, pid=same.pid), "", source)
            same.kill()
        (plain.place / "tree").rename(plain.place / "first")
        as_another = into(plain, "", source)

        assert as_itself == (0, "")
        assert as_another == (
            copying.INCOMPLETE,
            "not copied: another user than the app's needs mv -T, which the debug image lacks\n",
        )
        assert [path.name for path in plain.place.iterdir()] == ["first"]
