from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.access.facts import EnterStatus, Facts, HolderState
from kubectl_dshell.domain.app_image.tools import Tools
from kubectl_dshell.domain.debug_container.spec import escape_expansion
from kubectl_dshell.domain.debug_container.status import HolderReport
from kubectl_dshell.errors import Malformed
from kubectl_dshell.remote import protocol

ID = "abc12345"
LINE = (
    "dshell pid=7 uid=0,101,102,103 gid=1,2,3,4 caps=0000000000000400 dumpable=no root=denied "
    "our_uid=65532 our_gid=0 our_caps=00000000a80425fb left=28790 holder=ok"
)


def test_each_word_is_a_line() -> None:
    assert protocol.beat(ID, 50) == b"beat abc12345 50\n"
    assert protocol.bye(ID) == b"bye abc12345\n"
    assert protocol.keep(3600) == b"keep 3600\n"
    assert protocol.END == b"end\n"


@pytest.mark.parametrize("seconds", [-5, 0, 10**12])
def test_seconds_are_brought_into_what_the_holder_can_calculate_with(seconds: int) -> None:
    assert 1 <= int(protocol.keep(seconds).split()[1]) <= 999_999_999


@pytest.mark.parametrize("bad", ["", "abc", "abc1234\n", "abc 1234", "ABCDEFGH", "abc123456"])
def test_a_session_id_has_one_length_and_nothing_special(bad: str) -> None:
    with pytest.raises(ValueError, match="session id"):
        protocol.beat(bad, 50)


def test_a_line_of_facts_is_read() -> None:
    assert protocol.parse_facts(LINE) == Facts(
        pid=7,
        uid=(0, 101, 102, 103),
        gid=(1, 2, 3, 4),
        caps=0x400,
        dumpable=False,
        root_open=False,
        our_uid=65532,
        our_gid=0,
        our_caps=0xA80425FB,
        left=28790,
        holder_alive=True,
    )


@pytest.mark.parametrize(
    ("target", "hidden"),
    [
        ("pid=0 first=closed", True),
        ("pid=0 first=open", False),
        ("pid=0", False),
        ("pid=7 uid=0,0,0,0 gid=0,0,0,0 caps=0 first=closed", False),
    ],
)
def test_the_target_is_hidden_only_where_it_is_not_seen(target: str, hidden: bool) -> None:
    facts = protocol.parse_facts(f"dshell {target} our_uid=0 our_gid=0 our_caps=0 left=1 holder=ok")

    assert facts.hidden is hidden


LENDS = "lends_holder=9 lends_started=1234 lends_shell=/bin/busybox lends_links=absolute lends_path=/bin:/sbin"


@pytest.mark.parametrize(
    ("words", "tools"),
    [
        ("", None),
        (LENDS, Tools("", 9, 1234, links_lead_away=True, path="/bin:/sbin", shell="/bin/busybox")),
        (
            f"{LENDS} lends_loader=/lib/ld.so lends_libraries=/lib".replace("absolute", "relative"),
            Tools("", 9, 1234, False, "/bin:/sbin", "/bin/busybox", "/lib/ld.so", "/lib"),
        ),
        (LENDS.replace("/bin/busybox", "/bin/$(id)"), None),
        (LENDS.replace(" lends_path=/bin:/sbin", ""), None),
        (LENDS.replace("lends_shell=/bin/busybox", ""), None),
    ],
)
def test_the_tools_of_a_line_of_facts_are_read(words: str, tools: Tools | None) -> None:
    assert protocol.parse_facts(f"{LINE} {words}").tools == tools


@pytest.mark.parametrize(
    "change",
    [
        ("lends_holder=9", "lends_holder=x"),
        ("lends_holder=9", "lends_holder=²"),
        ("lends_holder=9", ""),
        ("lends_started=1234", "lends_started=-1"),
        ("lends_started=1234", f"lends_started={'1' * 16}"),
        ("lends_started=1234", ""),
    ],
)
def test_numbers_of_tools_that_are_none_are_malformed(change: tuple[str, str]) -> None:
    with pytest.raises(Malformed):
        protocol.parse_facts(f"{LINE} {LENDS.replace(*change)}")


