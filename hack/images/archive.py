"""OCI image archives, written byte for byte the same from the same content: no registry, no image tool.

An archive is what `ctr images import`, `docker load` and `kind load image-archive` take.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import stat
import struct
import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
CAP_NET_BIND_SERVICE = 1 << 10

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True, slots=True)
class File:
    """A regular file, or a folder (stat.S_IFDIR in `mode`) or a link (`link`), with its owner.

    `capabilities` is the mask of a binary's file capabilities, permitted and effective (`setcap ...=ep`).
    """

    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    link: str = ""
    capabilities: int = 0


Rootfs = dict[str, File]


@dataclass(frozen=True, slots=True)
class Image:
    """Name, files by path without a leading slash, and the image's own config (User, Entrypoint, Env...).

    `below` are layers beneath these files, which several images may have in common.
    """

    name: str
    rootfs: Rootfs
    config: dict[str, object] = field(default_factory=dict)
    below: tuple[bytes, ...] = ()


def folder(mode: int = 0o755, uid: int = 0, gid: int = 0) -> File:
    return File(mode=stat.S_IFDIR | mode, uid=uid, gid=gid)


def program(content: bytes, capabilities: int = 0) -> File:
    return File(content, mode=0o755, capabilities=capabilities)


def link(target: str) -> File:
    return File(link=target)


def write_image(archive: Path, *images: Image) -> None:
    """One OCI layout in one tar, put in place in one step; a layer that several of the images have is in it once."""
    blobs: dict[str, bytes] = {}
    manifests = [_manifest(image, blobs) for image in images]
    files = {
        "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
        "index.json": _json({"schemaVersion": 2, "manifests": manifests}),
        **blobs,
    }
    partial = archive.with_suffix(".partial")
    with partial.open("wb") as out:
        _write_tar(out, {path: File(data) for path, data in files.items()})
    partial.rename(archive)


def _manifest(image: Image, blobs: dict[str, bytes]) -> dict[str, object]:
    """Its descriptor in the index; what it consists of is added to `blobs`."""

    def blob(media_type: str, data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    layers = [blob(_LAYER, data) for data in (*image.below, layer(image.rootfs))]
    config = {
        "architecture": ARCHITECTURE,
        "os": "linux",
        "config": image.config,
        "rootfs": {"type": "layers", "diff_ids": [one["digest"] for one in layers]},
    }
    parts = {"config": blob(_CONFIG, _json(config)), "layers": layers}
    manifest = blob(_MANIFEST, _json({"schemaVersion": 2, "mediaType": _MANIFEST, **parts}))
    name = {"io.containerd.image.name": image.name, "org.opencontainers.image.ref.name": image.name}
    return {**manifest, "annotations": name}


def layers_of(archive: Path) -> tuple[bytes, ...]:
    """The layers of an image that `write_image` has written, the lowest first."""
    with tarfile.open(archive) as tar:

        def read(path: str) -> bytes:
            content = tar.extractfile(path)
            assert content
            return content.read()

        def blob(descriptor: dict[str, str]) -> bytes:
            return read(f"blobs/{descriptor['digest'].replace(':', '/')}")

        manifest = json.loads(blob(json.loads(read("index.json"))["manifests"][0]))
        return tuple(blob(descriptor) for descriptor in manifest["layers"])


def layer(rootfs: Rootfs) -> bytes:
    """One layer of these files, as a tar."""
    parents = {str(p) for path in rootfs for p in PurePosixPath(path).parents if str(p) != "."}
    return _tar(dict(sorted({**{p: folder() for p in parents}, **rootfs}.items())))


def _tar(files: dict[str, File]) -> bytes:
    out = io.BytesIO()
    _write_tar(out, files)
    return out.getvalue()


def _write_tar(out: IO[bytes], files: dict[str, File]) -> None:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, file in files.items():
            tar.addfile(_entry(path, file), io.BytesIO(file.content))


def _entry(path: str, file: File) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.mode, info.uid, info.gid = stat.S_IMODE(file.mode), file.uid, file.gid
    if file.link:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, file.link, 0o777
    elif stat.S_ISDIR(file.mode):
        info.type = tarfile.DIRTYPE
    else:
        info.size = len(file.content)
    if file.capabilities:
        info.pax_headers = {"SCHILY.xattr.security.capability": _capability_xattr(file.capabilities)}
    return info


def _capability_xattr(mask: int) -> str:
    """Struct vfs_cap_data, version 2, effective (linux/capability.h), as the text tarfile wants."""
    low, high = mask & 0xFFFFFFFF, mask >> 32
    raw = struct.pack("<5I", 0x02000001, low, 0, high, 0)
    return raw.decode("utf-8", "surrogateescape")


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()
