"""What is being done, on stderr, with the time of day and since this program began: much of it takes minutes."""

from __future__ import annotations

import sys
import time

_BEGAN = time.monotonic()


def say(words: str) -> None:
    minutes, seconds = divmod(int(time.monotonic() - _BEGAN), 60)
    now = time.strftime("%H:%M:%S", time.gmtime())
    print(f"== {now}  nodes {minutes}:{seconds:02}  {words}", file=sys.stderr, flush=True)
