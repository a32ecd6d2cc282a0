"""The spec that an existing debug container was created for, and its differences from the wanted one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from kubectl_dshell.domain.debug_container.seal import digest_of, is_mine, parse_seal
from kubectl_dshell.domain.debug_container.spec import (
    PREFIX,
    TAKEN_OVER,
    VOLUMES_OF,
    DebugSpec,
    PullPolicy,
    environment,
    tools_of,
)
from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.domain.pod.start_failure import may_start
from kubectl_dshell.domain.text.bounds import one_line, small_number
from kubectl_dshell.domain.text.duration import duration

if TYPE_CHECKING:
    from kubectl_dshell.domain.debug_container.seal import Key, Seal
    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

_OURS = "DSHELL_"
_USUAL = {
    *("name", "image", "imagePullPolicy", "command", "env", "securityContext", "stdin", "targetContainerName"),
    *("terminationMessagePolicy", "terminationMessagePath"),
}
"""Fields of every entry of ours."""
_ADMITTED = {"image", "security", "env"}
"""Fields of a DebugSpec that admission usually changes."""
_UNKNOWN = "(only in the entry of the lender)"
KEEP_SECONDS = 600
"""How long to keep a debug container (--keep) for commands that follow one another, as is suggested."""


def purpose(spec: Json) -> DebugSpec:
    """The DebugSpec that an entry claims: the inverse of `container_spec`. Its creator may claim anything."""
    env = environment(spec)
    return DebugSpec(
        target=spec.get("targetContainerName") or one_line(env.get(VOLUMES_OF, "")),
        image=spec.get("image", ""),
        pull_policy=spec.get("imagePullPolicy"),
        security=spec.get("securityContext") or {},
        owner=one_line(env.get("DSHELL_OWNER", "")),
        version=one_line(env.get("DSHELL_VERSION", "")),
        limit=small_number(env.get("DSHELL_LIMIT", "")) or 0,
        env=tuple((name, value) for name, value in env.items() if not name.startswith(_OURS)),
        measured=env.get("DSHELL_MEASURED", ""),
        reason=one_line(env.get("DSHELL_REASON", "")),
        tools_image=_UNKNOWN if tools_of(spec) else "",
        mounts=_mounts(spec) if has_volumes_only(spec) else (),
    )


def has_volumes_only(spec: Json) -> bool:
    """Whether an entry claims to have the volumes of a container instead of joining it (--volumes)."""
    return not spec.get("targetContainerName") and VOLUMES_OF in environment(spec)


def _mounts(spec: Json) -> tuple[Json, ...]:
    from kubectl_dshell.domain.app_image.app import MOUNT_FIELDS

    return tuple(
        {name: value for name in MOUNT_FIELDS if isinstance(value := mount.get(name), str | bool)}
        for mount in spec.get("volumeMounts") or ()
    )


def differences(spec: Json, wanted: DebugSpec, seal: Seal | None = None) -> list[str]:
    """The differences between the spec that an entry claims and the wanted one; --reason does not count.

    `seal`: that of the entry, verified. Its digest is of what was requested, which admission may have changed: a field
    differs if the digest comes out with its stored value, and not with the wanted one.
    """
    has = purpose(spec)
    clauses = _clauses(has, wanted)
    if seal is None:
        return list(clauses.values())
    if wanted.custom or _customized(spec):
        clauses["custom"] = "its other fields (--custom) differ"
    for count in range(len(clauses) + 1):
        for fields in combinations(clauses, count):
            if digest_of(replace(wanted, **{field: getattr(has, field) for field in fields})) == seal.digest:
                return [clauses[field] for field in fields]
    # Admission changed one of the fields that differ.
    return [text + " (admission may have changed that)" * (field in _ADMITTED) for field, text in clauses.items()]


def _clauses(has: DebugSpec, wanted: DebugSpec) -> dict[str, str]:
    """By the name of the field."""
    clauses = (
        ("target", has.target != wanted.target, f"it targets container {has.target}, not {wanted.target}"),
        ("image", has.image != wanted.image, f"its image is {one_line(has.image)}, not {wanted.image}"),
        ("security", has.security != wanted.security, _other_security(has.security, wanted.security)),
        ("owner", has.owner != one_line(wanted.owner), f"it was created by {has.owner}, not {wanted.owner}"),
        (
            "version",
            has.version != wanted.version,
            f"it was created by dshell {has.version}, not {wanted.version}",
        ),
        ("limit", has.limit != wanted.limit, f"its --ttl is {duration(has.limit)}, not {duration(wanted.limit)}"),
        ("tools_image", has.tools_image != wanted.tools_image, _other_tools(has.tools_image, wanted.tools_image)),
        ("mounts", has.mounts != wanted.mounts, _other_mounts(has.mounts, wanted.mounts)),
        ("env", _env(has, wanted) != _env(wanted, wanted), "its environment (--env) differs"),
    )
    return {field: text for field, differs, text in clauses if differs}


def _other_tools(has: str, wanted: str) -> str:
    if has and wanted:
        return f"its tools are not those of {wanted}"
    return "its root directory is that of the app's image (--app-image)" if has else "it is not of the app's image"


def _other_mounts(has: tuple[Json, ...], wanted: tuple[Json, ...]) -> str:
    if has and wanted:
        return "its volumes are mounted otherwise"
    return "it has the app's volumes only (--volumes)" if has else "it joins the app (without --volumes)"


def _env(of: DebugSpec, wanted: DebugSpec) -> list[tuple[str, str]]:
    """Without the variables of --custom, whose values an entry need not have."""
    custom = {variable.get("name") for variable in wanted.custom.get("env", [])}
    return [(name, value) for name, value in of.env if name not in custom]


def _customized(spec: Json) -> bool:
    """Whether an entry has fields that only --custom sets; the API server adds empty ones."""
    usual = _USUAL | TAKEN_OVER if tools_of(spec) or has_volumes_only(spec) else _USUAL
    return any(value for name, value in spec.items() if name not in usual)


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


def starting_holders(pod: Pod, wanted: DebugSpec, key: Key | None) -> list[str]:
    """Those that equal the wanted one and are still waiting, for something that another one would wait for as well."""
    return [
        c.name
        for c in pod.ephemeral
        if may_start(c.state) and _pulled_alike(c.spec, wanted) and same_purpose(c.spec, pod, wanted, key)
    ]


def running(pod: Pod, key: Key | None) -> list[str]:
    """The running debug containers that were sealed with `key`, for any purpose."""
    return [c.name for c in _running(pod) if is_mine(parse_seal(c.spec, pod.uid), key)]


def is_third(name: str, pod: Pod, wanted: DebugSpec, key: Key | None) -> bool:
    """Whether `name` is the first that started within ten minutes of two others for the same purpose.

    All times come from the clock of the pod's node, in whole seconds: `name`, which is the newest, is the last of its
    second. True of one debug container for each purpose in a pod.
    """
    kept = timedelta(seconds=KEEP_SECONDS)
    same = [c for c in pod.ephemeral if same_purpose(c.spec, pod, wanted, key)]
    started = sorted((c.state.started_at, c.name == name) for c in same if c.state.started_at)
    threes = zip(started, started[2:], strict=False)
    return next((is_it for (first, _), (last, is_it) in threes if last - first <= kept), False)


def lookalikes(pod: Pod, wanted: DebugSpec, key: Key | None) -> list[str]:
    """The running debug containers that claim to equal the wanted one, but were not sealed with `key`."""
    return [
        c.name
        for c in _running(pod)
        if c.name.startswith(PREFIX)
        and not is_mine(parse_seal(c.spec, pod.uid), key)
        and not differences(c.spec, wanted)
    ]


def _pulled_alike(spec: Json, wanted: DebugSpec) -> bool:
    """Whether the node pulls the image as wanted; if nothing specific is wanted, whether it pulls it at all."""
    policy = spec.get("imagePullPolicy")
    return policy == wanted.pull_policy or (wanted.pull_policy is None and policy != PullPolicy.NEVER)


def _running(pod: Pod) -> list[Container]:
    return [c for c in pod.ephemeral if c.state.phase is Phase.RUNNING]
