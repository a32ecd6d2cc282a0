"""Configuration files: any document is refused with its file, or applies everywhere; any image can be looked up in it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.config.document import Config, parse_config
from kubectl_dshell.domain.config.effective import settings_of
from kubectl_dshell.errors import BadConfig

VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=8) | st.sampled_from(["8h", "auto"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
REFERENCES = st.from_regex(r"[a-z.]{1,8}(:[0-9]{1,4})?(/[a-z]{1,4}){0,2}(:[a-z]{1,3})?", fullmatch=True)
KEYS = {
    "image": REFERENCES | VALUES,
    "ttl": st.just("8h") | VALUES,
    "profile": st.just("general") | VALUES,
    "reason-required": st.booleans() | VALUES,
    "images": st.dictionaries(st.sampled_from(["net", "a"]) | st.text(max_size=4), REFERENCES, max_size=2) | VALUES,
    "mirrors": st.dictionaries(REFERENCES, REFERENCES, max_size=3) | VALUES,
}
SECTIONS = st.fixed_dictionaries({}, optional={**KEYS}) | VALUES
NAMED = st.dictionaries(st.sampled_from(["shop", "a b"]) | st.text(max_size=4), SECTIONS, max_size=2) | VALUES
DOCUMENTS = st.fixed_dictionaries({}, optional={**KEYS, "contexts": NAMED, "namespaces": NAMED, "other": VALUES})


def parsed(document: dict[str, Any]) -> Config | BadConfig:
    try:
        return parse_config("f.toml", document)
    except BadConfig as refusal:
        return refusal


@given(DOCUMENTS, REFERENCES)
def test_any_document(document: dict[str, Any], image: str) -> None:
    config = parsed(document)
    if isinstance(config, BadConfig):
        assert config.message.startswith("f.toml: ")
        return
    for context, namespace in (("shop", "shop"), ("a b", None), ("", "a b")):
        settings = settings_of(config, context, namespace)
        for one in (*settings.values.values(), *settings.images.values(), *settings.mirrors.values()):
            assert one.source.name.startswith("f.toml")
        full, sources = settings.full_image(image)
        assert full
        assert bool(sources) or full == image
