"""The runbooks are scripts that a person can trust at 3 a.m.; what they do is shown in tests/e2e/test_runbooks.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .runbooks import RUNBOOKS, Incident, scripts

E2E = Path(__file__).parent / "e2e/test_runbooks.py"
TEXT = RUNBOOKS.read_text(encoding="utf-8")


def shellcheck(script: str, *flags: str) -> str:
    command = [str(Path(sys.executable).with_name("shellcheck")), *flags, "-"]
    return subprocess.run(command, input=script, capture_output=True, text=True, check=False).stdout


def test_each_incident_has_one_script() -> None:
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)

    assert headings == [*Incident, "A whole cluster, as a Job"]
    assert list(scripts()) == list(Incident)
    assert TEXT.count("```") == 2 * (len(Incident) + 1)


@pytest.mark.parametrize("incident", Incident)
def test_each_is_run_on_a_cluster(incident: Incident) -> None:
    assert f"Incident.{incident.name}" in E2E.read_text(encoding="utf-8")


@pytest.mark.parametrize("incident", Incident)
def test_shellcheck_finds_nothing(incident: Incident) -> None:
    script = scripts()[incident]

    assert script.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in script
    assert shellcheck(script) == ""


@pytest.mark.parametrize("incident", Incident)
def test_shellcheck_finds_nothing_in_what_runs_in_the_pod(incident: Incident) -> None:
    for inner in re.findall(r"<<'EOF'\n(.*?)^EOF$", scripts()[incident], re.DOTALL | re.MULTILINE):
        assert shellcheck(inner, "--shell=busybox", "--severity=warning") == ""


@pytest.mark.parametrize("incident", Incident)
def test_what_it_needs_to_know_comes_from_the_environment(incident: Incident) -> None:
    """And no line of it is wider than a terminal that lies next to another."""
    script = scripts()[incident]

    assert "NS=${NS:-}" in script
    assert [line for line in script.splitlines() if len(line) > 120] == []


def test_what_they_link_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)", TEXT)

    assert [link for link in links if not (RUNBOOKS.parent / link).exists()] == []
