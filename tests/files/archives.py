"""Streams as copy_out.sh writes them, honest and hostile."""

from __future__ import annotations

import io
import tarfile
from typing import Any

from kubectl_dshell.domain.cp.copy_spec import RemotePath, parse_copy_spec


def member(name: str, data: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(data), 1_600_000_000
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def folder(name: str, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.DIRTYPE, mode=mode)


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=kind, linkname=target)


def pax(fields: dict[str, str], kind: bytes = tarfile.XHDTYPE) -> tuple[tarfile.TarInfo, bytes]:
    """A PAX header for the member behind it, or (XGLTYPE) for all."""
    data = b""
    for key, value in fields.items():
        text = f"{key}={value}\n".encode("utf-8", "surrogateescape")
        length = len(text) + 1
        while len(str(length)) + 1 + len(text) != length:
            length = len(str(length)) + 1 + len(text)
        data += f"{length} ".encode() + text
    return member("././@PaxHeader", data, type=kind)


def source(kind: str, name: str, top: str, *members: tuple[tarfile.TarInfo, bytes], zeros: int = 1024) -> bytes:
    """One source as it arrives."""
    stream = f"source\0{kind}\0{name}\0{top}\0".encode()
    for info, data in members:
        stream += info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + data + bytes(-len(data) % 512)
    return stream + bytes(zeros)


def reader(*parts: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(b"".join(parts)))


def asked(*paths: str) -> list[RemotePath]:
    """The sources of a copy, as they are written behind the pod."""
    places = [parse_copy_spec(f"web:/{path}") for path in paths]
    return [place for place in places if isinstance(place, RemotePath)]
