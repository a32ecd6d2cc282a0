"""`python -m hack.release.indexes FOLDER HOMEPAGE DOWNLOADS`: what krew and brew read, for the archives in FOLDER.

FOLDER has the archives of one version, of some platforms or of all; DOWNLOADS is the address below which they will be.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .bundle import PLATFORMS, archive_name
from .layout import TOP, sha256, version
from .process import ReleaseError

_KREW = TOP / "manifests/krew/dshell.yaml"
_BREW = TOP / "manifests/brew/kubectl-dshell.rb"
_KREW_PLATFORM = """\
    - selector:
        matchLabels:
          os: {system}
          arch: {processor}
      uri: {uri}
      sha256: "{digest}"
      files:
        - from: kubectl-dshell/*
          to: .
      bin: kubectl-dshell"""
_BREW_PLATFORM = """\
  on_{system} do
    on_{processor} do
      url "{uri}"
      sha256 "{digest}"
    end
  end
"""
_BREW_WORDS = {"darwin": "macos", "linux": "linux", "amd64": "intel", "arm64": "arm"}


def digests(folder: Path) -> dict[str, str]:
    """Of each archive of this version in `folder`, by its platform. Raises ReleaseError if there is none."""
    found = {name: folder / archive_name(name) for name in PLATFORMS}
    known = {name: sha256(file) for name, file in found.items() if file.is_file()}
    if not known:
        raise ReleaseError(f"no archive of version {version()} in {folder}; type first: make release-check")
    return known


def krew_manifest(known: dict[str, str], homepage: str, downloads: str) -> str:
    rows = []
    for name, digest in known.items():
        system, _, processor = name.partition("_")
        uri = f"{downloads}/{archive_name(name)}"
        rows.append(_KREW_PLATFORM.format(system=system, processor=processor, uri=uri, digest=digest))
    return _filled(_KREW, homepage, "\n".join(rows))


def brew_formula(known: dict[str, str], homepage: str, downloads: str) -> str:
    rows = []
    for name, digest in known.items():
        system, _, processor = name.partition("_")
        words = {"system": _BREW_WORDS[system], "processor": _BREW_WORDS[processor]}
        rows.append(_BREW_PLATFORM.format(**words, uri=f"{downloads}/{archive_name(name)}", digest=digest))
    return _filled(_BREW, homepage, "\n".join(rows))


def _filled(template: Path, homepage: str, platforms: str) -> str:
    text = template.read_text(encoding="utf-8").partition("\n")[2]
    values = {"@VERSION@": version(), "@HOMEPAGE@": homepage, "@PLATFORMS@": platforms}
    for word, value in values.items():
        text = text.replace(word, value)
    return text


def main(folder: Path, homepage: str, downloads: str) -> int:
    try:
        known = digests(folder)
    except ReleaseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    (folder / "dshell.yaml").write_text(krew_manifest(known, homepage, downloads), encoding="utf-8")
    (folder / "kubectl-dshell.rb").write_text(brew_formula(known, homepage, downloads), encoding="utf-8")
    missing = [name for name in PLATFORMS if name not in known]
    print(f"written for {', '.join(known)}" + (f"; no archive of {', '.join(missing)}" if missing else ""))
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit((__doc__ or "").splitlines()[0])
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
