"""Files that come with the program and are no modules: the same from a directory and from a zip archive."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from importlib.abc import ResourceLoader


def read_beside(module_file: str, name: str) -> str:
    """The text of the file `name` beside a module or a package, given the path of that.

    By the loader, which is the one thing that knows where modules come from; importlib.resources takes as long to
    import as the rest of a short command.

    Raises:
        OSError: there is no such file.
    """
    loader = cast("ResourceLoader", __spec__.loader)
    return loader.get_data(os.path.join(os.path.dirname(module_file), name)).decode()  # noqa: PTH118, PTH120  # pathlib is not imported yet
