"""kubectl-dshell.pyz: one file for any Python from 3.11 on, with the packages that the program needs."""

from __future__ import annotations

import hashlib
import io
import stat
import tempfile
import time
import zipfile
from pathlib import Path

from .layout import source_date_epoch
from .light import install_light

_MAIN = Path(__file__).with_name("zipapp_main.py")
_SHEBANG = b"#!/usr/bin/env python3\n"


def build_zipapp(wheel: Path, file: Path) -> Path:
    """Written to `file`; the same packages give the same bytes."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        install_light(wheel, folder)
        members = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if _kept(path)}
    file.write_bytes(_SHEBANG + zipped(members, int(source_date_epoch())))
    file.chmod(0o755)
    return file


def zipped(members: dict[str, bytes], date: int) -> bytes:
    """The archive of these files and of a `__main__` that knows their digest."""
    digest = hashlib.sha256()
    for name, content in sorted(members.items()):
        digest.update(b"%d %s %d\n" % (len(name), name.encode(), len(content)) + content)
    main = _MAIN.read_text(encoding="utf-8").replace("@DIGEST@", digest.hexdigest()[:32])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted({**members, "__main__.py": main.encode()}.items()):
            entry = zipfile.ZipInfo(name, time.gmtime(date)[:6])
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _kept(path: Path) -> bool:
    """No scripts and no compiled modules: the latter are for one system, and PyYAML does without its own."""
    return (
        path.is_file()
        and path.suffix not in {".so", ".pyc"}
        and "bin" not in path.parts[-2:-1]
        and "_yaml" not in path.parts
    )
