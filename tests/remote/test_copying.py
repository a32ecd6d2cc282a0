"""The scripts of a copy in a folder that stands for an app's root, as a user without power, under each shell."""

from __future__ import annotations

import io
import os
import socket
import stat
import tarfile
from pathlib import Path
from urllib.parse import urlencode

import pytest

from kubectl_dshell.files.archive_source import ArchiveSource
from kubectl_dshell.files.tar_reader import TarReader
from kubectl_dshell.remote import copying
from kubectl_dshell.remote.exec_script import command_exec
from kubectl_dshell.remote.script import copy_in
from tests.files.test_unpack import nothing
from tests.remote.roots import NOBODY, TEMPORARY, Root, make

ODD = "-rf $(touch x) `y` \\ 'a' \"b\"\nü*?[z]"
LOGS = ["a.log", "b.log", ".hidden.log", ODD]


@pytest.fixture
def app(root: Root) -> Root:
    """Files as an app may have them."""
    for folder in ("etc", "usr/bin", "var/log", "var/empty", "closed"):
        (root.place / folder).mkdir(parents=True)
    (root.place / "usr/bin/y").write_text("program")
    (root.place / "var/log/a.log").write_text("a")
    (root.place / "var/log/b.log").write_text("b")
    (root.place / "var/log/.hidden.log").write_text("h")
    (root.place / f"var/log/{ODD}").write_text("odd")
    (root.place / "closed").chmod(0)
    (root.place / "secret").write_text("s")
    (root.place / "secret").chmod(0)
    for name, target in {
        "etc/x": "/usr/bin/y",
        "run": "/var",
        "var/up": "../../../../../etc",
        "loop": "loop",
        "broken": "/nowhere",
        "etc/self": "/etc",
    }.items():
        (root.place / name).symlink_to(target)
    return root


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["var/log/a.log"], {"a.log": ["./a.log"]}),
        (["etc/x"], {"x": ["./y"]}),
        (["run/log/a.log"], {"a.log": ["./a.log"]}),
        (["var/up/x"], {"x": ["./y"]}),
        (["var/log/*.log"], {"a.log": ["./a.log"], "b.log": ["./b.log"]}),
        (["run/l*/[b].log"], {"b.log": ["./b.log"]}),
        (["*/*/b.log"], {"b.log": ["./b.log"]}),
        ([f"var/log/{ODD}"], {ODD: [f"./{ODD}"]}),
        (["var/log/-*"], {ODD: [f"./{ODD}"]}),
        (["var/empty"], {"empty": ["."]}),
        (["etc/self"], {"self": [".", "./self", "./x"]}),
        (["usr/."], {".": [".", "./bin", "./bin/y"]}),
        (["v*/e*/."], {".": ["."]}),
        (["usr/"], {"usr": [".", "./bin", "./bin/y"]}),
        (["v*/"], {"var": sorted([".", "./empty", "./log", "./up", *(f"./log/{name}" for name in LOGS)])}),
        (["var/log/.*"], {".hidden.log": ["./.hidden.log"]}),
        (["var/empty", "usr"], {"empty": ["."], "usr": [".", "./bin", "./bin/y"]}),
    ],
    ids=str,
)
def test_links_and_patterns_are_followed_inside_the_root(
    app: Root, patterns: list[str], found: dict[str, list[str]]
) -> None:
    assert app.found(*patterns) == found


def test_a_pattern_of_hidden_directories_does_not_lead_to_their_parent(root: Root) -> None:
    """ ".-x" sorts between "." and "..", which a shell finds too."""
    for name in ("top/.-x/inside", "top/outside"):
        (root.place / name).parent.mkdir(parents=True, exist_ok=True)
        (root.place / name).write_text(name)

    assert root.found("top/.*/.") == {".": [".", "./inside"]}


def test_the_root_itself_is_copied_without_what_the_kernel_makes_up(root: Root) -> None:
    for name in ("proc", "sys", "dev", ".hidden", "-dash"):
        make(root.place / name)

    assert root.found("") == {".": ["./-dash", "./.hidden"]}


