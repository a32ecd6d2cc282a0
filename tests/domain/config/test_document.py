"""A file is right, or an error names the key and what was meant."""

from __future__ import annotations

import tomllib

import pytest

from kubectl_dshell.domain.access.privilege import Profile
from kubectl_dshell.domain.config.document import Place, parse_config
from kubectl_dshell.domain.config.values import Colour
from kubectl_dshell.errors import BadConfig


def test_every_key_in_every_section() -> None:
    keys = 'image="net"\nttl="4h"\nkeep="0s"\ntimeout="90"\nprofile="general"\nreason-required=true\ncolour="never"\n'
    tables = 'images={net="example.com/a:1"}\nmirrors={"docker.io"="m.example/d/"}\n'
    heads = ("", "[namespaces.shop]\n", '[contexts."a b"]\n', '[contexts."a b".namespaces.shop]\n')

    found = parse_config("f", tomllib.loads("".join(head + keys + tables for head in heads)))

    assert set(found.sections) == {Place(), Place(None, "shop"), Place("a b", None), Place("a b", "shop")}
    for section in found.sections.values():
        assert section.values == {
            "image": "net",
            "ttl": 14400,
            "keep": 0,
            "timeout": 90,
            "profile": Profile.GENERAL,
            "reason-required": True,
            "colour": Colour.NEVER,
        }
        assert section.images == {"net": "example.com/a:1"}
        assert section.mirrors == {"docker.io": "m.example/d"}
    assert found.sections[Place("a b", "shop")].title == 'contexts."a b".namespaces.shop'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('iamge = "x"', 'f: unknown key "iamge" (did you mean image?)'),
        ("context = {}", 'unknown key "context" (did you mean contexts?)'),
        ("zzz = 1", 'f: unknown key "zzz"'),
        ("[contexts.a]\nreason = true", 'unknown key "reason" in [contexts.a]'),
        ("[contexts.a.contexts.b]", 'unknown key "contexts" in [contexts.a]'),
        ("[namespaces.a.namespaces.b]", 'unknown key "namespaces" in [namespaces.a]'),
        (
            "[contexts.a.namespaces.b]\nimage = 1",
            'the key "image" in [contexts.a.namespaces.b] is invalid: a number is not',
        ),
        ('image = ""', "'' is not the name of an image"),
        ('image = "a b"', "'a b' is not the name of an image"),
        ("ttl = 90", 'a number is not a string in quotes; for example: "90s"'),
        ('ttl = "soon"', "'soon' is not a duration"),
        ('ttl = "0s"', "it must be at least 1s"),
        ('timeout = "0"', "it must be at least 1s"),
        ('profile = "genral"', "is not one of auto, restricted, baseline, general, netadmin, sysadmin (did you mean"),
        ('reason-required = "true"', "'true' is neither true nor false"),
        ("colour = 2026-01-01", "a date or time is not a string in quotes"),
        ("reason-required = 1", "a number is neither true nor false"),
        (f"ttl{'.a' * 5000} = 1", "a table is not a string in quotes"),
        (f"image = 0x{'f' * 9000}", "a number is not a string in quotes"),
        ("colour = true", "a boolean is not a string in quotes"),
        ('contexts = "a"', 'the key "contexts" is not a table; write [contexts.NAME]'),
        ("[contexts]\na = 1", 'the key "a" in [contexts] is not a table'),
        ("[contexts.a]\nnamespaces = 1", 'the key "namespaces" in [contexts.a] is not a table'),
        ('images = "x"', 'the key "images" is not a table; write [images]'),
        ('[contexts.a]\nmirrors = "x"', 'the key "mirrors" in [contexts.a] is not a table; write [contexts.a.mirrors]'),
        ('[images]\n"a/b" = "x"', 'the key "a/b" in [images] is invalid: a short name has'),
        ('[mirrors]\nbusybox = "m.example"', "a prefix begins with a registry"),
        ('[mirrors]\n"docker.io" = "m"', "'m' does not begin with a registry"),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    with pytest.raises(BadConfig) as caught:
        parse_config("f", tomllib.loads(text))

    assert said in caught.value.message
    assert caught.value.message.startswith("f: ")
    assert caught.value.status == 78


def test_color_is_colour_but_not_both_at_once() -> None:
    assert parse_config("c", {"color": "never"}).sections[Place()].values == {"colour": Colour.NEVER}
    for keys in (("color", "colour"), ("colour", "color")):
        both = {"contexts": {"prod": dict.fromkeys(keys, "auto")}}
        with pytest.raises(BadConfig, match=r'^c: "color" and "colour" are one key in \[contexts\.prod\]; remove one'):
            parse_config("c", both)
