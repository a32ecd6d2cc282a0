"""What of a file and of variables reaches a session, and what it says about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import pytest

from kubectl_dshell.cli.flags.open import OpenOptions
from kubectl_dshell.cli.flags.session import SessionFlags
from kubectl_dshell.cli.settings import FIELDS, Configuration, variable_of
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.errors import UsageError
from tests.commands.world import World

FILE = """
image = "net"
ttl = "4h"
keep = "6h"
images.net = "quay.io/a/net:1"
mirrors."quay.io" = "m.example/q"
[contexts.prod]
profile = "restricted"
reason-required = true
colour = "always"
"""


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*FIELDS, "mirrors", "colour", "reason-required"):
        monkeypatch.delenv(variable_of(name), raising=False)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "kubectl-dshell").mkdir()
    (tmp_path / "kubectl-dshell/config.toml").write_text(FILE)
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def options(*words: str) -> OpenOptions:
    return open_command.options(open_command.make_context("kubectl dshell", ["web", *words]))


def session(
    environ: dict[str, str], *words: str, context: str = "kind", verbosity: int = 0
) -> tuple[SessionFlags, str]:
    """The flags that apply, and what is said on stderr."""
    world = World()
    ports: Ports = replace(world.ports(), context=context)
    configuration, flags = Configuration(environ), options(*words).session
    made = configuration.session(flags, context, "shop")
    configuration.tell(flags, made, ports, "shop", verbosity)
    return made, "\n".join(world.said)


def test_without_a_file_nothing_changes(tmp_path: Path) -> None:
    flags = options().session
    configuration = Configuration({"XDG_CONFIG_HOME": str(tmp_path)})

    assert configuration.apply(flags, "kind", "shop") is flags
    assert configuration.colour("kind", "shop") is None
    configuration.require_reason("", "kind", "shop")


def test_the_file_is_the_default(environ: dict[str, str]) -> None:
    made, said = session(environ)

    assert (made.image, made.ttl, made.keep, made.timeout) == ("m.example/q/a/net:1", 14400, 14400, 60)
    assert made.profile == "auto"
    assert said == ""


def test_a_flag_is_over_a_variable_over_the_file(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSHELL_TTL", "5h")
    monkeypatch.setenv("DSHELL_KEEP", "10m")
    monkeypatch.setenv("DSHELL_IMAGE", "net")

    made, _ = session(environ, "--ttl", "6h", "--image", "busybox:1")

    assert (made.ttl, made.keep, made.image) == (21600, 600, "busybox:1")
    assert session(environ)[0].ttl == 18000
    assert session(environ)[0].image == "m.example/q/a/net:1"


def test_v_shows_what_an_image_was_and_by_which_entries_it_changed(environ: dict[str, str]) -> None:
    path = f"{environ['XDG_CONFIG_HOME']}/kubectl-dshell/config.toml"

    assert session(environ, verbosity=1)[1] == (
        f"image net is m.example/q/a/net:1: set in {path}, {path} [images], {path} [mirrors]"
    )
    assert session(environ, "--image", "busybox:1", verbosity=1)[1] == ""


def test_a_profile_that_was_not_typed_is_told(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    made, said = session(environ, context="prod")
    assert made.profile == "restricted"
    assert said.startswith("profile restricted: set in ")
    assert said.endswith("config.toml [contexts.prod]")
    assert session(environ, "--profile", "general", context="prod")[1] == ""

    monkeypatch.setenv("DSHELL_PROFILE", "baseline")
    assert session(environ, context="prod")[1] == "profile baseline: set in DSHELL_PROFILE"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--keep", "5h"),
            "--keep 5h is longer than --ttl, which is 4h; add --ttl 5h, or use a shorter --keep\nttl is set in ",
        ),
        (("--privileged",), "drops all privileges; omit it, or --privileged\nprofile is set in "),
    ],
)
def test_what_a_flag_contradicts_is_refused_with_its_place(
    words: tuple[str, ...], said: str, environ: dict[str, str]
) -> None:
    with pytest.raises(click.UsageError) as caught:
        session(environ, *words, context="prod")

    assert said in caught.value.message
    assert caught.value.message.endswith("; a flag overrides it")


def test_a_reason_is_required_with_what_to_type(environ: dict[str, str]) -> None:
    configuration = Configuration(environ)
    with pytest.raises(UsageError) as caught:
        configuration.require_reason("", "prod", "shop")

    assert caught.value.message.startswith("a session needs a reason here: reason-required is set in ")
    assert caught.value.advice == ("Type the same command again with --reason TEXT.",)
    configuration.require_reason("why", "prod", "shop")
    configuration.require_reason("", "kind", "shop")


def test_what_is_kept_is_measured_by_the_time_to_live_of_the_file(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(environ["XDG_CONFIG_HOME"]) / "kubectl-dshell/config.toml"
    path.write_text('ttl = "12h"\n[contexts.prod]\nttl = "1h"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", environ["XDG_CONFIG_HOME"])

    options("--keep", "9h").check(shell=True)
    assert session(environ, "--keep", "9h")[0].keep == 32400
    with pytest.raises(click.UsageError, match=r"--keep 9h is longer than --ttl, which is 1h; .*\nttl is set in "):
        session(environ, "--keep", "9h", context="prod")
    with pytest.raises(click.UsageError, match="--keep 9h is longer than --ttl, which is 8h"):
        options("--keep", "9h", "--ttl", "8h").check(shell=True)


def test_a_variable_to_keep_is_cut_to_the_time_to_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSHELL_KEEP", "9h")

    options("--ttl", "1h").check(shell=True)
    assert session({}, "--ttl", "1h")[0].keep == 3600


def test_variables_are_over_the_file(environ: dict[str, str]) -> None:
    more = {"DSHELL_REASON_REQUIRED": "false", "DSHELL_COLOUR": "never", "DSHELL_MIRRORS": "quay.io=n.example"}
    configuration = Configuration({**environ, **more})

    configuration.require_reason("", "prod", "shop")
    assert configuration.colour("prod", "shop") == "never"
    assert configuration.apply(options().session, "prod", "shop").image == "n.example/a/net:1"
    assert Configuration(environ).colour("prod", "shop") == "always"


@pytest.mark.parametrize(
    ("variables", "source"),
    [
        ({"DSHELL_COLOR": "never"}, "DSHELL_COLOR"),
        ({"DSHELL_COLOUR": "never", "DSHELL_COLOR": "always"}, "DSHELL_COLOUR"),
        ({"DSHELL_COLOUR": "", "DSHELL_COLOR": "never"}, "DSHELL_COLOR"),
    ],
)
def test_a_variable_may_be_spelt_in_two_ways(environ: dict[str, str], variables: dict[str, str], source: str) -> None:
    found = Configuration({**environ, **variables}).at("prod", "shop").values["colour"]

    assert (found.value, str(found.source)) == ("never", source)


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(UsageError, match="the variable DSHELL_COLOR is invalid: 'red' is not one of"):
        Configuration({"DSHELL_COLOR": "red"})
    with pytest.raises(UsageError, match="the variable DSHELL_COLOUR is invalid: 'red' is not one of"):
        Configuration({"DSHELL_COLOUR": "red"})


def test_a_variable_to_keep_does_not_forbid_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSHELL_KEEP", "10m")

    options("--copy").check(shell=True)

    with pytest.raises(click.UsageError, match="--copy cannot be used with --keep"):
        options("--copy", "--keep", "10m").check(shell=True)