@pytest.mark.parametrize(
    ("pattern", "code", "why"),
    [
        ("nope", 66, "/nope: No such file or directory\n"),
        ("var/log/*.txt", 66, "/var/log/*.txt: No such file or directory\n"),
        ("*/nope", 66, "/*/nope: No such file or directory\n"),
        ("broken", 66, "/broken: No such file or directory\n"),
        ("loop", 66, "/loop: "),
        ("var/log/a.log/", 66, "/var/log/a.log/: Not a directory\n"),
        ("var/log/a.log/.", 66, "/var/log/a.log/.: Not a directory\n"),
        ("var/log/*.log/", 66, "/var/log/*.log/: No such file or directory\n"),
        ("var/log/a.log/x", 66, "/var/log/a.log/x: Not a directory\n"),
        ("secret", 77, "/secret: Permission denied\n"),
        ("closed", 77, "/closed: Permission denied\n"),
        ("closed/x", 77, "/closed/x: Permission denied\n"),
        ("var/fifo", 66, "/var/fifo: neither a file nor a directory\n"),
    ],
)
def test_what_cannot_be_copied_is_said_before_anything_is(app: Root, pattern: str, code: int, why: str) -> None:
    os.mkfifo(app.place / "var/fifo")

    done = app.out("var/log/a.log", pattern)

    assert (done.returncode, done.stdout) == (code, b"")
    assert done.stderr.decode().startswith(why)


def test_what_cannot_be_read_below_is_a_failure_unless_it_is_to_be_left_out(app: Root) -> None:
    (app.place / "var/log/a.log").chmod(0)

    strict, lax = app.out("var/log"), app.out("var/log", strict=False)

    assert (strict.returncode, lax.returncode) == (copying.INCOMPLETE, 0)
    assert b"a.log" in strict.stderr
    feed = TarReader(io.BufferedReader(io.BytesIO(lax.stdout)))
    assert next(feed.records(4))[1] == "folder"
    assert f"./{ODD}" in [member.name for member in feed.archive()]


@pytest.fixture
def many(root: Root) -> set[str]:
    """The names in a directory of many small files, which are packed into large messages."""
    make(root.place / "many")
    for number in range(300):
        make(root.place / f"many/{number}", f"{number}" * 100)
    return {".", *(f"./{number}" for number in range(300))}


@pytest.mark.parametrize("missing", ["", "dd", "du", "sed"])
def test_many_small_files_are_copied_whichever_tools_there_are(root: Root, many: set[str], missing: str) -> None:
    if missing:
        (root.place.parent / "bin" / missing).unlink()

    done = root.out("many")

    assert (done.returncode, done.stderr) == (0, b"")
    feed = TarReader(io.BufferedReader(io.BytesIO(done.stdout)))
    assert [record[1:3] for record in feed.records(4) if {m.name for m in feed.archive()} == many] == [
        ["folder", "many"]
    ]


def test_many_small_files_that_cannot_all_be_read_are_a_failure(root: Root, many: set[str]) -> None:
    (root.place / "many/7").chmod(0)

    strict, lax = root.out("many"), root.out("many", strict=False)

    assert (strict.returncode, lax.returncode) == (copying.INCOMPLETE, 0)
    feed = TarReader(io.BufferedReader(io.BytesIO(lax.stdout)))
    assert [{m.name for m in feed.archive()} for _ in feed.records(4)] == [many - {"./7"}]


