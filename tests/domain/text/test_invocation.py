"""Commands to be typed next: quoted, with the connection flags, and with a pod that is taken for one."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from kubectl_dshell.domain.text.invocation import PLAIN, Invocation


@pytest.mark.parametrize(
    ("suggest", "command"),
    [
        (lambda x: x.open("shop", "web"), "kubectl dshell web -n shop"),
        (lambda x: x.open("shop", "help"), "kubectl dshell pod/help -n shop"),
        (lambda x: x.open("a b", "$(id)", "c;d"), "kubectl dshell '$(id)' --container 'c;d' -n 'a b'"),
        (lambda x: x.attach("shop", "ls", "dshell-a"), "kubectl dshell attach ls/dshell-a -n shop"),
        (lambda x: x.command("ls", "-A"), "kubectl dshell ls -A"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_command_is_quoted_and_names_a_pod(suggest: Callable[[Invocation], str], command: str) -> None:
    assert suggest(PLAIN) == command
    assert suggest(Invocation(("--context", "a b"))) == f"{command} --context {shlex.quote('a b')}"
