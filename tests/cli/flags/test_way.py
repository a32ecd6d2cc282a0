"""The flags that choose how a session reaches the app."""

from __future__ import annotations

import pytest

from kubectl_dshell.cli.flags.way import WayFlags
from kubectl_dshell.cli.verbs.open import open_command


def parsed(*words: str) -> WayFlags:
    return WayFlags.read(open_command.make_context("open", ["web", *words], obj=None))


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ((), 0),
        (("--timeout", "5s"), 0),
        (("--wait-for-start",), 600),
        (("--wait-for-start", "--timeout", "60s"), 60),
        (("--wait-for-start", "--timeout", "1h"), 3600),
    ],
)
def test_the_wait_for_a_start_is_longer_than_that_for_a_debug_container_unless_it_is_said(
    words: tuple[str, ...], seconds: int
) -> None:
    timeout = open_command.make_context("open", ["web", *words], obj=None).params["timeout"]

    assert parsed(*words).wait_seconds(timeout) == seconds


@pytest.mark.parametrize(
    "words",
    [
        "--app-image",
        "--app-image --wait-for-start",
        "--chroot --wait-for-start",
        "--volumes",
        "--copy --copy-service-account",
        "",
    ],
)
def test_what_is_typed_again_is_what_was_typed(words: str) -> None:
    assert parsed(*words.split()).words.split() == words.split()
