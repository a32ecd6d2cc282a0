"""Look-alikes of the images that the field runs: a row for each, of which the tests and docs/images.md are made.

No row has code of its own: an image is a system and a runtime, which are layers (layers.py) that the rows share.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .archive import ARCHITECTURE

_NONROOT = "65532"
_MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}[ARCHITECTURE]
_LOADER = {"amd64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}[ARCHITECTURE]
_CXX = f"/usr/lib/{_MACHINE}-linux-gnu/libstdc++.so.6"
_MUSL = f"/lib/ld-musl-{_MACHINE}.so.1"
_SERVER = ("/app/server",)
_JAVA = (  # a class of its own that does not end: Debian has no compiler without 200 MB of others
    *("/usr/bin/java", "-Xmx16m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    *("-m", "java.rmi/sun.rmi.registry.RegistryImpl", "0"),
)


class System(Enum):
    """What an image is, apart from its app: its layers, the lowest first. The ID of its os-release is its name."""

    NONE = ()
    DEBIAN = ("debian", "passwd")
    UBUNTU = ("ubuntu", "passwd")
    WOLFI = ("wolfi", "passwd")
    ALPINE = ("alpine", "passwd")

    @property
    def release(self) -> str:
        return self.name.lower() if self.value else ""


@dataclass(frozen=True, slots=True)
class Runtime:
    """An app, and what it runs with.

    `version` is a command of the image's own programs, for --app-image; `answer` is in what that prints. `archive` is
    the file that images with it are in.
    """

    layers: tuple[str, ...]
    entrypoint: tuple[str, ...]
    version: tuple[str, ...]
    answer: str
    archive: str


STATIC = Runtime(("server",), _SERVER, ("/app/server", "version"), "server 1", "matrix")
BASE = Runtime(("glibc", "ssl", "server"), _SERVER, (_LOADER, "--version"), "GLIBC", "matrix")
CC = Runtime(("glibc", "ssl", "cc", "server"), _SERVER, (_LOADER, "--list", _CXX), "libgcc_s.so.1", "matrix")
PYTHON = Runtime(
    ("glibc", "ssl", "cc", "python-libraries", "python"),
    ("/usr/bin/python3", "/app/app.py"),
    ("python3", "-V"),
    "Python 3.",
    "matrix-python",
)
NODE = Runtime(
    ("glibc", "ssl", "cc", "node-libraries", "node"),
    ("/usr/bin/node", "/app/app.js"),
    ("node", "--version"),
    "v",
    "matrix-node",
)
JAVA = Runtime(
    ("glibc", "ssl", "cc", "java-libraries", "java"), _JAVA, ("java", "-version"), "Runtime Environment", "matrix-java"
)
PHP = Runtime(
    ("glibc", "ssl", "cc", "php-libraries", "php"),
    ("/usr/bin/php", "/app/app.php"),
    ("php", "-v"),
    "PHP ",
    "matrix-php",
)
MUSL = Runtime(("server",), _SERVER, ("sh", "-c", f"{_MUSL} 2>&1 | grep Version"), "Version 1.", "matrix")
GNU = Runtime(("shells", "server"), _SERVER, ("bash", "--version"), "GNU bash", "matrix")

HEAVY_ARCHIVES = ("debug-big", "matrix-python", "matrix-node", "matrix-java", "matrix-php")
"""Some 900 MB, which only `make matrix` makes and loads."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A row: an image, and what is true of a container of it.

    `like` is what it looks like; `user` is its USER; `shell` that of shell-form entry points, if it has one. `ordinary`: `make test` has it, too.
    """

    name: str
    like: str
    system: System
    runtime: Runtime
    user: str = ""
    shell: str = ""
    ordinary: bool = False

    @property
    def image(self) -> str:
        return f"dshell.test/matrix:{self.name}"

    @property
    def identity(self) -> str:
        """UID:GID of its processes. The kubelet takes over the UID alone: the group is that of passwd, or root's."""
        uid = self.user.partition(":")[0] or "0"
        return f"{uid}:{uid if self.system.value else 0}"

    @property
    def layers(self) -> tuple[str, ...]:
        """By name. Wolfi has its libraries in /usr/lib; busybox beside no other shell is that of the debug images."""
        libraries = "flat:" if self.system is System.WOLFI else ""
        own = tuple(f"{libraries}{name}" for name in self.runtime.layers)
        return (*self.system.value, *own, *(("busybox",) if self.shell.startswith("/busybox") else ()))


def _distroless(name: str, like: str, runtime: Runtime, *ordinary: str) -> list[Variant]:
    """As root, as nonroot, and with a busybox that is in PATH."""
    rows = [("latest", "", ""), ("nonroot", _NONROOT, ""), ("debug", "", "/busybox/sh")]
    return [
        Variant(
            f"{name}-{tag}", f"gcr.io/distroless/{like}:{tag}", System.DEBIAN, runtime, user, shell, tag in ordinary
        )
        for tag, user, shell in rows
    ]


def _chainguard(name: str, runtime: Runtime, *, ordinary: bool = False) -> Variant:
    return Variant(f"wolfi-{name}", f"cgr.dev/chainguard/{name}", System.WOLFI, runtime, _NONROOT, ordinary=ordinary)


VARIANTS = (
    *_distroless("static", "static-debian12", STATIC, "latest", "nonroot", "debug"),
    *_distroless("base", "base-debian12", BASE),
    *_distroless("cc", "cc-debian12", CC, "nonroot"),
    *_distroless("python3", "python3-debian12", PYTHON),
    *_distroless("nodejs", "nodejs20-debian12", NODE),
    *_distroless("java", "java17-debian12", JAVA),
    Variant("scratch-uid", "scratch, USER 65532", System.NONE, STATIC, _NONROOT, ordinary=True),
    Variant("scratch-uid-gid", "scratch, USER 65532:65532", System.NONE, STATIC, "65532:65532", ordinary=True),
    _chainguard("static", STATIC, ordinary=True),
    _chainguard("python", PYTHON),
    _chainguard("node", NODE),
    _chainguard("jre", JAVA),
    _chainguard("php", PHP),
    Variant("alpine", "alpine, USER 65532", System.ALPINE, MUSL, _NONROOT, "/bin/sh", ordinary=True),
    Variant("debian", "debian", System.DEBIAN, GNU, "", "/bin/sh", ordinary=True),
    Variant("ubuntu", "ubuntu", System.UBUNTU, GNU, "", "/bin/sh", ordinary=True),
)
