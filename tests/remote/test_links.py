"""The app's links, followed inside its root: by dshell-path, by cd and by bash's completion."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.remote.functions import call
from tests.remote.functions import each_shell as each_sh
from tests.remote.rig import Debug, Shell, pod

A = "aaaaaaaa"
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])

LINKS = {
    "opt/current": "/opt/releases/3",
    "opt/near": "releases/3",
    "opt/both": "current/lib",
    "opt/gone": "/opt/releases/9",
    "opt/a": "/opt/b",
    "opt/b": "/opt/a",
    "opt/up": "/../../../etc",
    "opt/climbing": "../../../../../etc",
    "opt/-dash": "/opt/a name\nof two lines",
    "etc/mtab": "/proc/mounts",
    "proc/mounts": "self/mounts",
    "proc/self": "4000000",
    "proc/7/cwd": "/opt",
}
FILES = ("opt/releases/3/lib/x", "etc/app.yaml", "opt/a name\nof two lines", "proc/7/mounts")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """The app's root."""
    root = tmp_path / "root"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{name}\n")
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    return root


def told(shell: str, top: Path, *files: str, folder: str = "") -> tuple[str, str, int]:
    """What dshell-path prints, without the root, to stdout and stderr; and its exit code."""
    place = f"DSHELL_ROOT={top}; DSHELL_PID=7; cd {top}/{folder}"
    done = call(shell, "links.sh", f'{place}\ndshell_path "$@"', *files)
    return done.stdout.replace(f"{top}", "ROOT"), done.stderr, done.returncode


@each_sh
@pytest.mark.parametrize(
    ("file", "where"),
    [
        ("opt/current", "/opt/releases/3"),
        ("opt/current/lib/x", "/opt/releases/3/lib/x"),
        ("/opt/current/lib/x", "/opt/releases/3/lib/x"),
        ("./opt//current/./lib/", "/opt/releases/3/lib"),
        ("opt/near/lib", "/opt/releases/3/lib"),
        ("opt/both/x", "/opt/releases/3/lib/x"),
        ("opt/current/..", "/opt/releases"),
        ("../../../etc/app.yaml", "/etc/app.yaml"),
        ("opt/up/app.yaml", "/etc/app.yaml"),
        ("opt/climbing/app.yaml", "/etc/app.yaml"),
        ("/", ""),
        ("etc/mtab", "/proc/7/mounts"),
        ("proc/7/cwd", "/proc/7/cwd"),
        ("opt/-dash", "/opt/a name\nof two lines"),
    ],
)
def test_it_prints_where_a_file_of_the_app_is(shell: str, top: Path, file: str, where: str) -> None:
    assert told(shell, top, file) == (f"ROOT{where}\n", "", 0)


@each_sh
def test_files_are_named_from_the_working_directory_or_from_a_root(shell: str, top: Path) -> None:
    assert (
        told(shell, top, "current", "-dash", folder="opt")[0] == "ROOT/opt/releases/3\nROOT/opt/a name\nof two lines\n"
    )
    assert told(shell, top, "--", "-dash", folder="opt")[0] == "ROOT/opt/a name\nof two lines\n"
    assert told(shell, top, f"{top}/opt/current")[0] == "ROOT/opt/releases/3\n"
    assert told(shell, top, "current", folder="..") == (
        "",
        "dshell-path: current: the working directory is not in the app's files\n",
        66,
    )


@each_sh
@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("opt/gone", "opt/gone: the app's /opt/releases/9: No such file or directory"),
        ("opt/gone/x", "opt/gone/x: the app's /opt/releases/9/x: No such file or directory"),
        ("nothing", "nothing: the app's /nothing: No such file or directory"),
        ("opt/a", "opt/a: too many levels of symbolic links"),
        ("opt/a/x", "opt/a/x: too many levels of symbolic links"),
    ],
)
def test_what_leads_nowhere_is_told(shell: str, top: Path, file: str, why: str) -> None:
    assert told(shell, top, file, "etc/app.yaml") == ("ROOT/etc/app.yaml\n", f"dshell-path: {why}\n", 66)


@each_sh
def test_links_are_followed_as_often_as_linux_does(shell: str, top: Path) -> None:
    for number in range(41):
        (top / f"l{number + 1}").symlink_to(f"/l{number}")
    (top / "l0").write_text("")

    assert told(shell, top, "l40") == ("ROOT/l0\n", "", 0)
    assert told(shell, top, "l41") == ("", "dshell-path: l41: too many levels of symbolic links\n", 66)


@each_sh
def test_a_name_does_not_speak_to_the_terminal(shell: str, top: Path) -> None:
    (top / "odd").symlink_to("/\x1b]0;title\x07")

    assert told(shell, top, "odd")[1] == (
        "dshell-path: odd: the app's (a name with odd characters): No such file or directory\n"
    )


@each_sh
def test_without_a_file_it_says_how_it_is_used(shell: str, top: Path) -> None:
    out, err, code = told(shell, top)

    assert (out, code) == ("", 64)
    assert err.startswith("usage: dshell-path FILE...")


