"""Answers of an API server, or of whatever is in its place."""

from __future__ import annotations

import contextlib
import json

from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_dshell.errors import ApiError, BadConfig, Malformed, NotAnApiServer
from kubectl_dshell.kube.http.errors import HttpError
from kubectl_dshell.kube.http.response import Response
from kubectl_dshell.kube.rest import response as answers
from kubectl_dshell.kube.rest.failure import failure
from kubectl_dshell.kube.rest.response import HttpResponse
from kubectl_dshell.kube.rest.retry import with_retries
from kubectl_dshell.kube.rest.server_time import ServerTime
from kubectl_dshell.kube.watch import watch
from tests.fuzz.test_frames import STATUSES
from tests.kube.http.test_response import Pieces
from tests.kube.rig import connection

NAMES = st.sampled_from(["content-type", "location", "retry-after", "warning", "date", "x"])
VALUES = st.text(max_size=30) | st.sampled_from(
    ["text/html", "application/json", "https://u:p@h/?x=1", "9" * 999, '299 - "a\\"b", 299 - "c"', '299 - "\\']
)
BODIES = STATUSES | st.sampled_from(
    [b"<html>", b"\xef\xbb\xbf <!DOCTYPE", b"[" * 99999, b"9" * 99999, b'{"items":[{}]}']
)
ANSWERS = st.builds(
    HttpResponse, st.integers(100, 599), st.text(max_size=20), st.dictionaries(NAMES, VALUES, max_size=4), BODIES
)
LARGEST = 4000
KEYS = st.sampled_from(["items", "metadata", "spec", "status", "userInfo", "username", "continue", "resourceVersion"])


def not_json(answer: HttpResponse) -> str:
    try:
        return "" if isinstance(answer.json(), dict) else "no object"
    except NotAnApiServer as error:
        return error.message


@given(ANSWERS)
@example(HttpResponse(500, "", {}, b'{"kind":"Status","code":1e999,"details":[],"metadata":3}'))
@example(HttpResponse(500, "", {}, b'{"kind":"Status","details":{"causes":[1,{"message":[]}]}}'))
def test_any_answer_is_an_object_or_a_named_error(answer: HttpResponse) -> None:
    refusal = not_json(answer)
    assert len(refusal) < LARGEST
    assert "<html" not in refusal or not answer.is_page
    error = failure(answer, connection(1), "GET /x")
    assert isinstance(error, ApiError | BadConfig)
    assert len(error.message) < LARGEST
    for text in answer.warnings():
        assert len(text.splitlines()) <= 1
    with_retries(lambda: answer, method="PATCH", idempotent=True, sleep=lambda _seconds: None)


@given(STATUSES)
@example(b'{"type":"ERROR","object":{"code":"410"}}')
@example(b'{"type":"ERROR"}')
@example(b'{"type":"ADDED","object":{"metadata":{"resourceVersion":5}}}')
def test_any_line_of_a_watch_is_an_event_or_a_named_error(line: bytes) -> None:
    try:
        event = watch._event(line, "/x")
    except (ApiError, Malformed):
        return
    assert event is None or isinstance(event[1]["metadata"]["resourceVersion"], str)


HEADS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 x\r\n",
        b"HTTP/9.9 -1 \r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"\r\n",
        b"-5\r\n",
        b"5;x=y\r\nhello\r\n",
        b"0\r\n",
    ]
)


@given(st.lists(HEADS | st.binary(max_size=20), max_size=12))
def test_any_bytes_are_a_response_or_an_error_of_http(pieces: list[bytes]) -> None:
    response = Response(Pieces(pieces), 60)
    with contextlib.suppress(HttpError, OSError):
        response.begin()
        while response.read(4096):
            pass


@given(
    st.text(max_size=40)
    | st.from_regex(r"\A[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} -?\d{1,6} \d{1,3}:\d{1,3}:\d{1,3} [-+]?\w{0,9}\Z")
)
def test_any_date_leaves_a_time(date: str) -> None:
    clock = ServerTime()
    clock.note(date)

    assert clock.now().tzinfo


def test_the_strategy_reaches_what_it_is_for() -> None:
    """A Status is a Status: else the target would only see refusals."""
    status = {"kind": "Status", "message": "m", "code": 409, "details": {"causes": [{"message": "c"}]}}
    error = answers.api_error(HttpResponse(409, body=json.dumps(status).encode()))
    assert (error.message, error.causes) == ("m", ("c",))
