from __future__ import annotations

from typing import Any

from hack.nodes.results import Outcome, by_test, read_junit, table

JUNIT = """<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" errors="1" failures="1" tests="4">
<testcase classname="tests.e2e.test_open" name="test_one[a b]" time="1.0" />
<testcase classname="tests.e2e.test_open" name="test_two" time="1.0"><failure message="no">words</failure></testcase>
<testcase classname="tests.e2e.test_cp" name="test_three" time="1.0"><error message="no">words</error></testcase>
<testcase classname="tests.e2e.test_cp" name="test_four" time="1.0"><skipped message="why" /></testcase>
</testsuite></testsuites>"""
RAN: dict[str, Any] = {
    "runtime": "containerd-1.7",
    "runtime_version": "1.7.24",
    "kubernetes": "1.30.14",
    "kernel": "6.12-amd64",
    "accelerator": "tcg",
    "module": "apparmor",
    "seconds": 305,
    "why": "",
    "tests": read_junit(JUNIT),
}
ABSENT: dict[str, Any] = {
    **RAN,
    "runtime": "crio",
    "runtime_version": "",
    "kernel": "",
    "seconds": 0,
    "why": "no pinns",
    "tests": {},
}


def test_what_pytest_wrote_is_read_by_test() -> None:
    assert read_junit(JUNIT) == {
        "tests/e2e/test_open.py::test_one[a b]": Outcome.PASSED,
        "tests/e2e/test_open.py::test_two": Outcome.FAILED,
        "tests/e2e/test_cp.py::test_three": Outcome.FAILED,
        "tests/e2e/test_cp.py::test_four": Outcome.SKIPPED,
    }


def test_a_node_is_a_line_with_what_passed_failed_and_was_not_run() -> None:
    assert table([RAN, ABSENT]).splitlines()[2:] == [
        "| containerd 1.7.24 | 1.30.14 | 6.12-amd64, tcg | AppArmor | 1 | 2 | 1 | 5:05 |",
        "| crio | 1.30.14 | - | AppArmor | 0 | 0 | 4: no pinns | 0:00 |",
    ]


def test_a_test_is_a_line_with_a_column_for_each_node_that_ran() -> None:
    head, _, *lines = by_test([RAN, ABSENT]).splitlines()

    assert head == "| | containerd 1.7.24, Kubernetes 1.30.14, AppArmor |"
    assert lines == [
        "| `test_open.py::test_one[a b]` | passed |",
        "| `test_open.py::test_two` | failed |",
        "| `test_cp.py::test_three` | failed |",
        "| `test_cp.py::test_four` | skipped |",
    ]