@pytest.mark.parametrize(
    ("line", "state", "live"),
    [
        (
            "dshell-state holder=ok sessions=2 silent=3 kept=0 left=28700",
            HolderState.LISTENS,
            HolderReport(clients=2, silent=3, kept=0, left=28700),
        ),
        ("dshell-state holder=ok", HolderState.LISTENS, None),
        ("dshell-state holder=ok sessions=x silent=3 kept=0 left=1", HolderState.LISTENS, None),
        ("dshell-state holder=ok sessions=² silent=3 kept=0 left=1", HolderState.LISTENS, None),
        (f"dshell-state holder=ok sessions=1 silent=3 kept=0 left=1{'0' * 400}", HolderState.LISTENS, None),
        ("dshell-state holder=ok sessions=-1 silent=3 kept=0 left=1", HolderState.LISTENS, None),
        ("dshell-state holder=gone holder=ok", HolderState.UNKNOWN, None),
        (f"dshell-state holder=ok {'x' * 5000}", HolderState.UNKNOWN, None),
        ("dshell-state holder=gone sessions=2 silent=3 kept=0 left=28700", HolderState.GONE, None),
        ("dshell-state holder=none", HolderState.UNKNOWN, None),
        ("dshell-state", HolderState.UNKNOWN, None),
        ("sh: not found", HolderState.UNKNOWN, None),
        ("", HolderState.UNKNOWN, None),
    ],
)
def test_an_answer_about_the_state_is_read(line: str, state: HolderState, live: HolderReport | None) -> None:
    assert protocol.parse_state(line) == (state, live)


def test_words_of_a_later_script_are_passed_over() -> None:
    assert protocol.parse_facts(f"{LINE} lsm=apparmor new") == protocol.parse_facts(LINE)


@pytest.mark.parametrize(("word", "dumpable"), [("yes", True), ("no", False), ("unknown", None)])
def test_dumpable_may_be_unknown(word: str, dumpable: bool | None) -> None:
    assert protocol.parse_facts(LINE.replace("dumpable=no", f"dumpable={word}")).dumpable is dumpable


def test_without_a_visible_target_the_facts_are_ours_alone() -> None:
    facts = protocol.parse_facts("dshell pid=0 our_uid=1 our_gid=2 our_caps=0 left=0 holder=gone")

    assert (facts.pid, facts.uid, facts.gid, facts.root_open, facts.holder_alive) == (0, None, None, False, False)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "sh: not found",
        "dshell",
        "dshell garbage",
        "dshell pid=7",
        LINE.replace("uid=0,101,", "uid=0,"),
        LINE.replace("uid=0,101,", "uid=0,4294967296,"),
        LINE.replace("uid=0,101,", "uid=0,²,"),
        LINE.replace("pid=7", "pid=²"),
        LINE.replace("left=28790", f"left=1{'0' * 400}"),
        LINE.replace("left=28790", "left=--1"),
        LINE.replace("caps=0000000000000400", "caps=00000000000000400"),
        LINE.replace("caps=0000000000000400", "caps=0x4"),
        LINE.replace("our_caps=00000000a80425fb", "our_caps=-1"),
        f"{LINE} uid=0,0,0,0",
        f"{LINE} {'x' * 5000}",
    ],
)
def test_another_line_is_refused_by_name(line: str) -> None:
    with pytest.raises(Malformed):
        protocol.parse_facts(line)


def test_what_is_large_and_true_is_read() -> None:
    line = LINE.replace("uid=0,101,", "uid=4294967295,1000680000,").replace("left=28790", "left=-3")
    facts = protocol.parse_facts(line.replace("0000000000000400", "f" * 16))

    assert (facts.uid, facts.left, facts.caps) == ((4294967295, 1000680000, 102, 103), -3, 2**64 - 1)


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("dshell-end \n", None),
        ("", None),
        ("dshell-end x\n", ""),
        ("dshell-end blind\ndshell-end \n", protocol._NOT_SIGNALLED["blind"]),
    ],
)
def test_a_word_about_the_end_may_be_missing(out: str, why: str | None) -> None:
    assert protocol.parse_end(out) == why


@given(st.text())
def test_the_kubelet_gives_an_escaped_text_back(text: str) -> None:
    escaped = escape_expansion(text)

    assert escaped.replace("$$", "$") == text
    assert "$(" not in escaped.replace("$$", "")


def test_exit_codes_of_the_script() -> None:
    assert [int(status) for status in EnterStatus] == [71, 72, 73]
