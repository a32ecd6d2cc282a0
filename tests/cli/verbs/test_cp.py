"""Words that make no copy end with 64, before anything is touched."""

from __future__ import annotations

import pytest

from kubectl_dshell.cli.main import main
from kubectl_dshell.cli.verbs.cp import cp_command
from kubectl_dshell.cli.verbs.open import open_command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "a source and a destination are required: kubectl dshell cp POD:PATH ."),
        (["web:/etc"], "a source and a destination are required:"),
        (["a", "b"], "either the source or the destination must be in a pod: POD:PATH"),
        (["web:/etc", "b", "c"], "either the source or the destination must be in a pod: POD:PATH"),
        (["web:/etc", "api:/tmp", "-y"], "cannot copy from one pod to another"),
        (["web:/etc", "api:/etc", "."], "cannot copy from several pods at once"),
        (["shop/web:/etc", "web:/etc", "."], "cannot copy from several pods at once"),
        (["-", "web:/tmp", "-y"], "cannot read an archive from stdin; use: kubectl dshell POD -- tar x"),
        (["web:", "."], "'web:' has no path; write web:/ for the app's root"),
        (["Web:/etc", "."], "is not [NAMESPACE/]POD:PATH"),
        (["file", "web:/tmp"], "there is no terminal to ask for confirmation; use -y"),
        (["web:/etc", ".", "--imag", "x"], "--image"),
        (["a\udcff", "web:/tmp", "--imag", "x", "-y"], "argument 2 is not valid UTF-8"),
        (["a\udcff", "web:/tmp", "--image", "a\udcff", "-y"], "argument 2 is not valid UTF-8"),
        (["a\udcff", "web:/tmp", "--image=\udcff", "-y"], "argument 4 is not valid UTF-8"),
        (["a\udcff", "web\udcff:/tmp", "-y"], "is not [NAMESPACE/]POD:PATH"),
        (["a\udcff", "web:/tmp"], "there is no terminal to ask for confirmation; use -y"),
        (["--", "a\udcff", "web:/tmp"], "there is no terminal to ask for confirmation; use -y"),
        (["a\0", "web:/tmp", "-y"], "argument 2 contains a NUL character"),
    ],
    ids=lambda v: "_".join(v).encode(errors="replace").decode() if isinstance(v, list) else None,
)
def test_usage_errors(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)

    assert main(["cp", *words]) == 64
    printed, err = capsys.readouterr()
    assert said in err
    assert printed == ""


def test_the_flags_of_a_session_are_the_same_ones() -> None:
    flags = {param.name: param for param in cp_command.params}
    shared = [param for param in open_command.params if flags.get(param.name) is param]

    assert {"container", "run_as", "profile", "image", "keep", "quiet"} <= {param.name for param in shared}


def test_the_help_has_its_examples_a_line_each(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["cp", "--help"]) == 0

    printed = capfd.readouterr().out
    assert "\n    kubectl dshell cp shop/web:/var/log - | tar tv\n" in printed
    assert "--skip-failed" in printed
