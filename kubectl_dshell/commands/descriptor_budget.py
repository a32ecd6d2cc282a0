"""The concurrency that the available file descriptors allow."""

from __future__ import annotations

import os
import resource

EACH = 10
"""Descriptors of one session: two streams, a watch, a request, a resolver, two wakers, two files, and one to spare."""
_OTHERS = 8
"""Descriptors for everything else: modules, the pipes of a credential plugin."""
_USUAL = 16


def affordable(wanted: int) -> int:
    """`wanted`, or fewer, but at least one; raises the soft limit as far as needed and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = _used()
    needed = used + _OTHERS + EACH * wanted
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    raised = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    except (OSError, ValueError):  # the kernel's own limit is lower (macOS)
        raised = soft
    return max(1, min(wanted, (raised - used - _OTHERS) // EACH))


def _used() -> int:
    try:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208  # avoids an import at startup
    except OSError:
        return _USUAL
