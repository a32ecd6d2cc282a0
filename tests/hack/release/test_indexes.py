"""The manifest for krew and the formula for brew."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from hack.release.bundle import PLATFORMS, archive_name
from hack.release.indexes import brew_formula, digests, krew_manifest, main
from hack.release.layout import sha256, version
from hack.release.process import ReleaseError

KNOWN = {name: f"{at:064x}" for at, name in enumerate(PLATFORMS)}
HOME, DOWNLOADS = "https://example.com/dshell", "https://example.com/dshell/v1"


def test_krew_finds_the_fields_that_it_demands() -> None:
    """Those of krew's validation: names, a semantic version with v, 50 characters, a digest, files and a bin."""
    manifest = yaml.safe_load(krew_manifest(KNOWN, HOME, DOWNLOADS))

    assert manifest["apiVersion"] == "krew.googlecontainertools.github.com/v1alpha2"
    assert (manifest["kind"], manifest["metadata"]) == ("Plugin", {"name": "dshell"})
    spec = manifest["spec"]
    assert spec["version"] == f"v{version()}"
    assert 0 < len(spec["shortDescription"]) <= 50
    assert "distroless" in spec["description"]
    assert spec["homepage"] == HOME
    assert [platform["sha256"] for platform in spec["platforms"]] == [*KNOWN.values()]
    for platform, name in zip(spec["platforms"], KNOWN, strict=True):
        labels = platform["selector"]["matchLabels"]
        assert f"{labels['os']}_{labels['arch']}" == name
        assert platform["uri"] == f"{DOWNLOADS}/{archive_name(name)}"
        assert (platform["bin"], platform["files"]) == ("kubectl-dshell", [{"from": "kubectl-dshell/*", "to": "."}])


def test_the_formula_has_each_archive_with_its_digest() -> None:
    formula = brew_formula(KNOWN, HOME, DOWNLOADS)

    assert re.findall(r'url "(.+)"', formula) == [f"{DOWNLOADS}/{archive_name(name)}" for name in PLATFORMS]
    assert re.findall(r'sha256 "(.+)"', formula) == [*KNOWN.values()]
    assert formula.startswith("class KubectlDshell < Formula\n")
    assert "@" not in formula
    opened = re.findall(r"^ *(?:class|def|.+ do$)", formula, re.MULTILINE)
    assert len(opened) == len(re.findall(r"^ *end$", formula, re.MULTILINE))
    if ruby := shutil.which("ruby"):
        assert subprocess.run([ruby, "-c"], input=formula, text=True, check=False, capture_output=True).returncode == 0


def test_only_archives_that_are_there_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / archive_name("linux_arm64")
    archive.write_bytes(b"archive")

    assert main(tmp_path, HOME, DOWNLOADS) == 0

    platforms = yaml.safe_load((tmp_path / "dshell.yaml").read_text())["spec"]["platforms"]
    assert [platform["sha256"] for platform in platforms] == [sha256(archive)]
    assert "no archive of linux_amd64, darwin_amd64, darwin_arm64" in capsys.readouterr().out


def test_without_any_archive_it_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="make release-check"):
        digests(tmp_path)
