"""Write the archives of the test images: python -m hack.images FOLDER [NAME...]."""

from __future__ import annotations

import sys
from pathlib import Path

from .archive import write_image
from .ingredients import MissingIngredientError
from .table import IMAGES


def main(words: list[str]) -> int:
    if not words or set(words[1:]) - set(IMAGES):
        print(f"{__doc__}\nNames: {' '.join(IMAGES)}", file=sys.stderr)
        return 64
    target = Path(words[0])
    target.mkdir(parents=True, exist_ok=True)
    for name in words[1:] or IMAGES:
        try:
            write_image(target / f"{name}.tar", IMAGES[name]())
        except MissingIngredientError as error:
            print(error, file=sys.stderr)
            return 69
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