def test_many_small_files_come_in_large_pieces(root: Root, many: set[str]) -> None:
    """Each piece is a message on the way to the client. Here it is what a socket keeps apart."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, root.start(theirs.fileno()) as process:
        theirs.close()
        assert process.stdin
        process.stdin.write(copying.send_out(["many"], strict=True))
        process.stdin.close()
        sizes = [len(piece) for piece in iter(lambda: ours.recv(1024 * 1024), b"")]

    assert process.returncode == 0
    assert sum(sizes) > len(many) * 1024
    assert len(sizes) < 10


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    top = tmp_path / "src"
    (top / "shut").mkdir(parents=True)
    (top / "shut" / ODD).write_text("odd")
    (top / "script").write_text("#!")
    (top / "script").chmod(0o777)
    (top / "l").symlink_to("/outside")
    os.utime(top / "l", (1_300_000_000,) * 2, follow_symlinks=False)
    os.utime(top / "shut" / ODD, (1_500_000_000,) * 2)
    os.utime(top / "shut", (1_400_000_000,) * 2)
    (top / "shut").chmod(0o555)
    os.utime(top, (1_200_000_000,) * 2)
    return top


def test_a_tree_arrives_as_it_was(root: Root, sources: Path) -> None:
    done = root.into("", sources)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"ready\n", b"")
    top = root.place / "src"
    assert (top / "shut" / ODD).read_text() == "odd"
    assert (top / "shut" / ODD).stat().st_mtime == 1_500_000_000
    assert (top / "shut").stat().st_mtime == 1_400_000_000
    assert stat.S_IMODE((top / "shut").stat().st_mode) == 0o555
    assert stat.S_IMODE((top / "script").stat().st_mode) == 0o777
    assert (top / "l").readlink() == Path("/outside")
    assert [path.lstat().st_mtime for path in (top / "l", top)] == [1_300_000_000, 1_200_000_000]
    assert (top / "script").stat().st_uid == NOBODY
    assert root.leftovers() == []


def test_it_is_merged_into_one_that_is_there(root: Root, sources: Path) -> None:
    for folder in ("src", "src/old"):
        make(root.place / folder)
    make(root.place / "src/script", "old")

    done = root.into("", sources)

    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(path.name for path in (root.place / "src").iterdir()) == ["l", "old", "script", "shut"]
    assert (root.place / "src/script").read_text() == "#!"
    assert stat.S_IMODE((root.place / "src/shut").stat().st_mode) == 0o555
    assert root.leftovers() == []


def test_a_directory_that_cannot_be_read_is_not_merged_into_as_another_user(root: Root, sources: Path) -> None:
    make(root.place / "src").chmod(0o333)

    done = root.into("", sources)

    assert (done.returncode, done.stdout, done.stderr) == (65, b"ready\nfailed\n", b"/src: it cannot be read\n")
    assert root.leftovers() == []


def test_a_kernel_that_keeps_volumes_to_itself_is_told_of(
    root: Root, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some kernels have no mnt_id in /proc/PID/fdinfo; without it, another user than the app's merges nothing."""
    script = copy_in()
    assert script.count("mnt_id:") == 1
    monkeypatch.setattr(copying, "copy_in", lambda: script.replace("mnt_id:", "no_id:"))

    alone = root.into("", sources)
    merged = root.into("", sources)

    assert (alone.returncode, alone.stderr) == (0, b"")
    assert (merged.returncode, merged.stderr.decode()) == (
        65,
        "/src: the node's kernel does not say which volume that is, so copy as the app's user\n",
    )
    assert root.leftovers() == []


def test_a_directory_that_its_own_user_may_not_read_arrives(root: Root, sources: Path) -> None:
    (sources / "shut").chmod(0o111)

    done = root.into("", sources / "shut")

    assert (done.returncode, done.stderr) == (0, b"")
    assert stat.S_IMODE((root.place / "shut").stat().st_mode) == 0o111
    assert (root.place / "shut" / ODD).read_text() == "odd"
    assert root.leftovers() == []


@pytest.mark.parametrize(
    ("destination", "becomes"),
    [("new", "new"), ("there", "there/script"), ("link/new", "there/new"), ("file", "file"), ("alias", "file")],
)
def test_a_file_becomes_what_cp_would_make_it(root: Root, sources: Path, destination: str, becomes: str) -> None:
    make(root.place / "there")
    make(root.place / "file", "old")
    (root.place / "link").symlink_to("/there")
    (root.place / "alias").symlink_to("/file")

    done = root.into(destination, sources / "script")

    assert (done.returncode, done.stderr) == (0, b"")
    assert (root.place / becomes).read_text() == "#!"
    assert root.leftovers() == []


@pytest.mark.parametrize(
    ("destination", "folder", "code", "why"),
    [
        ("none/x", False, 66, "/none: No such file or directory\n"),
        ("none", True, 66, "/none: No such file or directory\n"),
        ("file", True, 66, "/file: Not a directory\n"),
        ("closed/x", False, 77, "/closed/: Permission denied\n"),
        ("closed", False, 77, "/closed/: Permission denied\n"),
    ],
)
def test_a_place_that_cannot_be_written_is_said_before_anything_is_sent(
    root: Root, sources: Path, destination: str, folder: bool, code: int, why: str
) -> None:
    (root.place / "file").touch()
    (root.place / "closed").mkdir()

    done = root.into(destination, sources / "script", folder=folder)

    assert (done.returncode, done.stdout, done.stderr.decode()) == (code, b"", why)


@pytest.mark.parametrize("source", ["src", "src/script"])
def test_a_directory_and_a_file_never_replace_each_other(root: Root, sources: Path, source: str) -> None:
    (root.place / "script").mkdir()
    make(root.place / "src", "old")
    before = sorted(root.place.rglob("*"))

    done = root.into("", sources.parent / source)

    assert (done.returncode, done.stdout) == (66, b"ready\nfailed\n")
    assert b"a directory cannot replace a file" in done.stderr
    assert sorted(root.place.rglob("*")) == before


