"""The list of packages and licenses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hack.release.layout import version
from hack.release.locked import Pin, all_pins
from hack.release.process import ReleaseError
from hack.release.sbom import bom, check_known, installed_licenses, license_list, license_of

CLICK = Pin("click", "8.5.1", ("1" * 64,), "")
CORE = Pin("pydantic-core", "2.5", ("2" * 64,), "")
LICENSES = {"click": "BSD-3-Clause"}


def test_the_document_names_the_program_and_every_package() -> None:
    document = json.loads(bom(all_pins(), {}))

    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["version"] == version()
    assert [part["name"] for part in document["components"]] == [pin.name for pin in all_pins()]
    references = [part["bom-ref"] for part in document["components"]]
    assert len({*references}) == len(references)


def test_the_same_packages_give_the_same_bytes() -> None:
    assert bom([CLICK], LICENSES) == bom([CLICK], LICENSES)
    assert json.loads(bom([CLICK], LICENSES))["serialNumber"] != json.loads(bom([CORE], LICENSES))["serialNumber"]


def test_a_line_for_each_license() -> None:
    assert license_list([CLICK, CORE], LICENSES) == "click 8.5.1: BSD-3-Clause\npydantic-core 2.5: unknown\n"


@pytest.mark.parametrize(
    ("metadata", "license_text"),
    [
        ("License-Expression: MIT\nClassifier: License :: OSI Approved :: BSD License\n", "MIT"),
        ("Classifier: License :: OSI Approved :: BSD License\nLicense: all of it\n", "BSD License"),
        ("License: Apache 2.0\n", "Apache 2.0"),
        ("License: first line\n        second line\n", "unknown"),
        ("Name: x\n\nLicense: MIT\n", "unknown"),
    ],
)
def test_where_a_package_states_its_license(metadata: str, license_text: str) -> None:
    assert license_of(metadata) == license_text


def test_what_is_installed_is_found_by_the_name_in_the_lock_file(tmp_path: Path) -> None:
    (tmp_path / "pydantic_core-2.5.dist-info").mkdir()
    (tmp_path / "pydantic_core-2.5.dist-info/METADATA").write_text("Name: pydantic_core\nLicense-Expression: MIT\n")

    assert installed_licenses(tmp_path) == {"pydantic-core": "MIT"}


def test_a_package_without_a_license_is_named() -> None:
    check_known([CLICK], LICENSES)

    with pytest.raises(ReleaseError, match="stated by pydantic-core"):
        check_known([CLICK, CORE], LICENSES)
