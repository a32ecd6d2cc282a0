"""Literal messages of v4/v5.channel.k8s.io, and round trips."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.stream import Channel, Exit, Output, TerminalSize
from kubectl_dshell.kube.exec import channel
from tests.domain.runtime.recorded import GONE, NO_SUCH_EXEC, Line, ids

EXIT_42 = (
    b'{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code","reason":"NonZeroExitCode",'
    b'"details":{"causes":[{"reason":"ExitCode","message":"42"}]}}'
)


@pytest.mark.parametrize(
    ("message", "event"),
    [
        pytest.param(b"\x01hello", Output(Channel.STDOUT, b"hello"), id="stdout"),
        pytest.param(b"\x02\x00\xff", Output(Channel.STDERR, b"\x00\xff"), id="stderr, any bytes"),
        pytest.param(b"\x01", None, id="the empty message that opens a channel"),
        pytest.param(b"", None, id="nothing at all"),
        pytest.param(b"\x03", None, id="the status channel opens"),
        pytest.param(b"\x00x", None, id="stdin never comes to us"),
        pytest.param(b"\x63x", None, id="a channel nobody knows"),
        pytest.param(b'\x03{"metadata":{},"status":"Success"}', Exit(0), id="success"),
        pytest.param(b"\x03" + EXIT_42, Exit(42, "command terminated with non-zero exit code"), id="exit code"),
        pytest.param(b"\x03not json", Exit(None, "not json"), id="a status that is text"),
        pytest.param(b"\x03[1]", Exit(None, "[1]"), id="a status that is no object"),
    ],
)
def test_a_message_says(message: bytes, event: object) -> None:
    assert channel.decode(message) == event


@pytest.mark.parametrize(
    ("status", "exit_"),
    [
        pytest.param(
            {"status": "Failure", "message": "boom", "details": {"causes": [{"message": "no such file"}]}, "code": 500},
            Exit(None, "boom"),
            id="an error of the server has no exit code",
        ),
        pytest.param(
            {
                "status": "Failure",
                "message": "m",
                "details": {"causes": [{"reason": "Other", "message": "7"}, {"reason": "ExitCode", "message": "137"}]},
            },
            Exit(137, "m"),
            id="the cause is found by its reason, not its place",
        ),
        pytest.param(
            {"status": "Failure", "reason": "R", "details": {"causes": [{"reason": "ExitCode", "message": "many"}]}},
            Exit(None, "R"),
            id="an exit code that is no number",
        ),
        pytest.param({"status": "Failure", "details": {"causes": "none"}}, Exit(None, ""), id="causes of a wrong kind"),
        pytest.param({}, Exit(None, ""), id="an empty status is no success"),
    ],
)
def test_a_status_becomes_an_exit(status: object, exit_: Exit) -> None:
    assert channel.exit_of(json.dumps(status).encode()) == exit_


@pytest.mark.parametrize(
    ("message", "literal"),
    [
        pytest.param(channel.STDIN, b"\x00", id="stdin"),
        pytest.param(
            channel.resize(TerminalSize(rows=40, columns=120)),
            b'\x04{"Width": 120, "Height": 40}',
            id="columns are the width",
        ),
        pytest.param(channel.END_OF_INPUT, b"\xff\x00", id="half-close of stdin"),
    ],
)
def test_what_we_send_is(message: bytes, literal: bytes) -> None:
    assert message == literal


@given(st.sampled_from([Channel.STDOUT, Channel.STDERR]), st.binary(min_size=1))
def test_output_arrives_as_it_was_written(number: Channel, data: bytes) -> None:
    assert channel.decode(bytes([number]) + data) == Output(number, data)


@given(st.binary())
def test_no_status_crashes_the_decoder(data: bytes) -> None:
    assert isinstance(channel.exit_of(data), Exit)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["status", "message", "reason", "details", "causes"]), inner)
        ),
    )
)
def test_no_json_crashes_the_decoder(document: object) -> None:
    assert isinstance(channel.exit_of(json.dumps(document).encode()), Exit)


@pytest.mark.parametrize("line", [*GONE, *NO_SUCH_EXEC], ids=ids((*GONE, *NO_SUCH_EXEC)))
def test_why_nothing_was_run_is_one_short_line(line: Line) -> None:
    status = {"status": "Failure", "message": line.text, "reason": "InternalError", "code": 500}

    assert channel.exit_of(json.dumps(status).encode()) == Exit(None, line.short)


@given(st.integers(0, 255))
def test_every_exit_code_is_read(code: int) -> None:
    causes = [{"reason": "ExitCode", "message": str(code)}]
    status = {"status": "Failure", "details": {"causes": causes}}

    assert channel.exit_of(json.dumps(status).encode()).code == code
