"""The rows of the matrix of images, and the documents that show them."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

from hack.images.archive import File, Image, layer, write_image
from hack.images.layers import _LAYERS
from hack.images.table import ARCHIVES
from hack.images.variants import HEAVY_ARCHIVES, VARIANTS
from hack.matrix import table

TOP = Path(__file__).parents[2]


def test_the_documented_table_is_that_of_the_rows() -> None:
    assert table({row.name for row in VARIANTS}) in (TOP / "docs/images.md").read_text(encoding="utf-8")


def test_a_row_that_has_failed_is_seen_in_the_table() -> None:
    first, *others = (row.name for row in VARIANTS)

    rows = table(set(others)).splitlines()[2:]

    assert [("**no**" in line) for line in rows] == [True] + [False] * len(others), first


def test_the_names_of_rows_are_names_of_containers() -> None:
    names = [name for row in VARIANTS for name in (row.name, f"{row.name}-sh")]

    assert len({*names}) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)] == []


def test_every_layer_is_one_that_a_row_has_and_the_other_way_round() -> None:
    assert {name.rpartition(":")[2] for row in VARIANTS for name in row.layers} == {*_LAYERS}


def test_no_ordinary_row_needs_an_image_that_is_not_made_for_the_tests() -> None:
    assert {row.runtime.archive for row in VARIANTS if row.ordinary}.isdisjoint(HEAVY_ARCHIVES)
    assert {*HEAVY_ARCHIVES} < {*ARCHIVES}


def test_each_system_and_each_kind_of_identity_has_an_ordinary_row() -> None:
    """What `make test` leaves out is like a row that it has."""
    ordinary = [row for row in VARIANTS if row.ordinary]

    assert {row.system for row in ordinary} == {row.system for row in VARIANTS}
    assert {(row.user, row.identity) for row in ordinary} == {(row.user, row.identity) for row in VARIANTS}
    assert {row.shell for row in ordinary} == {row.shell for row in VARIANTS}


def test_a_layer_of_several_images_is_in_their_archive_once(tmp_path: Path) -> None:
    shared = layer({"big": File(b"x" * 40960)})
    images = [Image(f"dshell.test/{name}:1", {"name": File(name.encode())}, below=(shared,)) for name in ("a", "b")]

    write_image(tmp_path / "two.tar", *images)

    with tarfile.open(tmp_path / "two.tar") as archive:
        sizes = [member.size for member in archive if member.name.startswith("blobs/")]
    assert sizes.count(len(shared)) == 1
    assert len(sizes) == 1 + 2 * 3, "a layer of its own, a config and a manifest for each"
