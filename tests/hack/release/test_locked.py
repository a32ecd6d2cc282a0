"""The packages of a light form: those of the lock file, without what only old auth-provider entries need."""

from __future__ import annotations

from hack.release.locked import all_pins, light_pins, pins

TEXT = """\
click==8.5.1 \\
    --hash=sha256:{one} \\
    --hash=sha256:{two}
    # via
    #   kubectl-dshell (pyproject.toml)
pydantic-core==2.50.4 ; python_version < "4" \\
    --hash=sha256:{one}
    # via pydantic
""".format(one="1" * 64, two="2" * 64)


def test_a_lock_file_is_read() -> None:
    click, core = pins(TEXT)

    assert (click.name, click.version, click.hashes) == ("click", "8.5.1", ("1" * 64, "2" * 64))
    assert click.purl == "pkg:pypi/click@8.5.1"
    assert (core.name, core.version, core.hashes) == ("pydantic-core", "2.50.4", ("1" * 64,))
    assert click.text + core.text == TEXT


def test_the_light_packages_are_all_that_a_session_needs() -> None:
    assert [pin.name for pin in light_pins()] == ["click", "pyyaml", "rich", "tenacity"]


def test_every_locked_package_has_hashes() -> None:
    assert len(all_pins()) > 20
    assert [pin.name for pin in all_pins() if not pin.hashes] == []
