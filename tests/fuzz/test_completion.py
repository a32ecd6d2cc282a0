"""Whatever is on the line, and whatever a server lists: candidates, or none."""

from __future__ import annotations

import json
import shlex

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.cli.completion.line import read_line
from kubectl_dshell.cli.completion.wanted import wanted
from kubectl_dshell.cli.completion.words import is_offered, unquoted
from kubectl_dshell.cli.dispatch import VERBS
from kubectl_dshell.cli.help import verbs
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.kube.names import _rows, containers

_WORDS = st.one_of(
    st.sampled_from(
        ["-n", "-n=", "--namespace=", "-qn", "--dry-run", "--cap-add", "-c", "--", "-", "--=", "=", ",", ""]
    ),
    st.sampled_from([*VERBS, "help", "version", "web:/etc/", "shop/web:", "deploy/", "pod/x", "/", ":", "\udcff"]),
    st.text(max_size=8),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["rows", "cells", "columnDefinitions", "name", "spec", "containers", "initContainers"]),
            inner,
        )
    ),
    max_leaves=20,
)


@given(st.lists(_WORDS, max_size=6))
def test_any_words(words: list[str]) -> None:
    line = read_line(words, VERBS, open_command)

    if line is not None:
        want = wanted(line, verbs())
        assert all(one.word for one in want.words)


@given(_JSON)
def test_any_list(document: object) -> None:
    document = json.loads(json.dumps(document))

    for one in [*_rows(document), *containers(document)]:
        assert isinstance(one.name, str)
        assert isinstance(one.status, str)


@given(st.text(alphabet="a\\'\"$` ", max_size=12))
def test_any_word_of_bash(typed: str) -> None:
    assert len(unquoted(typed)) <= len(typed)


@given(st.text(max_size=12))
def test_what_is_offered_without_quotes_needs_none(name: str) -> None:
    if is_offered(name, quoted=False):
        assert shlex.quote(name.replace("=", "x")) == name.replace("=", "x")
