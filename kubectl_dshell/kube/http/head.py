"""Heads of requests and responses (RFC 9112). Pure.

Whatever two readers could understand in different ways is refused: a proxy in between may have taken it for something
else, and the next response on the connection would be that of another request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ENDS = b"\0\r\n"
"""What some readers end a line at."""
_NAME = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LONGEST_LENGTH = 18
"""Digits of a Content-Length."""
_LOWEST_STATUS, SWITCHING_PROTOCOLS, _OK = 100, 101, 200
_WITHOUT_BODY = (204, 304)
_SHOWN = 40


def request_head(method: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """The head of a request, with its blank line.

    Raises:
        ValueError: something in it would end a line or the target.
    """
    lines = [f"{method} {target} HTTP/1.1".encode(), *(f"{name}: {value}".encode() for name, value in headers)]
    if " " in target or not all(map(_is_plain, lines)):
        raise ValueError("a space or the end of a line in the head of a request")
    return b"\r\n".join([*lines, b"", b""])


def plain_line(line: bytes) -> bytes:
    """`line`, which ended with LF, without its CR.

    Raises:
        Malformed: there is no CR, or another one or a NUL within it.
    """
    if not line.endswith(b"\r"):
        raise Malformed("a line that does not end with CR LF")
    if not _is_plain(line[:-1]):
        raise Malformed(f"a CR or NUL within a line: {_shown(line)}")
    return line[:-1]


def status_line(line: bytes) -> tuple[int, str, bool]:
    """The status, its reason, and whether the server speaks HTTP/1.0.

    Raises:
        Malformed: not the first line of a response.
    """
    digits = line[9:12]
    right = line[:7] == b"HTTP/1." and line[7:8].isdigit() and line[8:9] == b" " and line[12:13] in (b"", b" ")
    if not right or len(digits) != len(b"200") or not digits.isdigit() or int(digits) < _LOWEST_STATUS:
        raise Malformed(f"its first line is {_shown(line)}")
    return int(digits), line[13:].decode("latin-1").strip(), line[7:8] == b"0"


def is_interim(status: int) -> bool:
    """Whether another response follows: the connection still speaks HTTP."""
    return status < _OK and status != SWITCHING_PROTOCOLS


def fields(lines: Iterable[bytes]) -> dict[str, str]:
    """Values by names in lower case; repeated ones are joined by commas.

    Raises:
        Malformed: a line is not a header.
    """
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if line[:1] in (b" ", b"\t"):
            raise Malformed("a header of several lines")
        if not colon:
            raise Malformed(f"a header without a colon: {_shown(line)}")
        if not name or name.translate(None, _NAME):
            raise Malformed(f"not the name of a header: {_shown(name)}")
        key, text = name.decode().lower(), value.strip(b" \t").decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def body_length(status: int, headers: Mapping[str, str], *, old: bool) -> tuple[bool, int | None]:
    """Whether the body comes in chunks, and otherwise its length; None: it ends with the connection.

    Raises:
        Malformed: its end is not certain.
    """
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None and (old or length is not None):
        raise Malformed(f"a Transfer-Encoding {'in HTTP/1.0' if old else 'beside a Content-Length'}")
    if coding is not None and coding.lower() != "chunked":
        raise Malformed(f"a Transfer-Encoding that is not chunked: {_shown(coding)}")
    # int() takes "-5", "+5", "1_0" and digits of any script; two lengths are joined by a comma.
    if length is not None and not (length.isascii() and length.isdigit() and len(length) <= _LONGEST_LENGTH):
        raise Malformed(f"a Content-Length that is not one number: {_shown(length)}")
    if status < _OK or status in _WITHOUT_BODY:
        return False, 0
    return coding is not None, None if length is None else int(length)


def stays_open(headers: Mapping[str, str], *, old: bool) -> bool:
    """Whether the server keeps the connection after a body whose end is known."""
    options = headers.get("connection", "").lower()
    return "keep-alive" in options if old else "close" not in options


def _is_plain(line: bytes) -> bool:
    return len(line.translate(None, _ENDS)) == len(line)


def _shown(text: bytes | str) -> str:
    return one_line(text if isinstance(text, str) else text[: 2 * _SHOWN].decode("latin-1"), _SHOWN) or "empty"
