"""The last line of `ls`: how many have ended and are not shown, or that there is nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubectl_dshell.commands.manage.last_line import last_line
from kubectl_dshell.commands.manage.list import ListRequest
from kubectl_dshell.domain.debug_container.listing import NOT_ENDED, ListFilter, Stage
from kubectl_dshell.domain.text.invocation import PLAIN, Invocation

USUAL = ListFilter(stages=NOT_ENDED)
IN_SHOP = ListRequest("shop", choice=USUAL)
ALL = "kubectl dshell ls --all -n shop"


@pytest.mark.parametrize(
    ("shown", "ended", "line"),
    [
        (1, 0, ""),
        (1, 1, f"1 has ended: {ALL}"),
        (1, 11, f"11 have ended: {ALL}"),
        (0, 0, "no debug containers in namespace shop"),
        (0, 1, f"no running or waiting debug containers in namespace shop (1 has ended: {ALL})"),
        (0, 3, f"no running or waiting debug containers in namespace shop (3 have ended: {ALL})"),
    ],
)
def test_those_that_ended_are_counted(shown: int, ended: int, line: str) -> None:
    assert last_line(IN_SHOP, shown, ended, PLAIN) == line


@pytest.mark.parametrize(
    ("stages", "line"),
    [
        ({Stage.RUNNING}, "no running debug containers in namespace shop"),
        ({Stage.RUNNING, Stage.ENDED}, "no running or ended debug containers in namespace shop"),
        (set(Stage), "no debug containers in namespace shop"),
    ],
)
def test_whoever_chose_a_state_is_not_told_of_others(stages: set[Stage], line: str) -> None:
    request = ListRequest("shop", choice=ListFilter(stages=frozenset(stages)))

    assert last_line(request, 1, 3, PLAIN) == ""
    assert last_line(request, 0, 3, PLAIN) == line


@pytest.mark.parametrize(
    ("request_", "words", "what"),
    [
        (ListRequest(None, choice=USUAL), "-A --all", "debug containers in any namespace"),
        (
            replace(IN_SHOP, choice=replace(USUAL, pods=frozenset({"web", "api"}))),
            "api web --all -n shop",
            "debug containers in api, web in namespace shop",
        ),
        (
            replace(IN_SHOP, selector="app in (web)", mine=True),
            "-l 'app in (web)' --mine --all -n shop",
            "debug containers created by you in namespace shop in pods with labels app in (web)",
        ),
    ],
)
def test_the_command_lists_the_same_and_those_that_ended(request_: ListRequest, words: str, what: str) -> None:
    there = Invocation(("--context", "prod"))
    command = f"kubectl dshell ls {words} --context prod"

    assert last_line(request_, 1, 2, there) == f"2 have ended: {command}"
    assert last_line(request_, 0, 2, there) == f"no running or waiting {what} (2 have ended: {command})"


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        (replace(USUAL, stale=True, older_than=3600), "no stale debug containers in namespace shop"),
        (replace(USUAL, older_than=3600), "no debug containers older than 1h in namespace shop"),
    ],
)
def test_an_empty_list_says_what_was_looked_for(choice: ListFilter, line: str) -> None:
    assert last_line(replace(IN_SHOP, choice=choice), 0, 0, PLAIN) == line
