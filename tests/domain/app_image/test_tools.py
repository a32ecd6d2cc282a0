"""The tools of another debug container: what is written into an entry is read back, and nothing else is."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.app_image.tools import Tools, lent, parse_tools

STATIC = Tools("dshell-abcde", 42, 123456, links_lead_away=False, path="/bin:/usr/bin", shell="/bin/busybox")
DYNAMIC = STATIC._replace(shell="/usr/bin/bash", loader="/lib64/ld-linux-x86-64.so.2", libraries="/lib64:/usr/lib")
ALPINE = DYNAMIC._replace(links_lead_away=True, shell="/bin/busybox", loader="/lib/ld-musl-x86_64.so.1")
EACH = pytest.mark.parametrize("tools", [STATIC, DYNAMIC, ALPINE], ids=["static", "dynamic", "Alpine"])

folder = st.lists(st.text(string.ascii_letters + string.digits + "_.+-", min_size=1), min_size=1, max_size=4).map(
    lambda names: "".join(f"/{name}" for name in names)
)
folders = st.lists(folder, min_size=1, max_size=4).map(":".join)
dynamic = st.one_of(st.just(("", "")), st.tuples(folder, folders))
usable = st.builds(
    lambda linked, **words: Tools(**words, loader=linked[0], libraries=linked[1]),
    linked=dynamic,
    lender=st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True).filter(str.isascii),
    holder=st.integers(1, 999_999_999),
    started=st.integers(0, 10**15 - 1),
    links_lead_away=st.booleans(),
    path=folders,
    shell=folder,
)


def command(tools: Tools) -> list[str]:
    """The command of an entry that uses them."""
    return [*tools.shell_words, "-c", "text"]


@given(usable)
def test_an_entry_says_all_there_is_to_know(tools: Tools) -> None:
    assert parse_tools(tools.stamp, command(tools)) == tools


@given(
    st.integers(-1, 10**10),
    st.integers(-1, 10**16),
    st.sampled_from(["absolute", "relative", ""]),
    *[st.one_of(inner, st.text(max_size=8)) for inner in (folders, folder, st.one_of(st.just(""), folder))],
    st.one_of(st.just(""), folders),
)
def test_what_a_lender_says_can_be_written_into_an_entry_or_is_not_used(
    holder: int, started: int, links: str, path: str, shell: str, loader: str, libraries: str
) -> None:
    tools = lent(holder, started, links, path, shell, loader, libraries)
    if tools is not None:
        named = tools._replace(lender="dshell-abcde")

        assert parse_tools(named.stamp, command(named)) == named
        assert named.links_lead_away is (links == "absolute")


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        (STATIC, ("/proc/42/root/bin/busybox", "sh")),
        (STATIC._replace(shell="/usr/bin/toybox-1.2"), ("/proc/42/root/usr/bin/toybox-1.2", "sh")),
        (STATIC._replace(shell="/busybox/bash"), ("/proc/42/root/busybox/bash",)),
        (
            DYNAMIC,
            (
                "/proc/42/root/lib64/ld-linux-x86-64.so.2",
                "--library-path",
                "/proc/42/root/lib64:/proc/42/root/usr/lib",
                "/proc/42/root/usr/bin/bash",
            ),
        ),
        (
            ALPINE,
            (
                "/proc/42/root/lib/ld-musl-x86_64.so.1",
                "--library-path",
                "/proc/42/root/lib64:/proc/42/root/usr/lib",
                "/proc/42/root/bin/busybox",
                "sh",
            ),
        ),
    ],
)
def test_the_words_that_start_the_shell(tools: Tools, words: tuple[str, ...]) -> None:
    assert tools.shell_words == words


def test_paths_are_seen_from_outside() -> None:
    assert STATIC.search_path == "/proc/42/root/bin:/proc/42/root/usr/bin"
    assert STATIC.applet == "/proc/42/root/bin/busybox"
    assert STATIC.loader_words == ()
    assert DYNAMIC.applet == ""


@EACH
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: "", id="none"),
        pytest.param(lambda stamp: stamp + "\n", id="a line break after it"),
        pytest.param(lambda stamp: stamp + " ", id="a blank after it"),
        pytest.param(lambda stamp: " " + stamp, id="a blank before it"),
        pytest.param(lambda stamp: stamp.replace(" ", "  ", 1), id="two blanks"),
        pytest.param(lambda stamp: stamp.rpartition(" ")[0], id="a word less"),
        pytest.param(lambda stamp: stamp + " more", id="a word more"),
        pytest.param(lambda stamp: stamp.replace("dshell-abcde", "dshell-ABCDE"), id="capitals"),
        pytest.param(lambda stamp: stamp.replace("dshell-abcde", "-abcde"), id="a name that is a flag"),
        pytest.param(lambda stamp: stamp.replace("dshell-abcde", "a" * 64), id="a long name"),
        pytest.param(lambda stamp: stamp.replace("dshell-abcde", "../../x"), id="a name that is a path"),
        pytest.param(lambda stamp: stamp.replace(" 42 ", " 0 "), id="no process"),
        pytest.param(lambda stamp: stamp.replace(" 42 ", " 042 "), id="an octal number"),
        pytest.param(lambda stamp: stamp.replace(" 42 ", " 43 "), id="another process than the command's"),
        pytest.param(lambda stamp: stamp.replace(" 42 ", " ٤٢ "), id="digits of others"),
        pytest.param(lambda stamp: stamp.replace(" 42 ", " -42 "), id="a negative number"),
        pytest.param(lambda stamp: stamp.replace(" 42 ", " 1000000000 "), id="a large number"),
        pytest.param(lambda stamp: stamp.replace(" 42 ", f" {'9' * 5000} "), id="a huge number"),
        pytest.param(lambda stamp: stamp.replace("123456", ""), id="no time"),
        pytest.param(lambda stamp: stamp.replace("123456", "1" * 16), id="a late time"),
        pytest.param(lambda stamp: stamp.replace(" . ", " x ").replace(" / ", " x "), id="other links"),
        pytest.param(lambda stamp: stamp.replace("/bin:", "bin:"), id="a relative path"),
        pytest.param(lambda stamp: stamp.replace("/bin:", "/bin::"), id="an empty path"),
        pytest.param(lambda stamp: stamp.replace("/bin:", "/b\nin:"), id="a path of two lines"),
        pytest.param(lambda stamp: stamp.replace("/bin:", "/$(id):"), id="a path that is a command"),
        pytest.param(lambda stamp: stamp.replace("/bin:", "/b;in:"), id="a path with a semicolon"),
        pytest.param(lambda stamp: stamp.replace("/bin:", "/'bin:"), id="a path with a quote"),
        pytest.param(lambda stamp: stamp.replace("/bin:", "/ü:"), id="a path outside ASCII"),
        pytest.param(lambda stamp: stamp.replace("/bin:", "/x" * 100_000 + "!:"), id="a long path that goes wrong"),
    ],
)
def test_a_stamp_of_another_form_is_none(tools: Tools, change: Any) -> None:
    assert parse_tools(change(tools.stamp), command(tools)) is None


@EACH
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _words: [], id="none"),
        pytest.param(lambda words: words[:-1] if words[-1] == "sh" else words[:-2], id="a word less"),
        pytest.param(lambda words: ["sh", *words], id="a word before"),
        pytest.param(lambda _words: ["/proc/42/root/x", "--library-path"], id="a loader without libraries"),
        pytest.param(lambda _words: ["", "--library-path", "", ""], id="empty words"),
        pytest.param(lambda words: [words[0] + "\n", *words[1:]], id="a line break"),
        pytest.param(lambda words: [words[0].replace("/42/", "/43/"), *words[1:]], id="another process"),
        pytest.param(lambda words: [words[0].removeprefix("/proc/42/root"), *words[1:]], id="a shell of the app's"),
        pytest.param(lambda words: [*words[:-1], words[-1] + ";id"], id="a shell that is a command"),
        pytest.param(lambda words: [*words[:-1], words[-1] + "/$(id)"], id="a shell that is a substitution"),
        pytest.param(lambda words: [words[0] + " ", *words[1:]], id="a blank"),
        pytest.param(lambda words: [words[0] + "/proc/42/root/x:", *words[1:]], id="two shells"),
    ],
)
def test_a_command_that_starts_another_shell_is_none(tools: Tools, change: Any) -> None:
    assert parse_tools(tools.stamp, change(list(tools.shell_words))) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("holder", 0),
        ("holder", 1_000_000_000),
        ("path", ""),
        ("path", "bin"),
        ("path", "/bin:"),
        ("path", ":/bin"),
        ("path", "/bin /x"),
        ("path", "/bin\n"),
        ("path", "/b*n"),
        ("shell", ""),
        ("shell", "/"),
        ("shell", "busybox"),
        ("shell", "/bin/busybox:/bin/x"),
        ("shell", "/bin/$busybox"),
        ("shell", "/bin/busybox -c"),
        ("loader", ""),
        ("loader", "ld.so"),
        ("loader", "/lib/`ld`.so"),
        ("libraries", ""),
        ("libraries", "lib"),
        ("libraries", "/lib:/a b"),
    ],
)
def test_odd_answers_of_a_lender_are_not_used(name: str, value: object) -> None:
    answer: dict[str, Any] = {
        "holder": 42,
        "started": 1,
        "links": "relative",
        "path": "/bin:/usr/bin",
        "shell": "/bin/busybox",
        "loader": "/lib/ld.so",
        "libraries": "/lib:/usr/lib",
    }
    assert lent(**answer)

    assert lent(**answer | {name: value}) is None
