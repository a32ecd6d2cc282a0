"""The image of the Dockerfile, made without Docker: python -m hack.images.installed PYTHON.tar ARCHIVE

User, entrypoint, environment and paths are the Dockerfile's own. In place of the base image stands the interpreter of
the image "python", and what pip would install is taken from where this program's Python has it.
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from .archive import File, Image, Rootfs, folder, layers_of, link, write_image
from .dockerfile import last_stage
from .table import NONROOT, PASSWD_NONROOT

NAME = "dshell.test/kubectl-dshell:1"
TOP = Path(__file__).parents[2]
# Most of the size, for kubeconfigs with a login by OIDC alone: none of it is loaded in a pod.
_LEFT_OUT = {"kubernetes"}


def installed_image(python_archive: Path) -> Image:
    stage = last_stage(TOP / "Dockerfile")
    (target,) = stage.copied
    rootfs: Rootfs = {
        "etc/passwd": File(PASSWD_NONROOT.encode()),
        "home/nonroot": folder(0o700, NONROOT, NONROOT),
        "tmp": folder(0o1777),
        **{f"{target.lstrip('/')}/{path}": file for path, file in _packages().items()},
    }
    below = layers_of(python_archive)[:1]
    interpreter, ours = stage.entrypoint[0].lstrip("/"), _interpreter(*below)
    if interpreter != ours:  # of another Debian release than the base image's
        rootfs[interpreter] = link(f"/{ours}")
    config: dict[str, object] = {
        "User": stage.user,
        "Entrypoint": stage.entrypoint,
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *stage.environment],
        "WorkingDir": "/home/nonroot",
    }
    return Image(NAME, rootfs, config, below=below)


def _interpreter(layer: bytes) -> str:
    """The path of Python in a layer."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        return next(path for path in tar.getnames() if re.fullmatch(r"usr/bin/python3\.\d+", path))


def _packages() -> Rootfs:
    ours = (file for file in (TOP / "kubectl_dshell").rglob("*") if file.is_file() and _kept(file))
    return _dependencies() | {str(file.relative_to(TOP)): _file(file) for file in ours}


def _dependencies() -> Rootfs:
    rootfs: Rootfs = {}
    todo, done = _requirements("kubectl-dshell"), set(_LEFT_OUT)
    while new := todo - done:
        for name in new:
            todo |= _requirements(name)
            installed = {path: Path(str(path.locate())) for path in distribution(name).files or []}
            rootfs |= {
                str(path): _file(file) for path, file in installed.items() if ".." not in path.parts and _kept(file)
            }
        done |= new
    return rootfs


def _requirements(name: str) -> set[str]:
    """The names of the packages that it needs here, without any extra."""
    needed = [Requirement(line) for line in distribution(name).requires or []]
    return {one.name.lower() for one in needed if not one.marker or one.marker.evaluate({"extra": ""})}


def _kept(file: Path) -> bool:
    return "__pycache__" not in file.parts and file.suffix != ".pyc"


def _file(path: Path) -> File:
    return File(path.read_bytes())


if __name__ == "__main__":
    try:
        write_image(Path(sys.argv[2]), installed_image(Path(sys.argv[1])))
    except PackageNotFoundError as error:
        sys.exit(f"{error}; make .venv/stamp installs it for .venv/bin/python, which this is to be run by")
