"""Write the archives of the test images, all but heavy ones if none is named: python -m hack.images FOLDER [NAME...]."""

from __future__ import annotations

import sys
from pathlib import Path

from .archive import write_image
from .packages import MissingIngredientError
from .table import ARCHIVES
from .variants import HEAVY_ARCHIVES


def main(words: list[str]) -> int:
    if not words or set(words[1:]) - set(ARCHIVES):
        print(f"{__doc__}\nNames: {' '.join(ARCHIVES)}", file=sys.stderr)
        return 64
    target = Path(words[0])
    target.mkdir(parents=True, exist_ok=True)
    for name in words[1:] or [name for name in ARCHIVES if name not in HEAVY_ARCHIVES]:
        try:
            write_image(target / f"{name}.tar", *ARCHIVES[name]())
        except MissingIngredientError as error:
            print(error, file=sys.stderr)
            return 69
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
