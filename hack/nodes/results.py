"""What came of the tests on each kind of node, as tables."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree as ET

from .kind import Module


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


def read_junit(text: str) -> dict[str, Outcome]:
    """By `tests/e2e/test_X.py::test_name[parameters]`, of a report that pytest wrote on this machine."""
    return {
        f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}": _outcome(case)
        for case in ET.fromstring(text).iter("testcase")
    }


def table(rows: list[dict[str, Any]]) -> str:
    """A line a node."""
    lines = [
        "| runtime | Kubernetes | kernel | module | passed | failed | not run | time |",
        "|---|---|---|---|---|---|---|---|",
    ]
    every = {test for row in rows for test in row["tests"]}
    for row in rows:
        count = Counter(row["tests"].values())
        absent = len(every) - len(row["tests"]) + count[Outcome.SKIPPED]
        not_run = f"{absent}: {row['why']}" if row["why"] else str(absent)
        kernel = f"{row['kernel']}, {row['accelerator']}" if row["kernel"] else "-"
        numbers = f"{count[Outcome.PASSED]} | {count[Outcome.FAILED]} | {not_run} | {row['seconds'] // 60}:{row['seconds'] % 60:02}"
        lines.append(f"| {_name(row)} | {row['kubernetes']} | {kernel} | {_module(row)} | {numbers} |")
    return "\n".join(lines)


def by_test(rows: list[dict[str, Any]]) -> str:
    """A line a test, a column a node that ran, as in docs/compatibility.md."""
    ran = [row for row in rows if row["tests"]]
    heads = [f"{_name(row)}, Kubernetes {row['kubernetes']}, {_module(row)}" for row in ran]
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(ran) + 1) + "|"]
    for test in dict.fromkeys(test for row in ran for test in row["tests"]):
        cells = " | ".join(row["tests"].get(test, "not run") for row in ran)
        lines.append(f"| `{test.removeprefix('tests/e2e/')}` | {cells} |")
    return "\n".join(lines)


def _module(row: dict[str, Any]) -> str:
    return Module(row["module"]).shown


def _name(row: dict[str, Any]) -> str:
    return f"{row['runtime'].partition('-')[0]} {row['runtime_version']}".strip()


def _outcome(case: ET.Element) -> Outcome:
    if case.find("failure") is not None or case.find("error") is not None:
        return Outcome.FAILED
    return Outcome.SKIPPED if case.find("skipped") is not None else Outcome.PASSED
