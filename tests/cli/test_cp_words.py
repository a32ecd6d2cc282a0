"""Words that make no copy end with 64, before anything is touched."""

from __future__ import annotations

import pytest

from kubectl_dshell.cli.cp import cp_command
from kubectl_dshell.cli.main import main
from kubectl_dshell.cli.open import open_command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "from where, to where? kubectl dshell cp POD:PATH ."),
        (["web:/etc"], "from where, to where?"),
        (["a", "b"], "one end has to be a pod's: POD:PATH"),
        (["web:/etc", "b", "c"], "one end has to be a pod's: POD:PATH"),
        (["web:/etc", "api:/tmp", "-y"], "from pod to pod goes by way of here"),
        (["web:/etc", "api:/etc", "."], "one copy has one pod"),
        (["shop/web:/etc", "web:/etc", "."], "one copy has one pod"),
        (["-", "web:/tmp", "-y"], "an archive on stdin: kubectl dshell POD -- tar x"),
        (["web:", "."], "'web:' has no path; write web:/ for the app's root"),
        (["Web:/etc", "."], "is not [NAMESPACE/]POD:PATH"),
        (["file", "web:/tmp"], "there is no terminal to ask at: add -y"),
        (["web:/etc", ".", "--imag", "x"], "--image"),
        (["a\udcff", "web:/tmp", "--imag", "x", "-y"], "word 2 is not UTF-8"),
        (["a\udcff", "web:/tmp", "--image", "a\udcff", "-y"], "word 2 is not UTF-8"),
        (["a\udcff", "web:/tmp", "--image=\udcff", "-y"], "word 4 is not UTF-8"),
        (["a\udcff", "web\udcff:/tmp", "-y"], "is not [NAMESPACE/]POD:PATH"),
        (["a\udcff", "web:/tmp"], "there is no terminal to ask at: add -y"),
        (["--", "a\udcff", "web:/tmp"], "there is no terminal to ask at: add -y"),
        (["a\0", "web:/tmp", "-y"], "word 2 has a NUL character in it"),
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
