"""What an existing debug container was made for, and how that differs from what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.age import duration
from kubectl_dshell.domain.bounds import small_number
from kubectl_dshell.domain.debug_container import PREFIX, Wanted, environment

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod import Json

_OURS = "DSHELL_"


def purpose(spec: Json) -> Wanted:
    """What an entry was made for: `container_spec` read back."""
    env = environment(spec)
    return Wanted(
        target=spec.get("targetContainerName", ""),
        image=spec.get("image", ""),
        pull_policy=spec.get("imagePullPolicy"),
        security=spec.get("securityContext") or {},
        owner=env.get("DSHELL_OWNER", ""),
        version=env.get("DSHELL_VERSION", ""),
        limit=small_number(env.get("DSHELL_LIMIT")) or 0,
        env=tuple((name, value) for name, value in env.items() if not name.startswith(_OURS)),
        measured=env.get("DSHELL_MEASURED", ""),
        reason=env.get("DSHELL_REASON", ""),
    )


def differences(spec: Json, wanted: Wanted) -> list[str]:
    """Why an entry of ours would not serve exactly as the wanted one; none if it would, whatever its reason."""
    has = purpose(spec)
    clauses = (
        (has.target != wanted.target, f"it is for container {has.target}, not {wanted.target}"),
        (has.image != wanted.image, f"its image is {has.image}, not {wanted.image}"),
        (has.security != wanted.security, _other_security(has.security, wanted.security)),
        (has.owner != wanted.owner, f"it was made by {has.owner}, not {wanted.owner}"),
        (has.version != wanted.version, f"it was made by version {has.version}, not {wanted.version}"),
        (has.limit != wanted.limit, f"its limit (--ttl) is {duration(has.limit)}, not {duration(wanted.limit)}"),
        (has.env != wanted.env, "its environment (--env) is another"),
    )
    return [text for differs, text in clauses if differs]


def _other_security(has: Json, wanted: Json) -> str:
    users = [f"{s.get('runAsUser')}:{s.get('runAsGroup')}" for s in (has, wanted)]
    if users[0] != users[1]:
        return f"it runs as {users[0]}, not {users[1]}"
    return "its securityContext is another"


def same_purpose(spec: Json, wanted: Wanted) -> bool:
    """Whether an existing entry of ours would serve exactly as the wanted one."""
    return spec["name"].startswith(PREFIX) and not differences(spec, wanted)
