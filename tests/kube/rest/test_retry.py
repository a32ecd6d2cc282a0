"""Which outcomes are tried again, with which pauses; nobody sleeps."""

from __future__ import annotations

import pytest

from kubectl_dshell.kube.rest.response import HttpResponse
from kubectl_dshell.kube.rest.retry import ATTEMPTS, LONGEST_PAUSE, TransientConnectionError, with_retries

OK = HttpResponse(200)
BROKEN = TransientConnectionError("reset")


class Script:
    """Outcomes in order, the last one for ever; records the pauses."""

    def __init__(self, *outcomes: HttpResponse | TransientConnectionError) -> None:
        self.outcomes = list(outcomes)
        self.attempts = 0
        self.pauses: list[float] = []
        self.now = 0.0

    def attempt(self) -> HttpResponse:
        self.attempts += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, TransientConnectionError):
            raise outcome
        return outcome

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def run(self, method: str = "GET", *, idempotent: bool = True, deadline: float | None = None) -> HttpResponse:
        return with_retries(
            self.attempt,
            method=method,
            idempotent=idempotent,
            deadline=deadline,
            sleep=self.sleep,
            clock=lambda: self.now,
        )


@pytest.mark.parametrize(
    ("outcome", "method", "idempotent", "again"),
    [
        pytest.param(HttpResponse(429), "POST", False, True, id="429 of anything"),
        pytest.param(HttpResponse(409), "PATCH", True, True, id="409 of a PATCH"),
        pytest.param(HttpResponse(409), "POST", False, False, id="409 of a POST: it exists"),
        pytest.param(HttpResponse(500), "GET", True, True, id="500, idempotent"),
        pytest.param(HttpResponse(500), "POST", False, False, id="500, not idempotent"),
        pytest.param(HttpResponse(502), "PATCH", True, True, id="502, idempotent"),
        pytest.param(HttpResponse(504), "GET", True, True, id="504, idempotent"),
        pytest.param(HttpResponse(503), "POST", False, False, id="503 leaves it open"),
        pytest.param(HttpResponse(503, headers={"retry-after": "1"}), "POST", False, True, id="503 with Retry-After"),
        pytest.param(BROKEN, "GET", True, True, id="broken, idempotent"),
        pytest.param(HttpResponse(403), "GET", True, False, id="403 is an answer"),
        pytest.param(HttpResponse(404), "GET", True, False, id="404 is an answer"),
        pytest.param(HttpResponse(422), "PATCH", True, False, id="422 is an answer"),
    ],
)
def test_is_tried_again(
    outcome: HttpResponse | TransientConnectionError, method: str, idempotent: bool, again: bool
) -> None:
    script = Script(outcome, OK)

    answer = script.run(method, idempotent=idempotent)

    assert (answer, script.attempts) == ((OK, 2) if again else (outcome, 1))


def test_a_broken_request_that_may_have_been_done_is_told() -> None:
    script = Script(BROKEN)

    with pytest.raises(TransientConnectionError):
        script.run("POST", idempotent=False)
    assert script.attempts == 1


def test_retry_after_is_honoured() -> None:
    script = Script(HttpResponse(429, headers={"retry-after": "7"}), OK)

    script.run()

    assert script.pauses == [7.0]


def test_the_last_answer_is_told_when_all_attempts_failed() -> None:
    script = Script(HttpResponse(500), HttpResponse(502))

    assert script.run().status == 502
    assert script.attempts == ATTEMPTS


def test_the_last_break_is_told_when_all_attempts_failed() -> None:
    script = Script(BROKEN)

    with pytest.raises(TransientConnectionError, match="reset"):
        script.run()
    assert script.attempts == ATTEMPTS


def test_pauses_grow_and_are_spread() -> None:
    script = Script(HttpResponse(500))

    script.run()

    assert len(script.pauses) == ATTEMPTS - 1
    assert all(0.05 * 2**n <= pause <= 0.1 * 2**n <= LONGEST_PAUSE for n, pause in enumerate(script.pauses))


def test_no_pause_reaches_past_the_deadline() -> None:
    script = Script(HttpResponse(429, headers={"retry-after": "5"}))

    assert script.run(deadline=12.0).status == 429
    assert script.now == 10.0


def test_a_server_that_asks_for_minutes_is_told_about_instead() -> None:
    script = Script(HttpResponse(429, headers={"retry-after": "600"}))

    assert script.run().status == 429
    assert script.pauses == []


def test_all_pauses_together_have_a_bound() -> None:
    script = Script(HttpResponse(429, headers={"retry-after": "25"}))

    assert script.run().status == 429
    assert script.pauses == [25.0, 25.0]


@pytest.mark.parametrize("value", ["9" * 400, "²", "-1", "1.5", "Thu, 26 Nov 2026 10:00:00 GMT", ""])
def test_another_retry_after_is_none(value: str) -> None:
    script = Script(HttpResponse(503, headers={"retry-after": value}))

    assert script.run("POST", idempotent=False).status == 503
    assert script.attempts == 1
