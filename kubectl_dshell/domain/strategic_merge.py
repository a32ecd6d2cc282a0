"""The strategic merge of a partial v1 Container into a whole one (apimachinery `strategicpatch`), without deletions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Json

_MERGE_KEYS = {"env": "name", "volumeMounts": "mountPath", "volumeDevices": "devicePath", "ports": "containerPort"}
"""The lists of a Container whose items are merged, with the field that identifies an item (patchMergeKey)."""


def merged(whole: Json, partial: Json) -> Json:
    """`whole` with the fields of `partial`: objects are merged, values and most lists replaced. Neither is changed."""
    made = dict(whole)
    for name, value in partial.items():
        before = whole.get(name)
        if name in _MERGE_KEYS and isinstance(before, list) and isinstance(value, list):
            made[name] = _items(before, value, _MERGE_KEYS[name])
        else:
            made[name] = _value(before, value)
    return made


def _value(before: Any, value: Any) -> Any:
    if isinstance(before, dict) and isinstance(value, dict):
        return {**before, **{name: _value(before.get(name), one) for name, one in value.items()}}
    return value


def _items(before: list[Json], items: list[Json], key: str) -> list[Json]:
    """New ones first, as the API server orders them."""
    known, by_key = {one.get(key) for one in before}, {one.get(key): one for one in items}
    new = [one for one in items if one.get(key) not in known]
    return new + [_value(one, by_key.get(one.get(key), {})) for one in before]
