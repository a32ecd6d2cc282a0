"""The retry policy: which responses, how often and for how long, with jitter.

Responses that say the request was not carried out (429, 409 on PATCH, 503 with Retry-After) are retried for every
request; ambiguous ones (500, 502, 503, 504, a broken connection) only for idempotent requests.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.bounds import small_number
from kubectl_dshell.errors import ConnectionLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

    from kubectl_dshell.kube.rest.response import HttpResponse

ATTEMPTS = 6
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
LONGEST_RETRY_AFTER = 30.0
LONGEST_WAIT = 65.0
"""Seconds of all pauses of a request together."""

_MAYBE_DONE = frozenset(
    {
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class TransientConnectionError(ConnectionLost):
    """The connection failed before a response, in a way that may be transient."""


def with_retries(
    attempt: Callable[[], HttpResponse],
    *,
    method: str,
    idempotent: bool,
    deadline: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> HttpResponse:
    """The last response of up to ATTEMPTS attempts, with pauses of LONGEST_WAIT in total.

    No pause extends past `deadline` (on `clock`, in seconds).

    Raises:
        TransientConnectionError: the last attempt got no response.
    """

    def transient(outcome: HttpResponse | BaseException) -> bool:
        return _may_clear(outcome, method, idempotent=idempotent)

    outcomes = [_outcome(attempt)]
    if not transient(outcomes[0]):
        return _settle(outcomes[0])
    import tenacity  # the import takes 20 ms, which a first success saves

    def again() -> HttpResponse:
        return _settle(outcomes.pop() if outcomes else _outcome(attempt))

    def hopeless(state: RetryCallState) -> bool:
        return _is_enough(state) or (deadline is not None and clock() + state.upcoming_sleep > deadline)

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_result(transient) | tenacity.retry_if_exception(transient),
        wait=_pause,
        stop=hopeless,
        sleep=sleep,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    answer: HttpResponse = retrying(again)
    return answer


def _may_clear(outcome: HttpResponse | BaseException, method: str, *, idempotent: bool) -> bool:
    if isinstance(outcome, BaseException):
        return idempotent and isinstance(outcome, TransientConnectionError)
    refused = outcome.status == HTTPStatus.TOO_MANY_REQUESTS or (
        outcome.status == HTTPStatus.CONFLICT and method == "PATCH"
    )
    postponed = outcome.status == HTTPStatus.SERVICE_UNAVAILABLE and _retry_after(outcome) is not None
    return refused or postponed or (idempotent and outcome.status in _MAYBE_DONE)


def _is_enough(state: RetryCallState) -> bool:
    too_long = state.upcoming_sleep > LONGEST_RETRY_AFTER or state.idle_for + state.upcoming_sleep > LONGEST_WAIT
    return state.attempt_number >= ATTEMPTS or too_long


def _pause(state: RetryCallState) -> float:
    outcome = state.outcome
    if outcome is not None and not outcome.failed:
        asked = _retry_after(outcome.result())
        if asked is not None:
            return asked
    import random

    step = min(FIRST_PAUSE * 2 ** (state.attempt_number - 1), LONGEST_PAUSE)
    return float(random.uniform(step / 2, step))  # noqa: S311  # jitter, not cryptography


def _retry_after(answer: HttpResponse) -> float | None:
    """Retry-After in seconds; the API server never sends the date form."""
    value = small_number(answer.headers.get("retry-after"))
    return None if value is None else float(value)


def _outcome(attempt: Callable[[], HttpResponse]) -> HttpResponse | TransientConnectionError:
    try:
        return attempt()
    except TransientConnectionError as error:
        return error


def _settle(outcome: HttpResponse | BaseException) -> HttpResponse:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome
