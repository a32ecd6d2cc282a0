"""What a form is made of, as a CycloneDX document, and the licenses of it."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any

from .layout import source_date_epoch, version
from .locked import Pin
from .process import ReleaseError, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

UNKNOWN = "unknown"
_RUNTIME_LICENSES = {
    "python": "PSF-2.0",
    "openssl": "Apache-2.0",
    "pyinstaller": "GPL-2.0-or-later WITH Bootloader-exception",
}
_VERSIONS = """
import platform, ssl, PyInstaller
print(platform.python_version(), ssl.OPENSSL_VERSION.split()[1], PyInstaller.__version__)
"""
_CLASSIFIER = "License :: OSI Approved :: "


def bom(pins: Sequence[Pin], licenses: Mapping[str, str]) -> str:
    """CycloneDX 1.6 as JSON; the same packages give the same bytes."""
    ours = {
        "type": "application",
        "bom-ref": "kubectl-dshell",
        "name": "kubectl-dshell",
        "version": version(),
        "purl": f"pkg:pypi/kubectl-dshell@{version()}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    date = datetime.fromtimestamp(int(source_date_epoch()), UTC)
    serial = uuid.uuid5(uuid.NAMESPACE_URL, " ".join([str(ours["purl"]), *(pin.purl for pin in pins)]))
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial.urn,
        "version": 1,
        "metadata": {"timestamp": date.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": ours},
        "components": [_component(pin, licenses.get(pin.name, UNKNOWN)) for pin in pins],
    }
    return json.dumps(document, indent=2) + "\n"


def _component(pin: Pin, license_text: str) -> dict[str, Any]:
    """Without hashes: a pin has one for the file of each system, and the document is of no system."""
    return {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "purl": pin.purl,
        "licenses": [{"license": {"name": license_text}}],
    }


def runtime(python: Path) -> tuple[list[Pin], dict[str, str]]:
    """What the directory has besides packages, and its licenses: Python, OpenSSL, and what PyInstaller starts it with."""
    words = run(python, "-c", _VERSIONS).split()
    parts = [Pin(name, number, (), "", "generic") for name, number in zip(_RUNTIME_LICENSES, words, strict=True)]
    return parts, _RUNTIME_LICENSES


def license_list(pins: Sequence[Pin], licenses: Mapping[str, str]) -> str:
    """A line for each package."""
    return "".join(f"{pin.name} {pin.version}: {licenses.get(pin.name, UNKNOWN)}\n" for pin in pins)


def installed_licenses(site_packages: Path) -> dict[str, str]:
    """By the name of each package that is installed there."""
    found = {}
    for file in sorted(site_packages.glob("*.dist-info/METADATA")):
        text = file.read_text(encoding="utf-8")
        headers = HeaderParser().parsestr(text, headersonly=True)
        found[normal(headers["Name"])] = license_of(text)
    return found


def license_of(metadata: str) -> str:
    """The expression; in older metadata the classifiers, or a license of one line."""
    headers = HeaderParser().parsestr(metadata, headersonly=True)
    classifiers = [
        line.removeprefix(_CLASSIFIER) for line in headers.get_all("Classifier", []) if line.startswith(_CLASSIFIER)
    ]
    words = str(headers.get("License", "")).strip()
    return (
        headers.get("License-Expression") or ", ".join(classifiers) or (words if "\n" not in words else "") or UNKNOWN
    )


def normal(name: str) -> str:
    """As lock files have it."""
    return name.lower().replace("_", "-").replace(".", "-")


def check_known(pins: Sequence[Pin], licenses: Mapping[str, str]) -> None:
    """Raises ReleaseError, naming the packages whose license nobody has stated."""
    unknown = [pin.name for pin in pins if licenses.get(pin.name, UNKNOWN) == UNKNOWN]
    if unknown:
        raise ReleaseError(f"no license is stated by {', '.join(unknown)}")
