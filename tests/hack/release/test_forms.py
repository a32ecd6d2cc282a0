"""A form that does not work is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hack.release.forms import Form, check
from hack.release.layout import TOP
from hack.release.process import ReleaseError


def form(tmp_path: Path, code: str) -> Form:
    return Form(
        "made here", [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(TOP)!r})\n{code}"], tmp_path, 0
    )


def test_the_program_works_in_an_empty_root(tmp_path: Path) -> None:
    check(form(tmp_path, "from kubectl_dshell.__main__ import run; run()"))


def test_a_form_that_lacks_a_module_is_refused_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"made here: kubectl-dshell --version ended with 1: (?s:.*)no_such_module"):
        check(form(tmp_path, "import no_such_module"))


def test_a_form_of_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"kubectl-dshell 0\.0\.9"):
        check(form(tmp_path, "print('kubectl-dshell 0.0.9')"))
