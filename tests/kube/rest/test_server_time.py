"""Ages are told by the clock that wrote when things started."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from kubectl_dshell.kube.rest.api import Api
from kubectl_dshell.kube.rest.server_time import ServerTime
from tests.kube.loopback import Server
from tests.kube.rig import answering, connection


def ahead(by: timedelta) -> str:
    return format_datetime(datetime.now(UTC) + by, usegmt=True)


def difference(time: ServerTime) -> timedelta:
    return time.now() - datetime.now(UTC)


@pytest.mark.parametrize("by", [timedelta(hours=3), timedelta(days=-400), timedelta(minutes=1)])
def test_a_clock_that_is_wrong_is_set_by_the_answer(by: timedelta) -> None:
    server = Server(answering("200 OK", {}, f"Date: {ahead(by)}"))
    api = Api(connection(server.port))

    api.get("/x")

    server.finish()
    assert abs(difference(api.time) - by) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "Thu, 99 Nov 2026 99:00:00 GMT",
        "Thu, 26 Nov 99999 10:00:00 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "9" * 5000,
        "26 Nov 2026 10:00:00 +99999999999",
    ],
)
def test_what_says_nothing_changes_nothing(date: str) -> None:
    time = ServerTime()
    time.note(date)

    assert abs(difference(time)) < timedelta(seconds=1)


def test_clocks_that_nearly_agree_are_one() -> None:
    time = ServerTime()
    time.note(ahead(timedelta(seconds=-2)))

    assert abs(difference(time)) < timedelta(seconds=1)
