"""What of a configuration applies in one context and namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.config.document import Place
from kubectl_dshell.domain.config.mirror import mirrored
from kubectl_dshell.domain.config.values import Origin, Source, Sourced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.domain.config.document import Config

_EMPTY: dict[str, Sourced] = {}


class Settings(NamedTuple):
    """The values that are set, each with its source; what is not set is not there."""

    values: Mapping[str, Sourced] = _EMPTY
    images: Mapping[str, Sourced] = _EMPTY
    mirrors: Mapping[str, Sourced] = _EMPTY

    def over(self, values: Mapping[str, Sourced], mirrors: Mapping[str, Sourced]) -> Settings:
        """With these instead of its own."""
        return Settings({**self.values, **values}, self.images, {**self.mirrors, **mirrors})

    def full_image(self, image: str) -> tuple[str, tuple[Source, ...]]:
        """The reference to pull for a short name or a reference, and the entries that have changed it."""
        sources: list[Source] = []
        if image in self.images:
            image, source = self.images[image]
            sources.append(source)
        if found := mirrored(image, self.mirrors):
            rest, (mirror, source) = found
            image = f"{mirror}{rest}"
            sources.append(source)
        return image, tuple(sources)


def settings_of(config: Config | None, context: str, namespace: str | None) -> Settings:
    """A section for a namespace of a context is over the context's, then come the namespace's and the top.

    A `namespace` of None is all of them: only what applies in each, but a reason if one of them requires it.
    """
    found = Settings({}, {}, {})
    if config is None:
        return found
    order = [Place(), Place(None, namespace), Place(context, None), Place(context, namespace)]
    for place in dict.fromkeys(order):
        found = _with(found, config, place)
    if namespace is None:
        for place, section in config.sections.items():
            if place.namespace is not None and place.context in (None, context) and section.values.get(_REASON):
                found = found.over({_REASON: Sourced(value=True, source=_source(config, section.title))}, {})
    return found


_REASON = "reason-required"


def _with(found: Settings, config: Config, place: Place) -> Settings:
    section = config.sections.get(place)
    if section is None:
        return found

    def sourced(entries: Mapping[str, object], table: str = "") -> dict[str, Sourced]:
        source = _source(config, ".".join(part for part in (section.title, table) if part))
        return {name: Sourced(value, source) for name, value in entries.items()}

    made = found.over(sourced(section.values), sourced(section.mirrors, "mirrors"))
    return made._replace(images={**found.images, **sourced(section.images, "images")})


def _source(config: Config, title: str) -> Source:
    return Source(Origin.FILE, f"{config.path} [{title}]" if title else config.path)
