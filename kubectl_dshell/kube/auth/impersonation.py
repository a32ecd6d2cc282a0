"""Impersonate headers of a user entry; the names may be in any script."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.kubeconfig.header import header_value
from kubectl_dshell.kube.kubeconfig.secret import encoded

if TYPE_CHECKING:
    from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry


def impersonation(user: NamedEntry) -> tuple[tuple[str, str], ...]:
    """Header names and values.

    Raises:
        BadConfig: a value cannot be sent or is blank, or a group is given without a user.
    """
    groups = [("Impersonate-Group", _sent("group", group)) for group in user.texts("as-groups")]
    uid = [("Impersonate-Uid", _sent("UID", user.text("as-uid")))] if user.text("as-uid") else []
    scopes = user.part("as-user-extra")
    extra = [
        # Only ASCII letters: the API server lowers the name of the header, with everything else escaped in it.
        (f"Impersonate-Extra-{quote(encoded(key).lower(), safe='')}", _sent("extra", item))
        for key in (scopes.value if scopes else ())
        for item in (scopes.texts(key) if scopes else ())
    ]
    if not user.text("as"):
        if groups or uid or extra:
            raise BadConfig("a group, UID or extra to impersonate needs a user to impersonate", "Add --as USER.")
        return ()
    return (("Impersonate-User", _sent("user", user.text("as"))), *groups, *uid, *extra)


def _sent(what: str, text: str) -> str:
    value = header_value(text, f"the {what} to impersonate")
    if not value:  # the API server would ignore it and use our own identity
        raise BadConfig(f"the {what} to impersonate is blank")
    return value
