"""Turns what a runtime says into one short line for people."""

from __future__ import annotations

import re

from kubectl_dshell.domain.text.bounds import LONGEST_MESSAGE, one_line, shortened

_LONGEST_READ = 16384
"""Characters that are looked at; the kubelet's own bound on a message is 12 KiB."""
_QUOTED = r'"(?:[^"\\]|\\.)*+"?'  # the last one may be cut off
_FIELDS = rf"(?:[ \t]+\w{{1,64}}=(?:{_QUOTED}|[^\s\"]\S*+))*+"
_LOG_LINE = rf'(?s)time="[^"\n]{{0,64}}" level=(?P<level>\w{{1,16}}) msg=(?P<said>{_QUOTED}|[^\s"]\S*+){_FIELDS}\s*'
"""A line of logrus, as runc writes them and CRI-O passes them on."""
_SERIOUS = ("error", "fatal", "panic")
_ESCAPED = r'\\(["\\ntr])'  # others (\x1b, \u202e) stay visible
_STEPS = (
    r"Internal error occurred: ",
    r"error executing command in container: ",
    r"rpc error: code = \w{1,32} desc = ",
    r"failed to exec in container: ",
    r'failed to (?:create|start) exec "\w{1,128}": ',
    r"failed to create containerd task: ",
    r"failed to create shim task: ",
    r"OCI runtime (?:create|exec) failed: ",
    r"runc (?:create|exec) failed: ",
    r"container create failed: ",
    r"exec failed: ",
    r"unable to start container process: ",
    r"error during container init: ",
    r'Back-off pulling image "[^"]{0,1024}": (?:ErrImagePull: )?',
    r'Failed to pull image "[^"]{0,1024}": ',
    r'failed to pull and unpack image "[^"]{0,1024}": ',
    r'failed to resolve (?:image|reference "[^"]{0,1024}"): ',
    r"failed to do request: ",
    r"unable to pull image: ",
    r"initializing source \S{1,1024}: ",
    r"pinging container registry \S{1,1024}: ",
    r'(?:Head|Get) "[^"]{0,2048}": ',
    r"dial tcp: ",
)
"""Beginnings of a text that name the steps on the way to a failure, not the failure."""
_UNKNOWN = ": unknown"
"""Containerd 1.7 appends the gRPC code of an error that has none."""


def summary(text: str, limit: int = LONGEST_MESSAGE) -> str:
    """`text` on one line, of about `limit` characters: without the steps that led there, and as it was before a log.

    A text that says nothing else keeps them.
    """
    unlogged = _without_log(text[:_LONGEST_READ]) if " msg=" in text else text
    line = one_line(unlogged, _LONGEST_READ)
    rest, steps = line, "|".join(_STEPS)
    while step := re.match(steps, rest):
        rest = rest[step.end() :].lstrip()
    rest = rest.removesuffix(_UNKNOWN)
    return shortened(rest or line, limit)


def _without_log(text: str) -> str:
    """What the serious lines of a log in `text` say, or all of them if none is; the rest stays."""
    lines = list(re.finditer(_LOG_LINE, text))
    if not lines:
        return text
    wanted = [line for line in lines if line["level"] in _SERIOUS] or lines
    said = "; ".join(_unquoted(line["said"]) for line in wanted)
    return f"{text[: lines[0].start()]}{said} {text[lines[-1].end() :]}"


def _unquoted(said: str) -> str:
    if not said.startswith('"'):
        return said
    inner = said[1:-1] if len(said) > 1 and said.endswith('"') else said[1:]
    return re.sub(_ESCAPED, lambda escape: " " if escape[1] in "ntr" else escape[1], inner)
