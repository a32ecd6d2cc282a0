"""One command with no flags gives a shell, or runs a command, in the files of a container that has none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .cluster import write_kubeconfig
from .pods import (
    DEBUG_BASH,
    DEBUG_DASH,
    DEBUG_DASH_BASH,
    DEBUG_NOSHELL,
    PYTHON,
    RESTRICTED,
    Pod,
    app,
)
from .terminal import TerminalSession

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakeNamespace, MakePod
    from .program import Dshell

SECRET = "only the app reads this\n"  # app/secret.txt, mode 0600, owned by the app
BUSYBOX = "busybox:1.37"


def answer(session: TerminalSession, line: str, pod: Pod, folder: str = "/") -> str:
    """What `line` prints, up to the prompt of `folder`."""
    session.send(f"{line}\n")
    return session.expect(rf"\r\n((?:.*\r\n)*){pod.name}/app:{folder} \$ ")[1].replace("\r", "")


@pytest.mark.parametrize(
    ("level", "security"),
    [
        pytest.param("", {}, id="no policy"),
        pytest.param("baseline", {}, id="baseline"),
        pytest.param(
            "restricted", {"securityContext": RESTRICTED}, id="restricted", marks=pytest.mark.nodes(quick=True)
        ),
    ],
)
def test_a_distroless_app_is_entered_by_one_command_without_flags(
    cluster: Cluster,
    make_namespace: MakeNamespace,
    make_pod: MakePod,
    dshell: Dshell,
    tmp_path: Path,
    level: str,
    security: dict[str, Any],
) -> None:
    namespace = make_namespace(level)
    pod = make_pod(app(**security), namespace=namespace)
    context = write_kubeconfig(tmp_path / "context", cluster.connection(), cluster.credentials(), namespace)
    here = dshell.with_kubeconfig(context)

    with here.terminal(pod.name) as session:
        session.expect(rf"in {pod.name} as 65532:65532 \({pod.source_of_user()}\)")
        session.expect(rf"{pod.name}/app:/ \$ ")
        assert answer(session, "cat app/secret.txt", pod) == SECRET
        assert answer(session, "id -u; id -g", pod) == "65532\n65532\n"
        session.send("exit 3\n")
        assert session.wait() == 3
    piped = here(pod.name, "--", "cat", "app/secret.txt")

    assert (piped.stdout.decode(), piped.stderr, piped.code) == (SECRET, "", 0)


def test_a_distroless_python_app_is_entered_too(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(PYTHON))

    with dshell.terminal(pod.name) as session:
        session.expect(rf"{pod.name}/app:/ \$ ")
        assert answer(session, "cat app/secret.txt", pod) == SECRET
        assert answer(session, "ls app", pod) == "app.py      secret.txt\n"
        session.send("exit\n")
        assert session.wait() == 0
    piped = dshell(f"pod/{pod.name}", "--", "cat", "app/secret.txt")

    assert (piped.stdout.decode(), piped.stderr, piped.code) == (SECRET, "", 0)


@pytest.mark.parametrize(
    ("image", "shell"),
    [
        pytest.param(BUSYBOX, "ash", id="busybox ash"),
        pytest.param(DEBUG_BASH, "bash", id="bash as sh"),
        pytest.param(DEBUG_DASH_BASH, "bash", id="bash beside dash"),
    ],
)
def test_an_image_with_ash_or_bash_brings_the_tools(shared_pod: Pod, dshell: Dshell, image: str, shell: str) -> None:
    with dshell.terminal(shared_pod.name, "--image", image) as session:
        session.expect(rf"tools are {image.rpartition('/')[2]}\.")
        session.expect(rf"{shared_pod.name}/app:/ \$ ")
        assert answer(session, "cat app/secret.txt", shared_pod) == SECRET
        assert answer(session, 'echo "${BASH_VERSION:+ba}"', shared_pod) == ("ba\n" if shell == "bash" else "\n")
        assert answer(session, "cd app", shared_pod, "/app") == ""
        assert answer(session, "cd ..", shared_pod) == ""
        session.send("exit 42\n")
        assert session.wait() == 42
    command = dshell(
        shared_pod.name, "--image", image, "--", "sh", "-c", "cat app/secret.txt; echo $0 >&2; exit 7", "x"
    )
    script = dshell(shared_pod.name, "--image", image, input=b"cat app/secret.txt\nexit 8\n")

    assert (command.stdout.decode(), command.stderr, command.code) == (SECRET, "x\n", 7)
    assert (script.stdout.decode(), script.stderr, script.code) == (SECRET, "", 8)


def test_an_image_with_dash_alone_is_refused_by_name(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    refused = dshell(pod.name, "--image", DEBUG_DASH, "--", "true")

    ((name, debug),) = pod.debug_containers().items()
    assert (refused.stdout, refused.code) == (b"", 69)
    assert refused.stderr == (
        f"error: {name} ({DEBUG_DASH}) exited immediately: "
        "its sh has no read -t, and it has no bash (exit code 127)\n"
        "dshell needs an image with busybox ash or bash. Use another image: --image, or set DSHELL_IMAGE.\n"
    )
    assert debug.state == "terminated"


NO_SHELL = (  # of runc, and of crun
    '"sh": executable file not found in $PATH',
    "executable file `sh` not found in $PATH: No such file or directory",
)


@pytest.mark.nodes(quick=True)
def test_an_image_without_a_shell_is_refused_by_name(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    refused = dshell(pod.name, "--image", DEBUG_NOSHELL, "--", "true")

    ((name, debug),) = pod.debug_containers().items()
    assert (refused.stdout, refused.code) == (b"", 69)
    assert refused.stderr in {
        f"error: {DEBUG_NOSHELL} has no shell: {reason} ({name} never ran, but stays listed in the pod)\n"
        "dshell needs an image with sh (busybox ash or bash). Use another image: --image, or set DSHELL_IMAGE.\n"
        for reason in NO_SHELL
    }
    assert debug.state == "waiting"


@pytest.mark.nodes(quick=True)
def test_relative_paths_are_the_apps_and_absolute_ones_the_debug_images(shared_pod: Pod, dshell: Dshell) -> None:
    script = (
        "cat etc/os-release; cat /etc/os-release 2>/dev/null || echo the debug image has none;"
        'pwd; cat "$DSHELL_ROOT/etc/app.yaml"; tr "\\0" " " <"/proc/$DSHELL_PID/cmdline"'
    )

    seen = dshell(shared_pod.name, "--", "sh", "-c", script)

    assert seen.stdout.decode() == (
        'PRETTY_NAME="distroless look-alike"\nID=dshell-test\n'
        "the debug image has none\n/proc/1/root\ngreeting: hello\n/app/server "
    )
    assert (seen.stderr, seen.code) == ("", 0)


WORDS = {
    "empty": ["", "a", ""],
    "blanks and newlines": [" a  b ", "one\ntwo\n", "\ttab", "\r"],
    "quotes": ["'", '"', "`id`", 'it\'s "so"', "\\", "\\\\n"],
    "dollars": ["$HOME", "$(id)", "$$", "$(DSHELL_LIMIT)", "${x:-y}", "$$(id)"],
    "patterns": ["*", "?", "[a-z]*", "{a,b}", "~", "!x", "#", "a;b", "a&b", "a|b", ">x"],
    "dashes": ["-n", "--", "--quiet", "-", "-c", "exit 1"],
    "not ASCII": ["grün", "日本語", "👩‍🚀", "\u202e", "\x01\x7f"],
    "URL": ["a=b&c=d", "%00%20", "+", "a/b?c#d"],
    "long": ["x" * 60_000, "y" * 60_000],
}


def test_the_words_of_a_command_arrive_byte_for_byte(shared_pod: Pod, dshell: Dshell) -> None:
    words = [word for several in WORDS.values() for word in several]

    printed = dshell(shared_pod.name, "--", "printf", r"%s\0", *words)

    assert printed.stdout.decode().split("\0") == [*words, ""]
    assert (printed.stderr, printed.code) == ("", 0)


def test_a_command_may_begin_with_a_dash(shared_pod: Pod, dshell: Dshell) -> None:
    absent = dshell(shared_pod.name, "--", "-x", "a")

    assert absent.code == 127
    assert "-x" in absent.stderr


@pytest.mark.parametrize(
    "words",
    [pytest.param(["--", "cat", "\udcff"], id="word"), pytest.param(["--env", "A=\udcff", "--", "true"], id="env")],
)
def test_what_is_not_utf8_is_refused_before_anything_is_added(
    make_pod: MakePod, dshell: Dshell, words: list[str]
) -> None:
    pod = make_pod()

    refused = dshell(pod.name, *words)

    assert refused.code == 64
    assert refused.stderr.startswith("error: ")
    assert "is not valid UTF-8" in refused.stderr
    assert pod.debug_containers() == {}


def test_variables_of_the_users_own_are_set_as_they_are(shared_pod: Pod, dshell: Dshell) -> None:
    values = {"PLAIN": "v", "EMPTY": "", "ODD": "a=b $HOME $(PLAIN) $$ 'x'\ny", "LANG": "C"}
    flags = [word for name, value in values.items() for word in ("--env", f"{name}={value}")]

    printed = dshell(
        shared_pod.name, *flags, "--", "sh", "-c", r'printf "%s\0" "$PLAIN" "${EMPTY-unset}" "$ODD" "$LANG"'
    )

    assert printed.stdout.decode().split("\0") == [*values.values(), ""]
    assert (printed.stderr, printed.code) == ("", 0)


def test_the_image_and_its_pull_policy_are_the_users_choice(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    default = dshell(pod.name, "--", "true")
    flag = dshell(
        pod.name, "--image", DEBUG_BASH, "--image-pull-policy", "Never", "--", "true", env={"DSHELL_IMAGE": "x"}
    )
    variable = dshell(pod.name, "--", "true", env={"DSHELL_IMAGE": DEBUG_DASH_BASH})

    assert [(run.stderr, run.code) for run in (default, flag, variable)] == [("", 0)] * 3
    added = {(debug.spec["image"], debug.spec["imagePullPolicy"]) for debug in pod.debug_containers().values()}
    assert added == {(BUSYBOX, "IfNotPresent"), (DEBUG_BASH, "Never"), (DEBUG_DASH_BASH, "IfNotPresent")}


def test_an_image_that_is_neither_there_nor_to_be_pulled_ends_the_wait(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    refused = dshell(
        pod.name, "--image", "dshell.test/none:1", "--image-pull-policy", "Never", "--", "true", timeout=20
    )

    (name,) = pod.debug_containers()
    assert (refused.stdout, refused.code) == (b"", 69)
    assert refused.stderr == (
        "error: dshell.test/none:1 is not on the node and the pull policy is Never "
        f"({name} never ran, but stays listed in the pod)\n"
        "Let the node pull it: --image-pull-policy IfNotPresent\n"
    )
