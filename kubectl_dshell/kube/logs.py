"""The log of a container, line by line, as its node has kept it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.rest.unreachable import unreachable
from kubectl_dshell.kube.watch.watch import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.kube.rest.api import Api

LONGEST_LOG_LINE = 16 * 1024 * 1024
"""Bytes; the longest document has 12.6 MB: twice 1 MiB of output, in six characters each."""
_LARGEST_LOG = 1024 * 1024 * 1024
_ANSWER_SECONDS = 30.0
_LOG_SECONDS = 600.0


def log_lines(api: Api, pod_path: str, container: str) -> Iterator[bytes]:
    """The lines without their ends, at most 1 GiB of them within ten minutes. A log that is cut off just ends.

    Raises Malformed for a line that does not end, and what `Api.open` raises.
    """
    query = [("container", container), ("limitBytes", str(_LARGEST_LOG))]
    response = api.open(f"{pod_path}/log", query, read_seconds=_ANSWER_SECONDS)
    rest = bytearray()
    try:
        for piece in pieces(response, time.monotonic() + _LOG_SECONDS):
            whole, newline, last = (piece or b"").rpartition(b"\n")
            if newline:
                rest += whole
                yield from bytes(rest).split(b"\n")
                rest.clear()
            rest += last
            if len(rest) > LONGEST_LOG_LINE:
                raise Malformed(f"a line of the log has more than {LONGEST_LOG_LINE >> 20} MiB")
        if rest:
            yield bytes(rest)
    except OSError as error:
        raise unreachable(api.connection, error) from error
    finally:
        response.close()
