"""What root has by default, runtime by runtime."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.access.capabilities import CAPABILITIES
from kubectl_dshell.domain.runtime.capabilities import defaults

FOURTEEN = (
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID "
    "SYS_CHROOT"
)
NINE = "CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETGID SETPCAP SETUID"


@pytest.mark.parametrize(
    ("scheme", "runtime", "given"),
    [
        ("containerd", "containerd", FOURTEEN),
        ("docker", "Docker", FOURTEEN),
        ("cri-o", "CRI-O", NINE),
        ("", "containerd", FOURTEEN),
        ("rkt", "containerd", FOURTEEN),
    ],
)
def test_each_runtime_has_its_row(scheme: str, runtime: str, given: str) -> None:
    assert defaults(scheme) == (runtime, frozenset(given.split()))
    assert defaults(scheme).capabilities <= frozenset(CAPABILITIES)
