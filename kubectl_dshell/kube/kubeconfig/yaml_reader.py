"""Bounded YAML as read by Kubernetes: plain data, no tags, dates as strings, aliases that cannot explode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_dshell.kube.kubeconfig import plain_yaml
from kubectl_dshell.kube.kubeconfig.plain_yaml import NotPlain, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 1024 * 1024
"""Bytes."""
DEEPEST = 100
MOST_NODES = 500_000
"""Size of a document after the expansion of aliases."""
_TOO_MANY = "it expands to too many values (perhaps through its aliases)"
_TEXT_TAG = "tag:yaml.org,2002:str"
_MERGE = "<<"


def parse(content: bytes) -> Any:
    """The first document in `content`: dictionaries with string keys, lists, strings, numbers, booleans, None.

    Raises:
        ValueError: not YAML, or out of bounds; the text says where.
    """
    if len(content) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST // 1024} KiB")
    try:
        return plain_yaml.parse(content)
    except NotPlain:
        return parse_any(content)


def parse_any(content: bytes) -> Any:
    """Like `parse`, with the yaml package."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(_bounded(yaml.parse(content, Loader=loader))).document()
    except yaml.MarkedYAMLError as error:
        raise ValueError(f"{error.problem}{_place(error.problem_mark)}") from error
    except yaml.YAMLError as error:  # a character not allowed in YAML
        raise ValueError(" ".join(str(error).split())) from error


def _place(mark: Any) -> str:
    return f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""


def _refusal(what: str, event: Any) -> ValueError:
    return ValueError(f"{what}{_place(event.start_mark)}")


def _bounded(events: Iterator[Any]) -> Iterator[Any]:
    import yaml

    depth = 0
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise _refusal(f"it is nested deeper than {DEEPEST}", event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        yield event


class _Builder:
    """Builds data from events; each node carries its expanded size."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._merged = 0  # values that were copied: unlike those behind an alias, they take memory each time

    def document(self) -> Any:
        import yaml

        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                return self._node(next(self._events))[0]
        return None

    def _node(self, event: Any) -> tuple[Any, int]:
        import yaml

        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise _refusal("an alias to an anchor that is not defined before it", event)
            return self._anchors[event.anchor]
        if isinstance(event, yaml.ScalarEvent):
            made: tuple[Any, int] = _scalar(event), 1
        elif isinstance(event, yaml.SequenceStartEvent):
            made = self._sequence(yaml.SequenceEndEvent)
        else:
            made = self._mapping(yaml.MappingEndEvent)
        if made[1] > MOST_NODES:
            raise ValueError(_TOO_MANY)
        if event.anchor:
            self._anchors[event.anchor] = made
        return made

    def _sequence(self, end: type) -> tuple[list[Any], int]:
        items, size = [], 1
        while not isinstance(event := next(self._events), end):
            item, weight = self._node(event)
            items.append(item)
            size += weight
        return items, size

    def _mapping(self, end: type) -> tuple[dict[str, Any], int]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        size = 1
        while not isinstance(event := next(self._events), end):
            key = getattr(event, "value", None)
            if not isinstance(key, str):
                raise _refusal("a key that is not a string", event)
            value, weight = self._node(next(self._events))
            size += weight + 1
            if key == _MERGE and event.implicit[0]:
                for other in value if isinstance(value, list) else [value]:
                    if not isinstance(other, dict):
                        raise _refusal("<< takes only mappings", event)
                    self._merged += len(other) + len(merged)
                    if self._merged > MOST_NODES:
                        raise ValueError(_TOO_MANY)
                    merged = {**other, **merged}
            else:
                own[key] = value
        return {**merged, **own}, size


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.tag not in (None, "!", _TEXT_TAG):
        # The tag is not quoted: it may be a password that begins with an exclamation mark.
        raise _refusal("a tag (!...), which is not allowed here", event)
    if event.tag or not event.implicit[0]:
        return text
    return value_of(text)
