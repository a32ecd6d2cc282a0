"""Who looks in the debug image for what only the app has is told so, on stderr, by the exec that runs the command."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from kubectl_dshell.remote import exec_script
from kubectl_dshell.remote.exec_script import MARK, OWN_SHELL
from tests.remote.functions import call
from tests.remote.functions import each_shell as each_sh
from tests.remote.rig import Debug, Pod, Shell, pod

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
SESSION = "aaaaaaaa"
ADD = "add --app-image"


def ran(made: Pod, shell: Shell, *command: str) -> tuple[str, int]:
    """What a command prints in a new debug container, and its exit code."""
    debug = Debug(made, shell, starter=f"{SESSION} 50")
    started = debug.exec(exec_script.command_exec(debug.target.id, SESSION, command, first=True))
    printed = started.printed().decode()
    code = started.ended(30)
    assert debug.holder.ended(30) == 0, "it has said goodbye"
    return printed, code


def program(path: Path, text: str = "#!/no/such/interpreter\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@each_shell
def test_a_program_that_only_the_app_has(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        program(made.app.root / "usr/bin/python3.99")
        (made.app.root / "usr/bin/python3").symlink_to("/usr/bin/python3.99")

        for name in ("python3.99", "python3"):
            assert ran(made, shell, name, "-V") == (
                f"dshell: {name}: not found in the debug image, but in the app's: {ADD}\n",
                127,
            )


@each_shell
def test_a_name_is_said_as_it_is(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        (made.app.root / r"\c\033x").touch()

        printed, _ = ran(made, shell, "cat", r"/\c\033x")

        assert r"dshell: /\c\033x is looked up in the debug image; the app's is \c\033x" in printed
        assert ran(made, shell, r"no\c\033such") == ("dshell: no\\c\\033such: not found in the debug image\n", 127)


@each_shell
def test_a_program_that_nobody_has(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        assert ran(made, shell, "no-such-program") == ("dshell: no-such-program: not found in the debug image\n", 127)


@each_shell
def test_a_program_of_the_app_whose_loader_is_not_here(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        program(made.app.root / "app/run")

        printed, code = ran(made, shell, "app/run")

        assert code in {126, 127}
        assert printed.splitlines()[-1] == f"dshell: app/run needs the loader of the app's image: {ADD}"


@each_shell
@pytest.mark.parametrize(
    "words",
    [("cat", "/file"), ("cat", "/no/such", "/file", "/file"), ("/file",)],
    ids=["argument", "one line is enough", "command"],
)
def test_an_absolute_path_that_only_the_app_has(place: Path, shell: Shell, words: tuple[str, ...]) -> None:
    with pod(place) as made:
        printed, code = ran(made, shell, *words)

        hint = f"dshell: /file is looked up in the debug image; the app's is file (or {ADD})"
        assert printed.splitlines().count(hint) == 1
        assert "add --app-image" not in printed.replace(hint, "")
        assert code > 0


@each_shell
@pytest.mark.parametrize(
    "words",
    [("cat", "file"), ("ls", "-d", "/tmp"), ("sh", "-c", "cat file", "/file"), ("env", "-u", "/no/such", "true")],
    ids=["relative", "in both", "a script's", "in neither"],
)
def test_nothing_is_said_to_who_needs_no_hint(place: Path, shell: Shell, words: tuple[str, ...]) -> None:
    with pod(place) as made:
        printed, code = ran(made, shell, *words)

        assert (code, "dshell" in printed) == (0, False)


@each_shell
@pytest.mark.parametrize("path", ["bin/sh", "usr/bin/sh", "opt/debug/sh"])
def test_a_shell_says_that_the_app_has_one_of_its_own(place: Path, shell: Shell, path: str) -> None:
    """Wherever the app's PATH leads, and whether or not the link can be followed from here."""
    with pod(place, env={"PATH": "/usr/bin:/opt/debug", "LAST": "PATH=/none"}) as made:
        (made.app.root / path).parent.mkdir(parents=True, exist_ok=True)
        (made.app.root / path).symlink_to("/no/such/place/busybox")

        heard = Debug(made, shell).shell(SESSION).hear(b"pod/app:/ $ ")

        usual = "bin" in path  # dash has no read -d, and cannot read the app's PATH
        assert (OWN_SHELL + MARK in heard) == (usual or shell != "dash+bash")


@each_shell
def test_a_shell_says_nothing_of_an_app_without_one(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        assert OWN_SHELL not in Debug(made, shell).shell(SESSION).hear(b"pod/app:/ $ ")


def links(root: Path) -> None:
    (root / "opt").mkdir()
    (root / "opt/3").write_text("three\n")
    (root / "opt/current").symlink_to("/opt/3")
    (root / "opt/null").symlink_to("/dev/tty")
    (root / "opt/near").symlink_to("3")
    (root / "opt/gone").symlink_to("/opt/4")
    (root / "opt/dir").symlink_to("/opt")
    (root / "dev/tty").touch()


LEADS = "an absolute link on the way leads to the debug image; the app's is"


@each_shell
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("cat", "opt/current"), f"opt/current: {LEADS} opt/3 (dshell-path)"),
        (("cat", "opt/dir/near"), f"opt/dir/near: {LEADS} opt/3 (dshell-path)"),
        (("ls", "-d", "opt/null"), f"opt/null: {LEADS} dev/tty (dshell-path)"),
        (("readlink", "opt/dir/3"), f"opt/dir/3: {LEADS} opt/3 (dshell-path)"),
        (("cat", "/opt/dir/near"), f"/opt/dir/near is looked up in the debug image; the app's is opt/3 (or {ADD})"),
    ],
    ids=["not found", "on the way", "the wrong file", "a link's content", "from the root"],
)
def test_a_link_that_leads_to_the_debug_image(place: Path, shell: Shell, words: tuple[str, ...], hint: str) -> None:
    with pod(place) as made:
        links(made.app.root)

        assert [line for line in ran(made, shell, *words)[0].splitlines() if "dshell" in line] == [f"dshell: {hint}"]


@each_shell
@pytest.mark.parametrize(
    "words",
    [("cat", "opt/near"), ("readlink", "opt/current"), ("cat", "opt/gone"), ("true", "x/" * 40_000)],
    ids=["relative", "about the link", "to nothing", "too long for a path"],
)
def test_nothing_is_said_about_other_links(place: Path, shell: Shell, words: tuple[str, ...]) -> None:
    with pod(place) as made:
        links(made.app.root)

        assert "dshell" not in ran(made, shell, *words)[0]


@each_sh
@pytest.mark.parametrize("path", ["/[e]tc", "/*", "/no/such:/*/../[e]tc"])
def test_the_app_s_path_is_no_pattern(shell: str, tmp_path: Path, path: str) -> None:
    """Expanded, `/*/../*/../*` keeps a shell busy for minutes."""
    for folder in ("etc", "opt"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "tool").touch()
    with subprocess.Popen(["sleep", "60"], env={"PATH": path}, executable=shutil.which("sleep")) as app:
        try:
            place = f"DSHELL_ROOT={tmp_path} DSHELL_PID={app.pid}"
            done = call(shell, "hints.sh", f"{place}; app_has tool; echo $?")
        finally:
            app.kill()

    assert (done.stdout, done.stderr) == ("1\n", "")
