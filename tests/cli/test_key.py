"""The key: made once, read by nobody else, and not used where it cannot be trusted."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_dshell.cli.key import KeyFile
from kubectl_dshell.domain.debug_container.seal import Key

PROBE = b"probe"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def key_file(state: Path) -> KeyFile:
    return KeyFile({"XDG_STATE_HOME": str(state)})


def made(state: Path) -> Key:
    key = key_file(state).key(make=True)
    assert key is not None
    return key


def test_it_is_made_once_for_its_owner_alone(state: Path) -> None:
    first = made(state)
    path = state / "kubectl-dshell/key"

    assert made(state).mac(PROBE) == first.mac(PROBE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert re.fullmatch("[0-9a-f]{64}\n", path.read_text())
    assert list(path.parent.iterdir()) == [path]


def test_two_have_different_ones(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()

    assert made(tmp_path / "one").mac(PROBE) != made(tmp_path / "other").mac(PROBE)


def test_it_is_not_made_for_who_only_looks(state: Path) -> None:
    keyring = key_file(state)

    assert keyring.key() is None
    assert (keyring.trouble, keyring.refused) == ("no key has been created on this machine yet", False)
    assert list(state.iterdir()) == []
    assert keyring.key(make=True) is not None
    assert keyring.trouble == ""


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_the_umask_gives_nothing_to_others(state: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        key_file(state).key(make=True)
    finally:
        os.umask(before)

    modes = [one.stat().st_mode & 0o077 for one in state.rglob("*")]
    assert modes == [0] * len(modes)


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"HOME": "{home}"}, ".local/state/kubectl-dshell/key"),
        ({"HOME": "{home}", "XDG_STATE_HOME": ""}, ".local/state/kubectl-dshell/key"),
        ({"HOME": "{home}", "XDG_STATE_HOME": "relative"}, ".local/state/kubectl-dshell/key"),
        ({"HOME": "/nonexistent", "XDG_STATE_HOME": "{home}/state"}, "state/kubectl-dshell/key"),
    ],
    ids=str,
)
def test_it_is_where_state_belongs(tmp_path: Path, environ: dict[str, str], path: str) -> None:
    keyring = KeyFile({name: value.replace("{home}", str(tmp_path)) for name, value in environ.items()})

    assert keyring.key(make=True) is not None
    assert (tmp_path / path).is_file()


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "relative"}], ids=str)
def test_without_a_home_there_is_none(environ: dict[str, str]) -> None:
    keyring = KeyFile(environ)

    assert keyring.key(make=True) is None
    assert (keyring.trouble, keyring.refused) == (
        "there is no place for a key: neither XDG_STATE_HOME nor HOME is an absolute path",
        False,
    )


def _open_to_the_group(path: Path) -> None:
    path.chmod(0o640)


def _open_to_all(path: Path) -> None:
    path.chmod(0o604)


def _a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir(0o700)


def _a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _short(path: Path) -> None:
    path.write_text("0" * 63)


def _long(path: Path) -> None:
    path.write_text("0" * 64 + "\n0")


def _no_digits(path: Path) -> None:
    path.write_text("²" * 64)


def _empty(path: Path) -> None:
    path.write_text("")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_open_to_the_group, "is accessible to other users (mode 0640; fix it with chmod 600)"),
        (_open_to_all, "is accessible to other users (mode 0604; fix it with chmod 600)"),
        (_a_link, "cannot be read: Too many levels of symbolic links"),
        (_a_folder, "is not a regular file"),
        (_a_fifo, "is not a regular file"),
        (_short, "is not 64 hexadecimal digits"),
        (_long, "is not 64 hexadecimal digits"),
        (_no_digits, "is not 64 hexadecimal digits"),
        (_empty, "is not 64 hexadecimal digits"),
    ],
)
def test_one_that_cannot_be_trusted_is_not_used_and_not_replaced(
    state: Path, spoil: Callable[[Path], None], why: str
) -> None:
    made(state)
    path = state / "kubectl-dshell/key"
    spoil(path)
    before = _written(path)
    keyring = key_file(state)

    assert keyring.key(make=True) is None
    assert (keyring.trouble, keyring.refused) == (f"{path} {why}", True)
    assert _written(path) == before


def _written(path: Path) -> tuple[int, ...]:
    """What changes when it is written or replaced; reading it changes another time."""
    found = path.lstat()
    return (
        found.st_ino,
        found.st_mode,
        found.st_uid,
        found.st_nlink,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


def test_one_of_another_user_is_not_used(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(state)
    ours = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: ours + 1)
    keyring = key_file(state)

    assert keyring.key() is None
    assert keyring.trouble.endswith("kubectl-dshell/key belongs to another user")


def test_root_leaves_none_in_somebody_else_s_home(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = state.stat().st_uid
    os_stat = Path.stat

    def of_another(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = os_stat(self, follow_symlinks=follow_symlinks)
        return os.stat_result([*found[:4], there + 1, *found[5:10]])

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(Path, "stat", of_another)
    keyring = key_file(state)

    assert keyring.key(make=True) is None
    assert "belongs to another user" in keyring.trouble
    assert list(state.iterdir()) == []


def test_where_nothing_can_be_written_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keyring = KeyFile({"XDG_STATE_HOME": str(tmp_path / "file")})

    assert keyring.key(make=True) is None
    assert "kubectl-dshell/key cannot be " in keyring.trouble


def test_who_is_second_by_a_hair_takes_the_key_of_the_first(state: Path) -> None:
    one, other = key_file(state), key_file(state)
    assert one.key() is other.key() is None  # both have looked, and there was none

    first, second = one.key(make=True), other.key(make=True)

    assert first is not None
    assert second is not None
    assert first.mac(PROBE) == second.mac(PROBE) == made(state).mac(PROBE)


def test_many_that_begin_at_once_agree(state: Path) -> None:
    """Processes, as two commands are, and threads, as those of one command in many pods are."""
    script = (
        "import os, sys; from kubectl_dshell.cli.key import KeyFile; sys.stdin.readline(); "
        "print(KeyFile(os.environ).key(make=True).mac(b'probe'))"
    )
    environ = {**os.environ, "XDG_STATE_HOME": str(state)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environ}
    processes = [subprocess.Popen([sys.executable, "-c", script], **pipes) for _ in range(8)]  # type: ignore[call-overload]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = {process.communicate(timeout=60)[0] for process in processes}

    assert told == {f"{made(state).mac(PROBE)}\n"}
    assert [one.name for one in (state / "kubectl-dshell").iterdir()] == ["key"]


def test_threads_of_one_command_have_one(state: Path) -> None:
    keyring, barrier, keys = key_file(state), threading.Barrier(8), list[Key | None]()

    def work() -> None:
        barrier.wait()
        keys.append(keyring.key(make=True))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert all(key is keys[0] is not None for key in keys)


def test_it_is_read_once(state: Path) -> None:
    made(state)
    keyring = key_file(state)
    first = keyring.key()
    (state / "kubectl-dshell/key").unlink()

    assert keyring.key() is first is not None
