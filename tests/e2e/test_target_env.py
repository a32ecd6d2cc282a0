"""`--target-env`: the app's variables for the session, as its process was started with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .pods import STATIC, app

if TYPE_CHECKING:
    from .conftest import MakePod
    from .program import Dshell

VARIABLES = [
    {"name": "GREETING", "value": "hello world"},
    {"name": "LOG", "value": "/of/the/app"},
    {"name": "TWO_LINES", "value": "one\ntwo"},
    {"name": "PATH", "value": "/of/the/app"},
    {"name": "LD_PRELOAD", "value": "/no/such/library"},
    {"name": "environment", "value": "echo taken over"},
    {"name": "tools_shell", "value": "echo taken over"},
]
SHOW = 'echo "$GREETING,$LOG,$TWO_LINES,$LD_PRELOAD"; command -v ls >/dev/null && pwd'
SHOWN = b"hello world,/of/the/app,one\ntwo,\n/proc/1/root\n"


def test_a_command_has_them_and_keeps_its_own_path(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC, env=VARIABLES))
    flags = (pod.name, "--target-env", "--keep", "60s", "--")

    run = dshell(*flags, "sh", "-c", SHOW)
    piped = dshell(*flags, "sh", "-c", f"{SHOW}; cat; exit 3", input=b"piped\n")
    without = dshell(pod.name, "--keep", "60s", "--", "sh", "-c", 'echo "$GREETING"')
    absent = dshell(*flags, "no-such-program")

    assert (run.stdout, run.code, run.stderr) == (SHOWN, 0, "")
    assert (piped.stdout, piped.code, piped.stderr) == (SHOWN + b"piped\n", 3, "")
    assert (without.stdout, without.code) == (b"\n", 0)
    assert absent.code == 127
    (entry,) = pod.debug_containers().values()
    assert "hello world" not in json.dumps(entry.spec)


def test_so_do_a_command_on_a_terminal_and_a_shell(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC, env=VARIABLES))
    with dshell.terminal(pod.name, "--target-env", "--keep", "60s", "--", "sh", "-c", SHOW) as command:
        command.expect(r"hello world,/of/the/app,one\r\ntwo,\r\n/proc/1/root\r\n")
        assert command.wait() == 0
    with dshell.terminal(pod.name, "--target-env") as shell:
        shell.expect(rf"{pod.name}/app:/ \$ ")
        shell.send('echo "<$GREETING>"; ls etc/app.yaml; exit 4\n')
        shell.expect(r"<hello world>\r\netc/app.yaml\r\n")
        assert shell.wait() == 4


def test_a_debug_container_of_more_power_takes_none_of_them(make_pod: MakePod, dshell: Dshell) -> None:
    """The app can write what is read there, and choose what a shell runs."""
    pod = make_pod(app(STATIC, env=VARIABLES))

    ran = dshell(pod.name, "--profile", "general", "--target-env", "--", "sh", "-c", 'echo "[$GREETING]"')

    assert (ran.stdout, ran.code) == (b"[]\n", 0)
    assert ran.stderr == "dshell: the app's variables are not taken over from another user\n"


def test_a_variable_of_the_debug_container_takes_no_script_over(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    taken = [f"--env={name}=echo taken over;" for name in ("environment", "app_image", "chroot_text", "tools_shell")]

    ran = dshell(pod.name, *taken, "--", "sh", "-c", "echo fine")

    assert (ran.stdout, ran.code, ran.stderr) == (b"fine\n", 0, "")
