"""docs/faq.md answers what is asked most, and what it says of the program is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
FAQ = (TOP / "docs/faq.md").read_text(encoding="utf-8")
ANSWERS = dict(re.findall(r"^### (.+\?)\n\n((?:(?!^### ).*\n?)+)", FAQ, re.MULTILINE))
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((TOP / "tests").rglob("test_*.py")))


@pytest.mark.parametrize(
    "words",
    ["entries stay", "cost", "restart my app", "OpenShift", "static pods", "service mesh", "not simply chroot"],
)
def test_a_question_has_an_answer(words: str) -> None:
    (answer,) = [text for question, text in ANSWERS.items() if words in question]

    assert len(answer.split()) > 20


def test_every_question_has_an_answer_of_its_own() -> None:
    assert len(ANSWERS) == len(re.findall(r"^### ", FAQ, re.MULTILINE)) > 15


@pytest.mark.parametrize(
    ("said", "test"),
    [
        ("refused (66) before anything is added", "test_a_static_pod_is_refused_with_another_way_in"),
        ("at most 1.2 kB and 30 lines", "test_an_entry_is_small_and_can_be_read"),
        ("one process without CPU time", "test_a_holder_is_one_process_that_never_wakes_up_by_itself"),
        ("one small frame in ten seconds", "test_an_idle_session_sends_a_small_frame_in_ten_seconds_at_most"),
        ("[can be entered, too]", "test_a_sidecar_is_entered_by_name"),
        ("lives as long as it does", "test_a_session_in_a_sidecar_lives_as_long_as_that_which_is_stopped_last"),
        ("`--chroot`", "test_a_command_has_the_live_root_as_its_own"),
        ("written to unless you write to it", "test_nobody_writes_into_the_apps_files_but_the_user"),
        ("error (77) in its own words", "test_an_admission_policy_speaks_in_its_own_words"),
    ],
)
def test_what_is_said_has_a_test(said: str, test: str) -> None:
    assert said in " ".join(FAQ.split())
    assert f"def {test}(" in TESTS
