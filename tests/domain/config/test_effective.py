"""Which section wins, and what an image becomes."""

from __future__ import annotations

import tomllib

import pytest

from kubectl_dshell.domain.config.document import parse_config
from kubectl_dshell.domain.config.effective import Settings, settings_of
from kubectl_dshell.domain.config.values import Origin, Source, Sourced

TEXT = """
ttl = "1s"
keep = "1s"
timeout = "1s"
image = "net"
images.net = "busybox:1"
images.top = "example.com/top"
mirrors."docker.io" = "m.example/d"
[namespaces.shop]
ttl = "2s"
keep = "2s"
timeout = "2s"
[contexts.prod]
ttl = "3s"
keep = "3s"
images.net = "quay.io/a/net"
[contexts.prod.namespaces.shop]
ttl = "4s"
mirrors."quay.io" = "m.example/q"
[contexts.prod.namespaces.pay]
reason-required = true
"""
CONFIG = parse_config("f", tomllib.loads(TEXT))


@pytest.mark.parametrize(
    ("context", "namespace", "ttl", "keep", "timeout"),
    [
        ("kind", "default", (1, "f"), (1, "f"), (1, "f")),
        ("kind", "shop", (2, "f [namespaces.shop]"), (2, "f [namespaces.shop]"), (2, "f [namespaces.shop]")),
        ("prod", "x", (3, "f [contexts.prod]"), (3, "f [contexts.prod]"), (1, "f")),
        (
            "prod",
            "shop",
            (4, "f [contexts.prod.namespaces.shop]"),
            (3, "f [contexts.prod]"),
            (2, "f [namespaces.shop]"),
        ),
        ("", "default", (1, "f"), (1, "f"), (1, "f")),
    ],
)
def test_the_most_specific_section_wins(
    context: str, namespace: str, ttl: tuple[int, str], keep: tuple[int, str], timeout: tuple[int, str]
) -> None:
    found = settings_of(CONFIG, context, namespace).values

    for name, (value, source) in {"ttl": ttl, "keep": keep, "timeout": timeout}.items():
        assert found[name] == Sourced(value, Source(Origin.FILE, source))


def test_tables_are_merged_entry_by_entry_and_a_short_name_is_mirrored_too() -> None:
    assert settings_of(CONFIG, "kind", "x").full_image("net")[0] == "m.example/d/library/busybox:1"
    image, sources = settings_of(CONFIG, "prod", "shop").full_image("net")
    assert image == "m.example/q/a/net"
    assert [str(source) for source in sources] == [
        "f [contexts.prod.images]",
        "f [contexts.prod.namespaces.shop.mirrors]",
    ]
    assert settings_of(CONFIG, "prod", "shop").full_image("top") == (
        "example.com/top",
        (Source(Origin.FILE, "f [images]"),),
    )
    assert settings_of(CONFIG, "prod", "x").full_image("quay.io/a/b") == ("quay.io/a/b", ())


def test_in_all_namespaces_a_reason_is_required_if_one_of_them_requires_it() -> None:
    assert settings_of(CONFIG, "prod", None).values["reason-required"].value is True
    assert settings_of(CONFIG, "prod", None).values["ttl"].value == 3
    assert "reason-required" not in settings_of(CONFIG, "kind", None).values
    assert "reason-required" not in settings_of(CONFIG, "prod", "shop").values


def test_without_a_file_nothing_is_set() -> None:
    assert settings_of(None, "prod", "shop") == Settings({}, {}, {})
