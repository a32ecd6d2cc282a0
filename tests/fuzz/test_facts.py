"""What a program in a pod says through an exec: a line of facts, of the state, a word about the end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.access.facts import Facts, HolderState, parse_id
from kubectl_dshell.domain.access.identity import Identity, Source, correction, disbelieved, why_disbelieved
from kubectl_dshell.domain.access.root_access import how_to_enter, why_denied
from kubectl_dshell.errors import Malformed
from kubectl_dshell.remote import protocol
from tests.pods import make_pod, running

NAMES = ["pid", "uid", "gid", "caps", "dumpable", "root", "our_uid", "our_gid", "our_caps", "left", "holder"]
STATE_NAMES = ["holder", "sessions", "silent", "kept", "left"]
number = st.one_of(
    st.integers(-5, 2**33).map(str), st.text("0123456789abcdef-+_²٣x,.", max_size=24), st.text(max_size=8)
)
ids = st.one_of(st.lists(number, max_size=6).map(",".join), number)
value = st.one_of(
    number, ids, st.sampled_from(["ok", "denied", "yes", "no", "gone", "new", "none", "0,0,0,0", "f" * 16])
)


def lines(marker: str, names: list[str]) -> st.SearchStrategy[str]:
    """Mostly of their form: with every name once, now and then with too many, too few, or something else between."""
    whole = st.tuples(*[value.map(f"{name}={{}}".format) for name in names]).map(" ".join)
    words = st.lists(st.one_of(st.tuples(st.sampled_from(names), value).map("=".join), st.text(max_size=9))).map(
        " ".join
    )
    return st.one_of(st.text(), st.tuples(st.just(marker), st.one_of(whole, words, st.text())).map(" ".join))


@given(lines("dshell", NAMES))
def test_a_line_of_facts_is_read_or_malformed(line: str) -> None:
    try:
        facts = protocol.parse_facts(line)
    except Malformed:
        return
    every = [*(facts.uid or ()), *(facts.gid or ()), facts.our_uid, facts.our_gid]
    assert all(0 <= one < 2**32 for one in every)
    assert 0 <= facts.caps < 2**64
    assert abs(facts.left) < 10**9


@given(
    st.builds(
        Facts,
        pid=st.just(7),
        uid=st.tuples(*[st.sampled_from([0, 5, 65532, 2**31, 2**32 - 1])] * 4),
        gid=st.tuples(*[st.sampled_from([0, 5, 65532])] * 4),
        caps=st.sampled_from([0, 0x400, 2**64 - 1]),
        dumpable=st.sampled_from([True, False, None]),
        root_open=st.booleans(),
        our_uid=st.sampled_from([0, 5, 65532]),
        our_gid=st.sampled_from([0, 5, 65532]),
        our_caps=st.sampled_from([0, 2**64 - 1]),
        left=st.just(1),
        holder_alive=st.booleans(),
    ),
    st.sampled_from([None, (0, 0), (0, 5), (65532, 65532), (5, 0)]),
    st.sampled_from(list(Source)),
)
def test_whatever_is_measured_nobody_becomes_root_and_no_named_user_another(
    facts: Facts, user: tuple[int, int] | None, source: Source
) -> None:
    pod = make_pod(statuses=[running(user=user)])
    app, current = pod.containers[0], Identity(*(user or (65532, 65532)), source)

    better = correction(current, facts, pod, app)
    if better is not None:
        assert better.uid != 0 or (user is not None and user[0] == 0)
        assert better.gid != 0 or better.uid != 0
        assert user is None or user[0] == 0
    if claimed := disbelieved(current, facts, pod, app):
        assert better is None
        assert why_disbelieved(claimed, pod, app)
    assert why_denied(facts, pod)
    assert how_to_enter(facts, "kubectl dshell web")


@given(lines("dshell-state", STATE_NAMES))
def test_a_line_of_the_state_is_read_whatever_it_says(line: str) -> None:
    state, live = protocol.parse_state(line)

    assert state in set(HolderState)
    if live is not None:
        assert all(abs(one) < 10**9 for one in (live.clients, live.silent, live.kept, live.left))
        assert live.clients >= 0 <= live.kept


@given(st.lists(st.one_of(st.text(), st.just("dshell-end "), st.just("dshell-end none"))).map("\n".join))
def test_a_word_about_the_end_is_read_or_there_is_none(out: str) -> None:
    why = protocol.parse_end(out)

    assert why is None or isinstance(why, str)


@given(st.one_of(st.text(), number))
def test_an_id_has_32_bits(text: str) -> None:
    found = parse_id(text)

    assert found is None or (0 <= found < 2**32 and text.isascii())
