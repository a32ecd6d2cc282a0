"""Whatever arrives: nothing outside the destination changes, every name was asked for, a failure has a name and leaves nothing."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubectl_dshell.commands.cp.cp import _Conversation
from kubectl_dshell.commands.cp.outcome import Skipped
from kubectl_dshell.domain.cp.requested_names import matches
from kubectl_dshell.errors import DshellError, Forbidden
from kubectl_dshell.files.archive_source import ArchiveSource
from kubectl_dshell.files.passthrough import Passthrough
from kubectl_dshell.files.staging import Staging
from tests.files.archives import asked, folder, link, member, pax, reader, source
from tests.files.test_unpack import nothing

Member = tuple[tarfile.TarInfo, bytes]
Print = dict[str, tuple[object, ...]]
WORDS = ["d", "f", "g*", "e/."]
"""What is asked for."""

PARTS = st.sampled_from(["a", "b", "x", "sub", "old", "..", ".", "", "A", "b\udcff", "n\nl", "\x1b[2J", "ü", "a" * 256])
PATHS = st.one_of(
    st.lists(PARTS, max_size=5).map("/".join),
    st.lists(PARTS, max_size=3).map(lambda parts: "/" + "/".join(parts)),
    st.sampled_from(["a/" * 300 + "x", "l" * 5000, "/d/sub/x", "../../secret", "sub/in"]),
)
TYPES = st.sampled_from([bytes([code]) for code in b"0\x001234567LKDMNSVXgxZ"])
NUMBERS = st.sampled_from([0, 1, 5, 512, -1, 1 << 33, (1 << 62) + 1, -(1 << 40)])
FIELDS = st.dictionaries(
    st.sampled_from(
        ["path", "linkpath", "size", "mtime", "GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size", "ü"]
    ),
    st.one_of(PATHS, st.sampled_from(["inf", "nan", "1e400", "-5.5", "0", "7", "1.0", "\0", "9" * 30, "²"])),
    max_size=4,
)


def entry(kind: bytes, name: str, target: str, data: bytes, mode: int, number: int, time: int) -> Member:
    info, data = member(name, data, type=kind, linkname=target, mode=mode, mtime=max(time, 0))
    if number:
        info.size = max(number, 0)
    return info, data


MODES = st.sampled_from([0o755, 0o644, 0o4755, 0o2755, 0, 0o777])
ENTRIES = st.one_of(
    st.builds(entry, TYPES, PATHS, PATHS, st.binary(max_size=600), MODES, st.just(0), NUMBERS),
    st.builds(entry, TYPES, PATHS, PATHS, st.binary(max_size=20), MODES, NUMBERS, NUMBERS),
    st.builds(folder, PATHS),
    st.builds(link, PATHS, PATHS),
    st.builds(link, PATHS, PATHS, st.just(tarfile.LNKTYPE)),
    st.builds(member, PATHS, st.binary(max_size=20)),
    st.builds(pax, FIELDS, st.sampled_from([tarfile.XHDTYPE, tarfile.XGLTYPE])),
)
NAMES = st.sampled_from(["d", "f", "g1", "g2", ".", ".bashrc", "..", "", "sub", ".g", "g/x", "D", "g" * 300])
SOURCES = st.builds(
    lambda kind, name, top, members, zeros: source(kind, name, top, *members, zeros=zeros),
    st.sampled_from(["file", "folder", "folder", "folder", "pipe"]),
    NAMES,
    st.sampled_from(["/d", "", "/d/sub"]),
    st.lists(ENTRIES, max_size=6),
    st.sampled_from([1024, 1024, 0, 512, 3000]),
)
HONEST = [
    source("folder", "d", "/d", folder("./"), folder("./sub"), member("./sub/in", b"new"), link("./l", "sub/in")),
    source("file", "f", "/f", member("./f", b"f" * 700)),
    source("file", "g1", "/g1", member("./g1")),
    source("folder", ".", "/e", folder("./"), member("./x", b"x"), link("./h", "./x", tarfile.LNKTYPE)),
]
BELOW_A_LINK = [folder("./"), link("a", "."), link("a/x", ".."), link("x/.bash_login", "etc/payload")]
HARD = [folder("./"), link("a", "."), link("h", "a", tarfile.LNKTYPE), link("h/x", "..")]


def stream(*sources: bytes) -> bytes:
    return b"".join(sources)


@settings(deadline=None)
@given(st.lists(SOURCES, max_size=5).map(lambda parts: stream(*parts)), st.booleans())
@example(stream(*HONEST), False)
@example(stream(source("folder", "d", "/d", *BELOW_A_LINK), *HONEST[1:]), True)
@example(stream(source("folder", "d", "/d", *HARD), *HONEST[1:]), True)
@example(stream(source("file", ".bashrc", "/f", member("./f", b"evil"))), True)
@example(stream(*HONEST, source("folder", ".", "/e", folder("./"))), True)
def test_any_members_in_any_records(arrived: bytes, skip: bool) -> None:
    check_landing(arrived, skip=skip)
    check_stream(arrived)


NEAR = st.lists(st.sampled_from(["a", "b", "x", "sub", "old", "..", "."]), min_size=1, max_size=4).map("/".join)
TREES = st.lists(
    st.one_of(
        st.builds(folder, NEAR, MODES),
        st.builds(link, NEAR, st.one_of(NEAR, st.sampled_from(["/d", "/e/a", "/d/sub/../..", "/"]))),
        st.builds(link, NEAR, NEAR, st.just(tarfile.LNKTYPE)),
        st.builds(member, NEAR, st.just(b"new")),
    ),
    max_size=10,
)


@settings(deadline=None)
@given(TREES, TREES, st.sampled_from([True, True, True, False]))
@example(BELOW_A_LINK, HARD, True)
def test_any_trees_with_the_right_names(first: list[Member], second: list[Member], skip: bool) -> None:
    whole = stream(
        source("folder", "d", "/d", folder("./"), *first), *HONEST[1:3], source("folder", ".", "/e", *second)
    )
    check_landing(whole, skip=skip)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 255)), max_size=12), st.integers(0, 12_000), st.booleans()
)
def test_any_bytes_changed_in_an_honest_stream(changes: list[tuple[int, int]], length: int, skip: bool) -> None:
    honest = bytearray(stream(*HONEST))
    for at, byte in changes:
        honest[at % len(honest)] = byte
    cut = bytes(honest[: max(length, len(honest) - length)])
    check_landing(cut, skip=skip)
    check_stream(cut)


@given(st.one_of(st.binary(max_size=200), st.sampled_from([b"ready\n", b"ready\nfailed\n", b"ready" * 100])))
def test_any_answer_before_files_are_sent(answer: bytes) -> None:
    talk, arrived = _Conversation(ArchiveSource([], print), nothing), reader(answer)

    talk.listen(arrived)

    assert talk._stopped.is_set()
    assert talk._answered.is_set()
    assert arrived.tell() <= 128


def check_landing(arrived: bytes, *, skip: bool) -> None:
    with tempfile.TemporaryDirectory() as base:
        home = playground(Path(base))
        before = fingerprint(Path(base))
        landing, failed, left_out = Staging(str(home), asked(*WORDS)), False, Skipped(skip=skip)
        try:
            landing.receive(reader(arrived), left_out.add, nothing)
            landing.commit()
        except DshellError:
            failed = True
        finally:
            landing.discard()
        after = fingerprint(Path(base))
        assert not [name for name in after if ".dshell-" in name]
        if failed:
            assert after == before
            return
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert all(name.startswith("home") for name in changed)
        check_names(home, {name.removeprefix("home/") for name in changed} - {"home"}, before)


def check_names(home: Path, changed: set[str], before: Print) -> None:
    for name in changed:
        path = home / name
        assert path.is_symlink() or not path.stat().st_mode & 0o6000
        if path.is_symlink():
            assert Path(os.path.realpath(path)).is_relative_to(home)  # a loop has one, too
    # what came of e/. may have any name but those that were there as another kind
    assert [
        name for name in before if name.removeprefix("home/") in ("keep", "link") and f"home/{name}" in changed
    ] == []


def playground(base: Path) -> Path:
    """A home directory with an earlier copy in it, and what is beside it."""
    home = base / "home"
    (home / "d/sub").mkdir(parents=True)
    (home / "d/old").symlink_to("sub")
    (home / "link").symlink_to("../outside")
    (home / "keep").write_text("mine")
    (base / "outside").mkdir()
    (base / "outside/secret").write_text("mine")
    (base / "secret").write_text("mine")
    return home


def fingerprint(top: Path) -> Print:
    found: Print = {}
    for path in top.rglob("*"):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        target = str(path.readlink()) if path.is_symlink() else ""
        times = None if path.is_dir() else status.st_mtime_ns  # a directory's changes with what is in it
        kind = status.st_mode, status.st_nlink if stat.S_ISREG(status.st_mode) else 0
        found[str(path.relative_to(top))] = (*kind, times, content, target)
    return found


def check_stream(arrived: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        try:
            Passthrough(file.fileno(), asked(*WORDS)).receive(reader(arrived), Skipped(skip=False).add, nothing)
        except DshellError:
            return
        file.seek(0)
        archive = io.BytesIO(file.read())
    with suppress(tarfile.TarError), tarfile.open(fileobj=archive, mode="r:") as tar:
        for one in tar:
            top = one.name.split("/")[0] or "."
            assert any(matches(word, top) for word in ("d", "f", "g*", "."))


def test_what_was_not_asked_for_is_named_whatever_else_is_left_out(tmp_path: Path) -> None:
    landing = Staging(str(tmp_path), asked("app.log"))
    with pytest.raises(Forbidden, match=r"that was not requested: '\.bashrc'"):
        landing.receive(reader(source("file", ".bashrc", "/x", member("./x"))), Skipped(skip=True).add, nothing)
    landing.discard()
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # hidden ones too
