"""Proves that a debug container is one's own: a seal in the entry, made with a key that never leaves the machine.

In a copy of a pod (--copy) the names of namespace and pod take the place of the UID, which is not known before it is
created. Such a seal can be copied into a later pod of the same name: nobody is to type into one on its account alone.

Everything else in an entry, names included, can be forged by whoever may add one. An entry cannot be changed, its name
is used once in a pod, and a pod's UID once in a cluster: a seal copied from another entry is not valid anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import fields
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from kubectl_dshell.domain.debug_container.spec import PROTOCOL, environment

if TYPE_CHECKING:
    from kubectl_dshell.domain.debug_container.spec import DebugSpec
    from kubectl_dshell.domain.pod.pod import Json, Pod

KEY_BYTES = 32
SEAL = "DSHELL_SEAL"
_BYTES = 12  # of SHA-256 each, 16 characters: the entry stays in the pod forever
_FORM = re.compile(r"1 ([\w-]{16}) ([\w-]{16})", re.ASCII)
_NO_PURPOSE = {"pull_policy", "measured", "reason"}
"""Fields of a DebugSpec that do not affect its purpose."""


class Key:
    """The secret of one user on one machine: usable, but never shown in a repr, converted to text or pickled."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._secret = secret

    def __repr__(self) -> str:
        return "Key(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not to be copied")

    def mac(self, message: bytes) -> str:
        """HMAC-SHA256 of `message`, cut to 96 bits, in base64url."""
        return _base64(hmac.new(self._secret, message, hashlib.sha256).digest())


class Seal(NamedTuple):
    """The seal of the entry `name` in the pod with this UID: the digest of its spec, and the MAC of its creator."""

    pod_uid: str
    name: str
    digest: str
    mac: str


def place_of(pod: Pod) -> str:
    """What a seal in this pod refers to."""
    return f"copy {pod.namespace}/{pod.name}" if pod.is_copy else pod.uid


def parse_seal(spec: Json, pod_uid: str) -> Seal | None:
    """The unverified seal of an entry; None if it has no valid one."""
    match = _FORM.fullmatch(environment(spec).get(SEAL, ""))
    return Seal(pod_uid, spec["name"], match[1], match[2]) if match else None


def seal(key: Key, pod_uid: str, name: str, wanted: DebugSpec) -> str:
    """The value of DSHELL_SEAL for an entry `name` made from `wanted`."""
    digest = digest_of(wanted)
    return f"1 {digest} {_mac(key, pod_uid, name, digest)}"


def is_mine(found: Seal | None, key: Key | None) -> bool:
    """Whether its entry was made with `key`, regardless of its other fields (admission may rewrite them)."""
    if found is None or key is None:
        return False
    return hmac.compare_digest(found.mac, _mac(key, found.pod_uid, found.name, found.digest))


def digest_of(wanted: DebugSpec) -> str:
    """SHA-256 over the distinguishing fields as canonical JSON, cut to 96 bits, in base64url."""
    purpose = {one.name: getattr(wanted, one.name) for one in fields(wanted) if one.name not in _NO_PURPOSE}
    for later in ("tools_image", "custom", "mounts"):  # as before there was such a field
        if not purpose[later]:
            del purpose[later]
    purpose["protocol"] = PROTOCOL
    import json

    text = json.dumps(purpose, sort_keys=True, separators=(",", ":"))
    return _base64(hashlib.sha256(text.encode()).digest())


def _base64(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest[:_BYTES]).rstrip(b"=").decode()


def _mac(key: Key, pod_uid: str, name: str, digest: str) -> str:
    return key.mac(f"dshell-seal 1\0{pod_uid}\0{name}\0{digest}".encode(errors="surrogatepass"))
