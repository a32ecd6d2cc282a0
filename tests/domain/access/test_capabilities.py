"""Names and numbers of capabilities."""

from __future__ import annotations

from kubectl_dshell.domain.access.capabilities import capability_names


def test_capabilities_have_their_kubernetes_names() -> None:
    assert capability_names(0x400) == "NET_BIND_SERVICE"
    assert capability_names(1 << 40 | 1) == "CHOWN, CHECKPOINT_RESTORE"
    assert capability_names(0xA80425FB).split(", ")[-1] == "SETFCAP"
