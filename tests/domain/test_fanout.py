"""One exit code and one line for many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubectl_dshell.domain.fanout import RunResult, advice, overall, summary
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.errors import ConnectionLost, DshellError, Forbidden, NotFound, Unavailable


def result(code: int | None = None, error: DshellError | None = None, pod: str = "web") -> RunResult:
    return RunResult(ContainerRef("shop", pod, "app"), 1.0, code, error)


STOPPED = result()
EARLIER = replace(STOPPED, earlier="an earlier run has run it")


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([], 0),
        ([result(0)], 0),
        ([result(0), result(0)], 0),
        ([result(0), result(3)], 3),
        ([result(137), result(3)], 137),
        ([result(0), result(error=NotFound("x"))], 66),
        ([result(error=NotFound("x")), result(error=Forbidden("x")), result(error=Unavailable("x"))], 77),
        ([result(255), result(error=NotFound("x"))], 66),
        ([result(127), result(error=ConnectionLost("x")), result(0)], 76),
        ([result(0), STOPPED], 0),
        ([result(2), STOPPED], 2),
        ([STOPPED], 0),
        ([result(0), EARLIER], 0),
        ([result(3), EARLIER], 3),
    ],
)
def test_ours_before_theirs_and_the_highest_of_each(results: list[RunResult], code: int) -> None:
    assert overall(results) == code


@pytest.mark.parametrize(
    ("results", "total", "text"),
    [
        ([result(0), result(0)], 2, "2 ok, 0 failed"),
        ([result(0), result(3, pod="db")], 2, "1 ok, 1 failed: db (exit code 3)"),
        ([result(0), result(error=Forbidden("x"), pod="db")], 2, "1 ok, 1 failed: db (FORBIDDEN)"),
        ([result(0), STOPPED], 4, "1 ok, 3 stopped, 0 failed"),
        ([result(0), EARLIER, EARLIER], 3, "1 ok, 2 already run, 0 failed"),
        ([EARLIER, STOPPED, result(1)], 3, "0 ok, 1 already run, 1 stopped, 1 failed: web (exit code 1)"),
        (
            [result(1, pod=f"web-{n}") for n in range(7)],
            7,
            "0 ok, 7 failed: web-0 (exit code 1), web-1 (exit code 1), web-2 (exit code 1), web-3 (exit code 1), web-4 (exit code 1) and 2 more",
        ),
    ],
)
def test_the_summary_names_who_failed(results: list[RunResult], total: int, text: str) -> None:
    assert summary(results, total) == text


def test_advice_is_given_once_for_each_class() -> None:
    results = [
        result(0),
        result(error=NotFound("x", "look for x")),
        result(error=NotFound("y", "look for y")),
        result(error=Forbidden("z", "ask", "or beg")),
    ]

    assert advice(results) == ["look for x", "ask", "or beg"]
