"""`python -m hack.release`: builds every form into dist/, installs each into an empty root, and measures its start-up."""

from __future__ import annotations

import shutil
import sys
import tempfile
import venv
from pathlib import Path

from . import forms
from .bundle import build_bundle, this_platform
from .distributions import Distributions, build_reproducibly
from .indexes import digests, krew_manifest
from .krew import build_krew, install
from .layout import TOP, sha256, uncommitted
from .locked import LOCK, all_pins, light_pins
from .process import ReleaseError, run
from .sbom import bom, check_known, installed_licenses, license_list, runtime
from .startup import COMMANDS, measure, ratios, too_slow
from .zipapp import build_zipapp

DIST = TOP / "dist"
TOOLS_LOCK = TOP / "requirements-release.lock"


def main() -> int:
    try:
        problems = release_check()
        if uncommitted():
            problems.append(
                "the files differ from the last commit, whose date they were given; commit them and build again"
            )
    except ReleaseError as error:
        problems = [str(error)]
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0


def release_check() -> list[str]:
    """What is wrong. Raises ReleaseError at what nothing after it would make sense without."""
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="release-") as work:
        top = Path(work)
        say("tools")
        tools = install_tools(top / "tools")
        say("wheel and source, twice")
        built = build_reproducibly(DIST)
        run(tools, "-m", "twine", "check", "--strict", *built)
        say("zip archive, twice")
        pyz = build_zipapp(built.wheel, DIST / "kubectl-dshell.pyz")
        if sha256(pyz) != sha256(build_zipapp(built.wheel, top / "again.pyz")):
            raise ReleaseError(f"{pyz.name} was built twice, and the two differ")
        say("directory with Python inside")
        archive = build_bundle(built.wheel, tools, DIST)
        say("each in an empty root")
        found = installed(built, pyz, archive, top, tools)
        forms.by_uvx(built.wheel, top / "uvx", tools)  # its start-up is uv's: not measured
        write_parts(next(top.glob("wheel/venv/lib/python*/site-packages")), tools)
        return report(found)


def install_tools(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    pip: list[str | Path] = [folder / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run(*pip, "--require-hashes", "--only-binary", ":all:", "-r", TOOLS_LOCK)
    return folder / "bin/python"


def installed(built: Distributions, pyz: Path, archive: Path, top: Path, tools: Path) -> list[forms.Form]:
    """The first is what the others are compared with."""
    return [
        forms.virtual_environment(built.wheel, top / "wheel", "virtual environment", LOCK),
        forms.virtual_environment(built.sdist, top / "sdist", "the same, from source", LOCK),
        forms.by_pipx(built.wheel, top / "pipx", tools),
        forms.zipapp(pyz, top / "pyz"),
        forms.bundle(archive, top / "bundle"),
        forms.by_krew(krew_installs(archive, top), top / "krew"),
    ]


def krew_installs(archive: Path, top: Path) -> Path:
    """From its manifest, whose addresses nobody asks: krew is given the archive."""
    manifest = top / "dshell.yaml"
    nowhere = "https://example.com/kubectl-dshell"
    manifest.write_text(krew_manifest(digests(archive.parent), nowhere, nowhere), encoding="utf-8")
    return install(build_krew(top), manifest, archive, top / "krew")


def write_parts(site_packages: Path, tools: Path) -> None:
    """The parts of an installation by pip, of the zip archive and of the directory, and the licenses of all."""
    inside, licenses = runtime(tools)
    licenses = {**installed_licenses(site_packages), **licenses}
    forms_of = {"pip": all_pins(), "pyz": light_pins(), this_platform(): light_pins() + inside}
    for name, parts in forms_of.items():
        check_known(parts, licenses)
        (DIST / f"kubectl-dshell_{name}.cdx.json").write_text(bom(parts, licenses), encoding="utf-8")
    (DIST / "licenses.txt").write_text(license_list(all_pins() + inside, licenses), encoding="utf-8")


def report(found: list[forms.Form]) -> list[str]:
    measured = measure(found)
    print(f"{'form':24}{'installed':>12}" + "".join(f"{' '.join(words):>20}" for words in COMMANDS))
    for form, times in zip(found, measured, strict=True):
        pairs = zip(times.milliseconds, ratios(times, measured[0]), strict=True)
        cells = "".join(f"{f'{time:.0f} ms ({ratio:.2f})':>20}" for time, ratio in pairs)
        print(f"{form.name:24}{form.size / 1e6:>9.1f} MB{cells}")
    for file in sorted(DIST.iterdir()):
        print(f"{sha256(file)}  {file.name}  {file.stat().st_size / 1e6:.1f} MB")
    return too_slow(measured)


def say(what: str) -> None:
    print(f"== {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
