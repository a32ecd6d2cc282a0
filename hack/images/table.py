"""The images by archive name. dshell.test is no registry, so a pull by mistake fails at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from .archive import ARCHITECTURE, CAP_NET_BIND_SERVICE, File, Image, Rootfs, folder, layer, link, program
from .ingredients import busybox, debian_files, go_program, python_version
from .layers import images_of
from .packages import depends
from .variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable

NONROOT = 65532
_PATH: dict[str, object] = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
_PASSWD = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"
PASSWD_NONROOT = f"{_PASSWD}nonroot:x:{NONROOT}:{NONROOT}:nonroot:/home/nonroot:/sbin/nologin\n"
_SHELLS = ("sh", "ash", "bash", "hush")


def _text(content: str, mode: int = 0o644, uid: int = 0, gid: int = 0) -> File:
    return File(content.encode(), mode, uid, gid)


def _app_files(passwd: str) -> Rootfs:
    """What every app image has: release, configuration, /tmp, and a file that only the app may read."""
    return {
        "app/secret.txt": _text("only the app reads this\n", 0o600, NONROOT, NONROOT),
        "etc/app.yaml": _text("greeting: hello\n"),
        "etc/os-release": _text('PRETTY_NAME="distroless look-alike"\nID=dshell-test\n'),
        **({"etc/passwd": _text(passwd)} if passwd else {}),
        "home/nonroot": folder(0o700, NONROOT, NONROOT),
        "tmp": folder(0o1777),
    }


def _static(tag: str, user: str, passwd: str = PASSWD_NONROOT, capabilities: int = 0) -> Image:
    rootfs = {"app/server": program(go_program(), capabilities), **_app_files(passwd)}
    config: dict[str, object] = {"Entrypoint": ["/app/server"], "User": user, **_PATH}
    return Image(f"dshell.test/static:{tag}", rootfs, config)


def _pause() -> Image:
    config: dict[str, object] = {"Entrypoint": ["/pause", "pause"], "User": "65535:65535"}
    return Image("dshell.test/pause:1", {"pause": program(go_program())}, config)


def _python() -> Image:
    """An interpreter and the standard library, as a layer of its own; above it one module. No shell."""
    version = python_version()
    parts = (f"python{version}-minimal", f"libpython{version}-minimal", f"libpython{version}-stdlib")
    libraries = depends(parts[1:], "libbz2", "libffi", "liblzma", "libssl")
    interpreter = debian_files(*parts, *libraries, "libc6", "zlib1g", "libexpat1")
    rootfs = {
        **_app_files(PASSWD_NONROOT),
        "app/app.py": File(Path(__file__).with_name("python").joinpath("app.py").read_bytes()),
    }
    entrypoint = [f"/usr/bin/python{version}", "/app/app.py"]
    config: dict[str, object] = {"Entrypoint": entrypoint, "User": "65532:65532", **_PATH}
    return Image("dshell.test/python:nonroot", rootfs, config, below=(layer(interpreter),))


def _applets(*without: str) -> Rootfs:
    content, applets = busybox()
    links = {f"bin/{name}": link("busybox") for name in applets if name not in without}
    passwd = {"etc/passwd": _text(_PASSWD), "tmp": folder(0o1777), "root": folder(0o700)}
    return {"bin/busybox": program(content), **links, **passwd}


def _busybox() -> Image:
    return Image("docker.io/library/busybox:1.37", _applets(), {"Cmd": ["sh"], **_PATH})


def _bash() -> Rootfs:
    return {"bin/bash": debian_files("bash-static")["usr/bin/bash-static"]}


def _dash() -> Rootfs:
    """Dash at its own path, with the C library it needs; the applets' bin/ stays the image's own."""
    files = debian_files("dash", "libc6")
    libraries = {path: file for path, file in files.items() if path.startswith(("lib", "usr/lib"))}
    return {**libraries, "bin/dash": files["usr/bin/dash"], "bin/sh": link("dash")}


def _debug(name: str, shells: Rootfs) -> Image:
    return Image(f"dshell.test/{name}:1", {**_applets(*_SHELLS), **shells}, {"Cmd": ["sh"], **_PATH})


def _debug_alpine() -> Image:
    """As Alpine has it: a dynamically linked busybox, and links to it that are absolute."""
    files = debian_files("busybox", "libc6")
    links = {f"usr/bin/{name}": link("/bin/busybox") for name in busybox()[1]}
    rootfs = {**links, **files, "etc/passwd": _text(_PASSWD), "tmp": folder(0o1777)}
    return Image("dshell.test/debug-alpine:1", rootfs, {"Cmd": ["sh"], **_PATH})


def _debug_debian() -> Image:
    """A program for each tool, dynamically linked, and a sh without `read -t`."""
    tools = ("coreutils", "grep", "findutils")
    libraries = ("libacl1", "libattr1", "libgmp", "libpcre2-8-0", "libselinux1", "libssl3", "libtinfo6")
    files = debian_files(
        "dash", "bash", *tools, *depends((*tools, "bash", "libacl1", "libselinux1"), *libraries), "libc6"
    )
    rootfs = {**files, "usr/bin/sh": link("dash"), "etc/passwd": _text(_PASSWD), "tmp": folder(0o1777)}
    return Image("dshell.test/debug-debian:1", rootfs, {"Cmd": ["bash"], **_PATH})


def _debug_tracer() -> Image:
    """As images for debuggers are: with a program that attaches to a process."""
    return Image(
        "dshell.test/debug-tracer:1",
        {**_applets(), "bin/seize": program(go_program("tracer"))},
        {"Cmd": ["sh"], **_PATH},
    )


def _debug_noshell() -> Image:
    rootfs: Rootfs = {"app/server": program(go_program()), "etc/passwd": _text(_PASSWD)}
    return Image("dshell.test/debug-noshell:1", rootfs, {"Entrypoint": ["/app/server"], **_PATH})


def _debug_bash_only() -> Image:
    """A shell and not one tool."""
    rootfs = {**_bash(), "bin/sh": link("bash"), "etc/passwd": _text(_PASSWD), "tmp": folder(0o1777)}
    return Image("dshell.test/debug-bash-only:1", rootfs, {"Cmd": ["bash"], **_PATH})


def _debug_big() -> Image:
    """Busybox, and 300 MB that no compression or sparse file makes smaller."""
    layers = (layer({f"opt/big-{number}": File(Random(number).randbytes(100 << 20))}) for number in range(3))
    return Image("dshell.test/debug-big:1", _applets(), {"Cmd": ["sh"], **_PATH}, below=tuple(layers))


def _debug_hostile() -> Image:
    """Its tar, and its sh when it is to copy, answer with what stands in the app's /tmp/answer."""
    answer = 'cat "$DSHELL_ROOT/tmp/answer"'
    tar = f"#!/bin/bash\nexec {answer}\n"
    copies = '[ "$3" = cp ] && [ -e "$DSHELL_ROOT/tmp/shell" ]'
    shell = f'#!/bin/bash\n{copies} && exec {answer}\nexec -a sh /bin/bash "$@"\n'
    programs = {**_bash(), "bin/tar": _text(tar, 0o755), "bin/sh": _text(shell, 0o755)}  # busybox would take its own
    return Image("dshell.test/debug-hostile:1", {**_applets("tar", *_SHELLS), **programs}, {"Cmd": ["sh"], **_PATH})


