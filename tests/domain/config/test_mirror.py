"""Mirrors of registries: whole path segments of the complete reference."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.config.mirror import mirrored, normalised


@pytest.mark.parametrize(
    ("image", "whole"),
    [
        ("busybox:1.37", "docker.io/library/busybox:1.37"),
        ("nicolaka/netshoot", "docker.io/nicolaka/netshoot"),
        ("docker.io/busybox", "docker.io/library/busybox"),
        ("index.docker.io/busybox", "docker.io/library/busybox"),
        ("localhost/tools", "localhost/tools"),
        ("localhost:5000/tools", "localhost:5000/tools"),
        ("ghcr.io/a/b@sha256:00", "ghcr.io/a/b@sha256:00"),
    ],
)
def test_a_reference_is_completed_as_runtimes_do(image: str, whole: str) -> None:
    assert normalised(image) == whole


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        ("busybox:1.37", "m.example/docker/library/busybox:1.37"),
        ("docker.io/a/b", "m.example/docker/a/b"),
        ("ghcr.io/a/b:1", "m.example/ab:1"),
        ("ghcr.io/a/b@sha256:00", "m.example/ab@sha256:00"),
        ("ghcr.io/a/bc:1", "m.example/ghcr/bc:1"),
        ("ghcr.io/ab/c", None),
        ("ghcr.io:5000/a/b", None),
        ("docker.io.evil.example/a", None),
        ("quay.io/a/b", None),
    ],
)
def test_the_longest_prefix_of_whole_segments_wins(image: str, wanted: str | None) -> None:
    mirrors = {
        "docker.io": "m.example/docker",
        "ghcr.io/a": "m.example/ghcr",
        "ghcr.io/a/b": "m.example/ab",
    }

    found = mirrored(image, mirrors)

    assert (found and found[1] + found[0]) == wanted


def test_a_registry_is_no_prefix_of_its_port() -> None:
    assert mirrored("ghcr.io:5000/a", {"ghcr.io": "m.example"}) is None


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        ("busybox:1.37", "m.example/bb:1.37"),
        ("docker.io/busybox", "m.example/bb"),
        ("busybox/tools:1", "m.example/bb/tools:1"),
        ("busybox2", None),
    ],
)
def test_the_name_of_an_official_image_is_a_prefix_too(image: str, wanted: str | None) -> None:
    found = mirrored(image, {"docker.io/busybox": "m.example/bb"})

    assert (found and found[1] + found[0]) == wanted
