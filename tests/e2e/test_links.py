"""Absolute links of the app, which the kernel would follow into the debug image, are followed inside the app's root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .pods import DEBUG_ALPINE, DEBUG_BASH
from .processes import app_state

if TYPE_CHECKING:
    from .conftest import MakePod
    from .program import Dshell

LINKS = "cd tmp; mkdir -p r/3; echo three >r/3/x; ln -s /tmp/r/3 current; ln -s /tmp/r/4 gone; ln -s /proc/mounts mtab"


@pytest.mark.parametrize("tools", ["busybox:1.37", DEBUG_ALPINE, DEBUG_BASH], ids=["static", "alpine", "bash"])
def test_links_of_the_app_lead_to_its_own_files(make_pod: MakePod, dshell: Dshell, tools: str) -> None:
    pod = make_pod()
    before = app_state(pod)
    flags = (pod.name, "--image", tools, "--keep", "60s")
    assert dshell(*flags, "--", "sh", "-c", LINKS).code == 0

    path = dshell(*flags, "--", "dshell-path", "tmp/current/x", "/etc/app.yaml", "tmp/mtab")
    script = dshell(*flags, "--", "sh", "-c", 'cat "$(dshell-path tmp/current/x)"; dshell-path tmp/gone')
    hint = dshell(*flags, "--", "cat", "tmp/current/x")
    with dshell.terminal(*flags, columns=120) as session:
        session.expect(rf"{pod.name}/app:/ \$ ")
        session.send("cd tmp/current\n")
        session.expect(rf"{pod.name}/app:/tmp/r/3 \$ ")
        session.send("cat x; cat $(dshell-path /tmp/current/x); cd -\n")
        session.expect(r"three\r\nthree\r\n")
        session.expect(rf"{pod.name}/app:/ \$ ")
        if tools == DEBUG_BASH:
            session.send("cat tmp/cur\tx\n")
            session.expect(r"tmp/current/x")
            session.send("cat $(dshell-path tmp/current/\t)\n")
            session.expect(r"tmp/current/x *\)\r\nthree\r\n")
        session.send("exit\n")
        assert session.wait() == 0

    assert path.stdout.decode() == "/proc/1/root/tmp/r/3/x\n/proc/1/root/etc/app.yaml\n/proc/1/root/proc/1/mounts\n"
    assert (path.stderr, path.code) == ("", 0)
    assert (script.stdout, script.code) == (b"three\n", 66)
    assert script.stderr == "dshell-path: tmp/gone: the app's /tmp/r/4: No such file or directory\n"
    assert hint.stderr.startswith(
        "dshell: tmp/current/x: an absolute link on the way leads to the debug image; the app's is tmp/r/3/x (dshell-path)\n"
    )
    assert app_state(pod) == before
