"""What a failed write means depends on what was written to."""

from __future__ import annotations

import os
import select
import signal

import pytest

from kubectl_dshell.domain.stream import Channel, Output
from kubectl_dshell.errors import Interrupted, OutputFailed
from kubectl_dshell.terminal.outputs import OutputRouter
from kubectl_dshell.terminal.stdio_fds import StdioFds

pytestmark = pytest.mark.terminal


@pytest.mark.parametrize("is_session_terminal", [True, False], ids=["session", "just-output"])
def test_a_terminal_that_has_gone_is_a_hangup_of_a_session_and_a_failure_of_an_output(
    *, is_session_terminal: bool
) -> None:
    master, slave = os.openpty()
    os.close(master)
    with OutputRouter(StdioFds(None, slave, slave, tty=slave if is_session_terminal else None)) as outputs:
        outputs.check()
        outputs.write(Output(Channel.STDOUT, b"x"))
        assert select.select([outputs], [], [], 20)[0]
        with pytest.raises(Interrupted if is_session_terminal else OutputFailed) as raised:
            outputs.check()
    os.close(slave)
    if isinstance(raised.value, Interrupted):
        assert raised.value.signal_number == signal.SIGHUP
    else:
        assert str(raised.value) == "cannot write to stdout: Input/output error"
