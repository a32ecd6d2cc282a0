"""The layers of the look-alikes (variants.py), by name. Several images have each; it is made once."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from .archive import ARCHITECTURE, File, Image, Rootfs, folder, layer, link, program
from .ingredients import busybox, debian_files, go_program, python_version
from .packages import all_needed, depends
from .variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .variants import Variant

_MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}[ARCHITECTURE]
_TRIPLET = f"{_MACHINE}-linux-gnu"
_BASE = ("libc6", "libssl", "libgcc-s1", "libstdc++6", "gcc-")
"""What the layers below those of a runtime have already."""
_PASSWD = (
    "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"
    "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
)
_APK = "P:{name}-baselayout\nV:20230201-r0\nA:{machine}\nL:MIT\n\n"


def images_of(archive: str) -> list[Image]:
    """The images of the rows that are in this archive."""
    return [_image(row) for row in VARIANTS if row.runtime.archive == archive]


def _image(row: Variant) -> Image:
    uid, gid = (int(number) for number in row.identity.split(":"))
    secret: Rootfs = {"app/secret.txt": File(f"only {row.name} reads this\n".encode(), 0o600, uid, gid)}
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    if "busybox" in row.layers:
        path += ":/busybox"
    config: dict[str, object] = {"Entrypoint": list(row.runtime.entrypoint), "User": row.user, "Env": [f"PATH={path}"]}
    return Image(row.image, secret, config, below=tuple(_layer(name) for name in row.layers))


@cache
def _layer(name: str) -> bytes:
    flat, _, plain = name.rpartition(":")
    files = _LAYERS[plain]()
    return layer(_flattened(files) if flat else files)


def _flattened(files: Rootfs) -> Rootfs:
    """With the libraries in /usr/lib, where Debian's loader looks, too."""

    def flat(path: str) -> str:
        return path.replace(f"lib/{_TRIPLET}/", "lib/")

    return {flat(path): link(flat(file.link)) if file.link else file for path, file in files.items()}


def _release(name: str, extra: Rootfs) -> Rootfs:
    text = f'ID={name}\nNAME="{name.capitalize()} look-alike"\nPRETTY_NAME="{name.capitalize()} look-alike"\n'
    return {"usr/lib/os-release": File(text.encode()), "etc/os-release": link("../usr/lib/os-release"), **extra}


def _apk(name: str) -> Rootfs:
    return {"lib/apk/db/installed": File(_APK.format(name=name, machine=_MACHINE).encode())}


def _passwd() -> Rootfs:
    groups = "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n"
    return {
        "etc/passwd": File(_PASSWD.encode()),
        "etc/group": File(groups.encode()),
        "home/nonroot": folder(0o700, 65532, 65532),
        "root": folder(0o700),
        "tmp": folder(0o1777),
    }


def _alpine() -> Rootfs:
    """Musl, and a busybox behind absolute links. Debian has no busybox that needs musl: this one needs nothing."""
    content, applets = busybox()
    musl = {path: file for path, file in debian_files("musl").items() if "/" in path}
    links = {f"bin/{name}": link("/bin/busybox") for name in applets}
    unmerged = {path.removeprefix("usr/") if path.startswith("usr/lib/") else path: file for path, file in musl.items()}
    return _release("alpine", {**unmerged, **links, "bin/busybox": program(content), **_apk("alpine")})


def _shells() -> Rootfs:
    """A Debian's own shells, and a few of its tools."""
    tools = ("dash", "bash", "coreutils")
    libraries = all_needed(tools, "libacl1", "libattr1", "libgmp", "libpcre2", "libselinux1", "libssl3", "libtinfo6")
    return {**debian_files(*tools, *libraries, "libc6"), "usr/bin/sh": link("dash")}


def _busybox() -> Rootfs:
    content, applets = busybox()
    return {"busybox/busybox": program(content), **{f"busybox/{name}": link("busybox") for name in applets}}


def _libraries(*packages: str) -> Rootfs:
    """What these need, but for what is in the layers below."""
    needed = all_needed(packages, "lib", "zlib1g")
    return debian_files(*(name for name in needed if not name.startswith(_BASE)))


def _python() -> Rootfs:
    version = python_version()
    files = debian_files(f"python{version}-minimal", f"libpython{version}-minimal", f"libpython{version}-stdlib")
    return {**files, "usr/bin/python3": link(f"python{version}"), **_app("python", "app.py")}


def _python_libraries() -> Rootfs:
    version = python_version()
    needed = depends([f"libpython{version}-stdlib"], "libbz2", "libffi", "liblzma")
    return debian_files(*needed, "zlib1g", "libexpat1")


def _node() -> Rootfs:
    return {
        **debian_files("nodejs", *all_needed(["nodejs", *all_needed(["nodejs"], "libnode")], "node-")),
        **_app("node", "app.js"),
    }


def _java() -> Rootfs:
    """With the link that an installation would make."""
    (package,) = depends(["default-jre-headless"], "openjdk-")
    files = debian_files(package)
    home = next(path for path in files if path.endswith("/bin/java"))
    return {**files, "usr/bin/java": link(f"/{home}")}


def _php() -> Rootfs:
    (package,) = depends(["php-cli"], "php")
    files = debian_files(package)
    program_ = next(path for path in files if path.startswith("usr/bin/php"))
    return {**files, "usr/bin/php": link(f"/{program_}"), **_app("php", "app.php")}


def _app(language: str, file: str) -> Rootfs:
    return {f"app/{file}": File(Path(__file__).with_name(language).joinpath(file).read_bytes())}


_LAYERS: dict[str, Callable[[], Rootfs]] = {
    "debian": partial(_release, "debian", {"var/lib/dpkg/status.d/base-files": File(b"Package: base-files\n")}),
    "ubuntu": partial(_release, "ubuntu", {}),
    "wolfi": lambda: _release("wolfi", _apk("wolfi")),
    "alpine": _alpine,
    "passwd": _passwd,
    "busybox": _busybox,
    "shells": _shells,
    "server": lambda: {"app/server": program(go_program())},
    "glibc": partial(debian_files, "libc6"),
    "ssl": lambda: debian_files(*depends(["openssl"], "libssl")),
    "cc": partial(debian_files, "libgcc-s1", "libstdc++6"),
    "python": _python,
    "python-libraries": _python_libraries,
    "node": _node,
    "node-libraries": lambda: _libraries("nodejs"),
    "java": _java,
    "java-libraries": partial(debian_files, "zlib1g"),
    "php": _php,
    "php-libraries": lambda: _libraries(*depends(["php-cli"], "php")),
}
