"""The names in a directory of the app, for completion."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.remote import exec_script
from tests.remote.rig import Debug, Shell, pod

pytestmark = pytest.mark.terminal
ODD = "-n $(touch x)*\nb"


@pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
def test_names_are_listed_inside_the_apps_root_and_nothing_is_changed(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        data = made.app.root / "opt/data"
        (data / "sub").mkdir(parents=True)
        (data / ".hidden").touch()
        (data / ODD).touch()
        (data / "gone").symlink_to("/nowhere")
        (made.app.root / "way").symlink_to("/opt/data")
        debug = Debug(made, shell)
        before = debug.message()

        def listed(folder: str, beginning: str = "", target: str = made.app.id) -> tuple[int | None, list[str]]:
            asked = debug.exec(exec_script.names_exec(target, folder, beginning))
            code = asked.ended()
            return code, asked.printed().decode().split("\0")[:-1]

        assert listed("opt/data") == (0, sorted([ODD, "gone", "sub/"]))
        assert listed("way") == listed("opt/../opt/data/../../way")
        assert listed("way", "s") == (0, ["sub/"])
        assert listed("way", ".h") == (0, [".hidden"])
        assert listed("way", "*") == (0, [])
        assert listed("way", "-n $(") == (0, [ODD])
        assert listed("nothing") == (72, [])
        assert listed("", target="0" * 64) == (72, [])
        assert debug.message() == before
        for number in range(600):
            (data / f"many{number}").touch()
        assert len(listed("way", "many")[1]) == 500
