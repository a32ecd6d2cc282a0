"""The tools that an entry claims to borrow, which anybody may have written, and those that a lender claims to have."""

from __future__ import annotations

import re
import shlex

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.app_image.tools import Tools, parse_tools
from kubectl_dshell.errors import Malformed
from kubectl_dshell.remote import protocol
from kubectl_dshell.remote.exec_script import shell_of

number = st.one_of(st.integers(-5, 10**17).map(str), st.text("0123456789²٣-+_", max_size=20))
path = st.one_of(
    st.text("/ab.:+-_ \n;$'", max_size=24),
    st.sampled_from(["/bin", "/bin:/usr/bin", "/bin/busybox", "/usr/bin/bash", "/lib/ld.so", "/proc/7/root"]),
    st.text(max_size=8),
)
name = st.one_of(st.sampled_from(["dshell-abcde", "a", "-", "A"]), st.text(max_size=8))
stamps = st.one_of(st.text(), st.tuples(name, number, number, st.sampled_from(["/", ".", "x"]), path).map(" ".join))
words = st.one_of(
    st.text(max_size=8),
    st.just("--library-path"),
    st.just("sh"),
    st.tuples(st.sampled_from(["/proc/7/root", "/proc/8/root", ""]), path).map("".join),
)


def is_plain(tools: Tools) -> None:
    """Nothing in the text for a shell means anything to it."""
    assert all(re.fullmatch(r"[\w./:+-]*", word, re.ASCII) for word in (*tools.shell_words, tools.search_path))
    prelude = shell_of(tools).prelude
    assert f"tools_shell={shlex.quote(' '.join(tools.shell_words))}\n" in prelude
    assert "\n\n" not in prelude, "an empty line ends a script"


@given(st.one_of(stamps, st.just("dshell-abcde 7 5 . /bin")), st.lists(words, max_size=6))
def test_a_stamp_and_a_command_are_read_or_not_used(stamp: str, command: list[str]) -> None:
    tools = parse_tools(stamp, command)
    if tools is not None:
        assert tuple(command[: len(tools.shell_words)]) == tools.shell_words
        is_plain(tools)


@given(number, number, *[path] * 4)
def test_the_facts_of_a_lender_are_read_or_malformed(
    holder: str, started: str, shell: str, folders: str, loader: str, libraries: str
) -> None:
    line = (
        "dshell pid=0 our_uid=1 our_gid=1 our_caps=0 left=5 holder=ok "
        f"lends_holder={holder} lends_started={started} lends_shell={shell} lends_links=relative lends_path={folders} "
        f"lends_loader={loader} lends_libraries={libraries}"
    )
    try:
        facts = protocol.parse_facts(line)
    except Malformed:
        return
    if facts.tools is not None:
        is_plain(facts.tools)
        named = facts.tools._replace(lender="dshell-abcde")
        assert parse_tools(named.stamp, named.shell_words) == named