def test_an_archive_that_ends_early_leaves_nothing(root: Root, sources: Path) -> None:
    done = root.into("", sources, sources / "script", whole=False)

    assert (done.returncode, done.stdout) == (65, b"ready\nfailed\n")
    assert list(root.place.iterdir()) == []


def test_a_source_that_was_left_out_is_not_missed(root: Root, sources: Path) -> None:
    """Of three the second cannot be read; --skip-failed."""
    (sources / "gone").touch()
    named = [str(sources / name) for name in ("shut", "gone", "script")]
    luggage, archive = ArchiveSource(named, lambda _name, _why: None), io.BytesIO()
    (sources / "gone").unlink()
    luggage.send(archive, lambda: False, nothing)

    done = root.run(copying.take_in("", TEMPORARY, luggage.names, folder=False) + archive.getvalue())

    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(path.name for path in root.place.iterdir()) == ["script", "shut"]


def test_an_archive_that_is_none_leaves_nothing(root: Root) -> None:
    done = root.run(copying.take_in("", TEMPORARY, ["x"], folder=False) + b"?" * 4096)

    assert (done.returncode, done.stdout) == (65, b"ready\nfailed\n")
    assert list(root.place.iterdir()) == []


def test_a_file_that_grows_is_no_failure_with_gnu_tar() -> None:
    assert copying.harmless(["tar: ./a.log: file changed as we read it"])
    assert not copying.harmless(["tar: ./a.log: file changed as we read it", "tar: ./b: File shrank by 3 bytes"])
    assert not copying.harmless([])


def test_a_link_to_the_root_has_its_own_name(root: Root) -> None:
    make(root.place / "file", "x")
    (root.place / "all").symlink_to("/")

    assert root.found("all") == {"all": ["./all", "./file"]}
    assert root.found("all/.") == {".": ["./all", "./file"]}


@pytest.mark.parametrize(
    "names",
    [[f"{number:0200d}" for number in range(1000)], ["n" * 255], [ODD, "\n\n", "a\udcff", "$n", "$(touch x)", ""]],
    ids=["1000 names", "a long one", "odd ones"],
)
def test_the_request_line_is_short_whatever_is_copied(names: list[str]) -> None:
    """Proxies take 8 kB of one, the token and all; nothing of a copy is in it."""
    query = command_exec("a" * 64, "a" * 8, copying.argv(), stdin=True).argv
    line = f"GET /api/v1/namespaces/{'n' * 63}/pods/{'p' * 253}/exec?" + urlencode(
        [("command", word) for word in query]
    )
    sent = copying.send_out(names, strict=True), copying.take_in("d", TEMPORARY, names, folder=True)

    assert len(line) < 2000
    assert all(text.count(b"\n\n") == 1 and text.endswith(b"\n\n") for text in sent)


def test_all_names_arrive_as_they_are(root: Root, tmp_path: Path) -> None:
    names = [f"{number:0200d}" for number in range(300)] + [ODD, "\n\n", "a\udcff", "$n", "'\"$n\"'", "-n", "\\n"]
    for name in names:
        (tmp_path / name).write_text(name, errors="surrogateescape")

    assert root.into("", *(tmp_path / name for name in names)).returncode == 0
    assert sorted(os.listdir(root.place)) == sorted(names)  # noqa: PTH208
    assert sorted(root.found(*names)) == sorted(names)


@pytest.mark.parametrize("cut", [1, 40, 2000])
def test_half_a_script_is_not_run(root: Root, cut: int) -> None:
    text = copying.send_out(["etc"], strict=True)

    done = root.run(text[: len(text) - cut])

    assert (done.returncode, done.stdout, done.stderr) == (65, b"", b"")


def test_long_names_pass(root: Root, tmp_path: Path) -> None:
    deep = tmp_path / "d"
    folder = deep.joinpath(*["n" * 100] * 5)
    folder.mkdir(parents=True)
    (folder / ("f" * 255)).write_text("deep")

    assert root.into("", deep).returncode == 0
    assert root.found("d")["d"][-1].endswith("f" * 255)


def test_tar_is_read_as_tarfile_reads_it(app: Root) -> None:
    """The archives are plain: what stands before them is all that is ours."""
    done = app.out("usr")
    header, _, archive = done.stdout.partition(b"/usr\0")
    assert header == b"source\0folder\0usr\0"
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.getnames() == [".", "./bin", "./bin/y"]
