"""Documented lines, read from the documents and run by bash on the cluster: one pod, in the order of the table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.command_lines import command_lines, without_comment

from .documented import NAMES, ON_CLUSTER

if TYPE_CHECKING:
    from pathlib import Path

    from .pods import Pod
    from .program import Dshell

SHELL = """\
exec </dev/null
export DSHELL_KEEP=2m  # one debug container for all lines that would take any
program=("$@")
kubectl() { shift; "${program[@]}" "$@"; }
"""


def test_documented_lines_print_what_they_say(shared_pod: Pod, dshell: Dshell, tmp_path: Path) -> None:
    documented = {without_comment(one.line) for one in command_lines()}
    for line, printed in ON_CLUSTER.items():
        assert line in documented
        script = re.sub(r"\b(shop|pay)\b", shared_pod.namespace, line)
        for name, ours in NAMES.items():
            script = script.replace(name, ours)

        done = dshell.in_shell(SHELL + script.replace("> app.yaml", f"> {tmp_path}/app.yaml"))

        assert re.match(printed, done.stdout.decode()), (line, done)
        assert "error:" not in done.stderr, (line, done)
    assert (tmp_path / "app.yaml").read_text() == "greeting: hello\n"
