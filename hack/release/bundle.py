"""The directory with Python inside, for krew and brew: this machine's system and processor, and no other's."""

from __future__ import annotations

import gzip
import os
import platform
import shutil
import tarfile
import tempfile
from pathlib import Path

from .layout import TOP, source_date_epoch, sources, version
from .light import install_light
from .process import ReleaseError, run

_SPEC = Path(__file__).with_name("bundle.spec")
_MAIN = Path(__file__).with_name("bundle_main.py")
_AUTHORITIES = (
    "import os, ssl; p = ssl.get_default_verify_paths(); print(p.openssl_cafile, p.openssl_capath, sep=os.pathsep)"
)
_PROCESSORS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64")


def this_platform() -> str:
    return f"{platform.system().lower()}_{_PROCESSORS.get(platform.machine().lower(), platform.machine())}"


def archive_name(of_platform: str) -> str:
    return f"kubectl-dshell_{version()}_{of_platform}.tar.gz"


def build_bundle(wheel: Path, python: Path, folder: Path) -> Path:
    """The archive, in `folder`. `python` has PyInstaller, and is the Python that goes inside."""
    with tempfile.TemporaryDirectory() as work:
        top = Path(work)
        install_light(wheel, top / "light")
        main = _MAIN.read_text(encoding="utf-8").replace("@BUILT_IN@", run(python, "-c", _AUTHORITIES).strip())
        (top / "entry.py").write_text(main, encoding="utf-8")
        environment = {
            **os.environ,
            "PYTHONHASHSEED": "1",
            "SOURCE_DATE_EPOCH": source_date_epoch(),
            "DSHELL_RELEASE_FOLDER": str(top / "light"),
            "DSHELL_RELEASE_ENTRY": str(top / "entry.py"),
            "PYTHONPATH": str(top / "light"),
        }
        build: list[str | Path] = [
            python,
            "-m",
            "PyInstaller",
            "--noconfirm",
            "--distpath",
            top / "out",
            "--workpath",
            top / "work",
            _SPEC,
        ]
        run(*build, env=environment)
        bundle = top / "out/kubectl-dshell"
        check_scripts(bundle)
        add_licenses(top / "light", bundle)
        add_license_of_python(python, bundle)
        return pack(bundle, folder / archive_name(this_platform()), int(source_date_epoch()))


def check_scripts(bundle: Path) -> None:
    """Raises ReleaseError if a file of the program that is no module is not in the bundle."""
    files = {name for name in sources("kubectl_dshell") if not name.endswith(".py")}
    lacks = sorted(name for name in files if not (bundle / "_internal" / name).is_file())
    if lacks:
        raise ReleaseError(f"the bundle lacks {lacks}")


def add_licenses(light: Path, bundle: Path) -> None:
    """Ours beside the program, as krew asks, and that of each package in licenses/."""
    shutil.copyfile(TOP / "LICENSE", bundle / "LICENSE")
    for file in light.glob("*.dist-info/**/*"):
        if file.is_file() and file.name.upper().startswith(("LICEN", "COPYING", "NOTICE")):
            target = bundle / "licenses" / file.relative_to(light).parts[0].removesuffix(".dist-info") / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def add_license_of_python(python: Path, bundle: Path) -> None:
    """If the Python has it: Debian's keeps it elsewhere, in one file for all packages."""
    stdlib = run(python, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))").strip()
    if (file := Path(stdlib) / "LICENSE.txt").is_file():
        (bundle / "licenses/python").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, bundle / "licenses/python/LICENSE.txt")


def pack(bundle: Path, archive: Path, date: int) -> Path:
    """With nobody's user, in one order, at one date."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mtime = date
        member.mode = 0o755 if member.mode & 0o100 else 0o644
        return member

    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=date) as packed,
        tarfile.open(fileobj=packed, mode="w") as files,
    ):
        for path in sorted(bundle.rglob("*")):
            name = Path("kubectl-dshell") / path.relative_to(bundle)
            files.add(path, str(name), recursive=False, filter=plain)
    return archive
