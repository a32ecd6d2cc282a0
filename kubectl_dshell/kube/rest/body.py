"""The body of a response, read and decompressed piece by piece up to a limit."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.http.response import LARGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.kube.rest.pool import OpenResponse

PIECE = 64 * 1024
"""Bytes, at most, that are read or decompressed at a time."""
_GZIP = 16 + zlib.MAX_WBITS


def read_body(response: OpenResponse, limit: int = LARGEST_BODY) -> bytes:
    """The whole body; afterwards the connection may be reused. On failure it is closed.

    Raises:
        Malformed: more than `limit` bytes, or an encoding that was not requested or is corrupt.
        OSError, HttpError: the body was cut short or timed out.
    """
    body = io.BytesIO()  # getvalue does not copy
    try:
        for plain in unpacked(response):
            _check(body.tell() + len(plain) <= limit, f"is larger than {limit >> 20} MiB")
            body.write(plain)
    except zlib.error as error:
        response.close()
        raise Malformed(f"the API server's response is not valid gzip: {error}") from error
    except BaseException:
        response.close()
        raise
    finally:
        response.release()
    return body.getvalue()


def unpacked(response: OpenResponse) -> Iterator[bytes]:
    """The body in pieces; raises as `read_body`, and zlib.error."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    _check(encoding in ("", "identity", "gzip"), "is in an encoding that was not requested")
    unpack = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    while piece := response.read(PIECE):
        if unpack is None:
            yield piece
            continue
        while piece and not unpack.eof:
            yield unpack.decompress(piece, PIECE)
            piece = unpack.unconsumed_tail
    _check(unpack is None or unpack.eof, "is not valid gzip")


def _check(right: object, otherwise: str) -> None:
    if not right:
        raise Malformed(f"the API server's response {otherwise}")
