"""The spec that an existing debug container was made for, and its differences from the wanted one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.debug_container.seal import digest_of, is_mine, parse_seal
from kubectl_dshell.domain.debug_container.spec import PREFIX, DebugSpec, environment
from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.domain.text.bounds import one_line, small_number
from kubectl_dshell.domain.text.duration import duration

if TYPE_CHECKING:
    from kubectl_dshell.domain.debug_container.seal import Key
    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

_OURS = "DSHELL_"


def purpose(spec: Json) -> DebugSpec:
    """The DebugSpec that an entry claims: the inverse of `container_spec`. Its creator may claim anything."""
    env = environment(spec)
    return DebugSpec(
        target=spec.get("targetContainerName", ""),
        image=spec.get("image", ""),
        pull_policy=spec.get("imagePullPolicy"),
        security=spec.get("securityContext") or {},
        owner=one_line(env.get("DSHELL_OWNER", "")),
        version=one_line(env.get("DSHELL_VERSION", "")),
        limit=small_number(env.get("DSHELL_LIMIT", "")) or 0,
        env=tuple((name, value) for name, value in env.items() if not name.startswith(_OURS)),
        measured=env.get("DSHELL_MEASURED", ""),
        reason=one_line(env.get("DSHELL_REASON", "")),
    )


def differences(spec: Json, wanted: DebugSpec) -> list[str]:
    """The differences between the spec that an entry claims and the wanted one; --reason does not count."""
    has = purpose(spec)
    clauses = (
        (has.target != wanted.target, f"it targets container {has.target}, not {wanted.target}"),
        (has.image != wanted.image, f"its image is {one_line(has.image)}, not {wanted.image}"),
        (has.security != wanted.security, _other_security(has.security, wanted.security)),
        (has.owner != one_line(wanted.owner), f"it was created by {has.owner}, not {wanted.owner}"),
        (has.version != wanted.version, f"it was created by version {has.version}, not {wanted.version}"),
        (has.limit != wanted.limit, f"its --ttl is {duration(has.limit)}, not {duration(wanted.limit)}"),
        (has.env != wanted.env, "its environment (--env) differs"),
    )
    return [text for differs, text in clauses if differs]


def _other_security(has: Json, wanted: Json) -> str:
    users = [f"{s.get('runAsUser')}:{s.get('runAsGroup')}" for s in (has, wanted)]
    if users[0] != users[1]:
        return f"it runs as {users[0]}, not {users[1]}"
    return "its securityContext differs"


def same_purpose(spec: Json, pod: Pod, wanted: DebugSpec, key: Key | None) -> bool:
    """Whether an entry of `pod` was sealed with `key` for exactly the wanted spec.

    Only the seal counts: admission may have rewritten the other fields, and others can write anything into them.
    """
    seal = parse_seal(spec, pod.uid)
    return is_mine(seal, key) and seal is not None and seal.digest == digest_of(wanted)


def live_holders(pod: Pod, wanted: DebugSpec, key: Key | None) -> list[str]:
    """The running debug containers that equal the wanted one and can be joined instead of adding another.

    One of them may already be ending: the status lags by up to a second.
    """
    return [c.name for c in _running(pod) if same_purpose(c.spec, pod, wanted, key)]


def lookalikes(pod: Pod, wanted: DebugSpec, key: Key | None) -> list[str]:
    """The running debug containers that claim to equal the wanted one, but were not sealed with `key`."""
    return [
        c.name
        for c in _running(pod)
        if c.name.startswith(PREFIX)
        and not is_mine(parse_seal(c.spec, pod.uid), key)
        and not differences(c.spec, wanted)
    ]


def _running(pod: Pod) -> list[Container]:
    return [c for c in pod.ephemeral if c.state.phase is Phase.RUNNING]