def _other_architecture() -> Image:
    """A program of the other of the two architectures (`e_machine` of its ELF header) in an image that says ours."""
    content, _ = busybox()
    machines = {"amd64": 0x3E, "arm64": 0xB7}
    other = next(number for name, number in machines.items() if name != ARCHITECTURE)
    foreign = content[:18] + other.to_bytes(2, "little") + content[20:]
    rootfs: Rootfs = {"bin/busybox": program(foreign), "bin/sh": link("busybox"), "etc/passwd": _text(_PASSWD)}
    return Image("dshell.test/debug-other-architecture:1", rootfs, {"Cmd": ["sh"], **_PATH})


_IMAGES: dict[str, Callable[[], Image]] = {
    "pause": _pause,
    "busybox": _busybox,
    "static": lambda: _static("nonroot", "65532:65532"),
    "static-root": lambda: _static("latest", ""),
    "static-named": lambda: _static("named", "nonroot"),
    "static-scratch": lambda: _static("scratch", "65532:65532", passwd=""),
    "static-filecaps": lambda: _static("filecaps", "65532:65532", capabilities=CAP_NET_BIND_SERVICE),
    "python": _python,
    "debug-bash": lambda: _debug("debug-bash", {**_bash(), "bin/sh": link("bash")}),
    "debug-dash-bash": lambda: _debug("debug-dash-bash", {**_bash(), **_dash()}),
    "debug-dash": lambda: _debug("debug-dash", _dash()),
    "debug-alpine": _debug_alpine,
    "debug-debian": _debug_debian,
    "debug-tracer": _debug_tracer,
    "debug-noshell": _debug_noshell,
    "debug-bash-only": _debug_bash_only,
    "debug-big": _debug_big,
    "debug-hostile": _debug_hostile,
    "debug-other-architecture": _other_architecture,
}

ARCHIVES: dict[str, Callable[[], list[Image]]] = {
    **{name: lambda make=make: [make()] for name, make in _IMAGES.items()},  # type: ignore[misc]
    **{name: partial(images_of, name) for name in dict.fromkeys(row.runtime.archive for row in VARIANTS)},
}
"""What is in each archive, by its name."""
