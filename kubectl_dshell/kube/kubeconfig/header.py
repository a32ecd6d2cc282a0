"""Validation of HTTP header values, done here since the errors of libraries would quote them."""

from __future__ import annotations

import unicodedata

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.kubeconfig.secret import encoded


def header_value(text: str, what: str) -> str:
    """`text` without surrounding white space, valid as a header value; it is sent as UTF-8.

    `what` names it and its source, e.g. 'the token of user "jane"'.

    Raises:
        BadConfig: it contains a control character or is not UTF-8. The message never contains the value.
    """
    try:
        # Bytes from the command line are UTF-8, even if the locale is a different one.
        value = encoded(text.strip()).decode()
    except UnicodeDecodeError as error:
        raise BadConfig(f"{what} is not UTF-8", "It cannot be sent to an API server.") from error
    for character in value:
        if unicodedata.category(character) == "Cc":
            kind = "a line break" if character in "\r\n" else f"a control character (U+{ord(character):04X})"
            raise BadConfig(f"{what} contains {kind}", "Enter it again, on one line.")
    return value


def bearer(token: str, what: str) -> str:
    """The Authorization header of a bearer token.

    Raises:
        BadConfig: as `header_value`, or it is blank.
    """
    value = header_value(token, what)
    if not value:
        raise BadConfig(f"{what} is empty")
    return f"Bearer {value}"
