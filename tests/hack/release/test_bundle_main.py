"""The environment that the directory with Python inside gives its program, and so credential plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.release.bundle_main import find_authorities, give_back

SET_BY_PYINSTALLER = {"_PYI_ARCHIVE_FILE": "/opt/x", "_PYI_PARENT_PROCESS_LEVEL": "1", "PATH": "/bin"}


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"LD_LIBRARY_PATH": "/opt/x/_internal"}, {}),
        ({"LD_LIBRARY_PATH": "/opt/x/_internal:/mine", "LD_LIBRARY_PATH_ORIG": "/mine"}, {"LD_LIBRARY_PATH": "/mine"}),
    ],
)
def test_the_variables_of_the_user_are_given_back(given: dict[str, str], left: dict[str, str]) -> None:
    environment = {**SET_BY_PYINSTALLER, **given}

    give_back(environment)

    assert environment == {"PATH": "/bin", **left}


def test_without_pyinstaller_nothing_is_changed() -> None:
    environment = {"LD_LIBRARY_PATH": "/mine"}

    give_back(environment)

    assert environment == {"LD_LIBRARY_PATH": "/mine"}


def test_the_authorities_of_another_system_are_found(tmp_path: Path) -> None:
    (tmp_path / "bundle.crt").touch()
    known = [str(tmp_path / "none.crt"), str(tmp_path / "bundle.crt")]
    environment: dict[str, str] = {}

    find_authorities(environment, [str(tmp_path / "built-in")], known)

    assert environment == {"SSL_CERT_FILE": known[1]}


@pytest.mark.parametrize("given", [{"SSL_CERT_FILE": "/mine"}, {"SSL_CERT_DIR": "/mine"}])
def test_what_the_user_has_set_stays(given: dict[str, str], tmp_path: Path) -> None:
    environment = dict(given)

    find_authorities(environment, [], [str(tmp_path)])

    assert environment == given


def test_on_the_system_of_the_build_nothing_is_set(tmp_path: Path) -> None:
    environment: dict[str, str] = {}

    find_authorities(environment, [str(tmp_path)], [str(tmp_path)])

    assert environment == {}