def furnish(root: Path) -> None:
    (root / "opt/releases/3/lib").mkdir(parents=True)
    (root / "opt/releases/3/lib/x").write_text("three\n")
    (root / "opt/releases/3/a name").write_text("spaced\n")
    (root / "bin").mkdir()  # the debug image has one, too
    (root / "bin/mine").write_text("the app's bin\n")
    for name, target in {
        "current": "/opt/releases/3",
        "near": "releases/3",
        "gone": "/opt/releases/9",
        "a": "/opt/a",
        "programs": "/bin",
    }.items():
        (root / "opt" / name).symlink_to(target)


@pytest.mark.terminal
@each_shell
def test_cd_follows_a_link_of_the_app_inside_its_root(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        furnish(made.app.root)
        inside = Debug(made, shell).shell(A)
        inside.hear(b"pod/app:/ $ ")
        for typed, prompt in [
            ("cd opt/current", "pod/app:/opt/releases/3 $ "),
            ("cd -", "pod/app:/ $ "),
            ("cd opt/current/lib", "pod/app:/opt/releases/3/lib $ "),
            ("cd ../../../..", "pod/app:/ $ "),
            ("cd opt/near", "pod/app:/opt/near $ "),
            ("cd ..", "pod/app:/opt $ "),
            ("cd -- programs", "pod/app:/bin $ "),
            ("cat mine", "the app's bin\r\n"),
            ("cd", "pod/app:/ $ "),
            ("cd -P opt/current/lib/..", "pod/app:/opt/releases/3 $ "),
            ('cd "$DSHELL_ROOT/opt/current/.."', "pod/app:/opt $ "),
            ("cd gone; echo code=$?", "code="),
            ("cd a; echo a$?", "too many levels of symbolic links\r\na1\r\n"),
            ("cd nothing; pwd", "/opt\r\n"),
            ("CDPATH=/proc/1/root/opt/releases; cd 3", "pod/app:/opt/releases/3 $ "),
            ("cd /bin", "debug image:/bin $ "),
            ("cd -; cat $(dshell-path ../../current/lib/x)", "three\r\n"),
            ('cat "$(dshell-path /opt/current/lib/x)"', "three\r\n"),
            ("exec cat", ""),
        ]:
            inside.say(typed.encode() + b"\n")
            inside.hear(prompt.encode())


@pytest.mark.terminal
@pytest.mark.parametrize("shell", ["bash", "dash+bash"])
def test_bash_completes_through_a_link_of_the_app(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        furnish(made.app.root)
        inside = Debug(made, shell).shell(A)
        inside.hear(b"pod/app:/ $ ")
        for typed, completed in [
            ("echo opt/current/l\t-", b"opt/current/lib/-"),
            ("echo opt/current/lib/\t-", b"opt/current/lib/x -"),
            ("echo opt/current/a\t-", b"opt/current/a\\ name -"),
            ("echo opt/curr\t-", b"opt/current/-"),
            ("echo opt/programs/\t-", b"opt/programs/mine -"),
            ("echo opt/rel\t-", b"opt/releases/-"),
            ("echo opt/near/l\t-", b"opt/near/lib/-"),
            ("echo /opt/near/l\t-", b"/opt/near/l\x07-"),
            ("echo 'opt/rel\t-'", b"'opt/releases/-'"),
        ]:
            inside.say(typed.encode())
            inside.hear(completed)
            inside.say(b"\n")
            inside.hear(b"$ ")


@pytest.mark.terminal
@each_shell
def test_a_command_can_be_given_the_path(place: Path, shell: Shell) -> None:
    script = 'cat "$(dshell-path "$1")"; exit 5'
    with pod(place) as made:
        furnish(made.app.root)

        def ran(*command: str) -> tuple[int | None, str]:
            running = Debug(made, shell).run(A, *command)
            return running.ended(), running.printed().decode()

        assert ran("dshell-path", "opt/current/lib/x") == (0, "/proc/1/root/opt/releases/3/lib/x\n")
        assert ran("dshell-path", "--", "opt/gone") == (
            66,
            "dshell-path: opt/gone: the app's /opt/releases/9: No such file or directory\n",
        )
        for name in ("sh",) if shell == "busybox" else ("sh", "bash"):
            assert ran(name, "-c", script, "sh", "opt/current/a name") == (5, "spaced\n")


@each_sh
def test_links_that_make_a_path_longer_than_the_kernel_takes_are_not_followed(shell: str, tmp_path: Path) -> None:
    """Forty of them would keep a shell busy for a minute."""
    top = tmp_path / "root"
    top.mkdir()
    for number in range(6):
        (top / f"l{number}").symlink_to(f"l{number + 1}" + "/." * 2000)
    (top / "l6").mkdir()

    assert told(shell, top, "l0")[1:] == ("dshell-path: l0: too many levels of symbolic links\n", 66)
