"""What is configured for a namespace counts for each pod there, also where all namespaces are meant."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from kubectl_dshell.cli.flags.open import OpenOptions
from kubectl_dshell.cli.settings import FIELDS, Configuration, variable_of
from kubectl_dshell.cli.verbs.fanout import _Configured
from kubectl_dshell.cli.verbs.open import open_command
from tests.commands.world import World

FILE = """
profile = "general"
ttl = "4h"
[namespaces.shop]
profile = "restricted"
[namespaces.pay]
profile = "baseline"
ttl = "1h"
"""


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    for name in FIELDS:
        monkeypatch.delenv(variable_of(name), raising=False)
    (tmp_path / "kubectl-dshell").mkdir()
    (tmp_path / "kubectl-dshell/config.toml").write_text(FILE)
    return Configuration({"XDG_CONFIG_HOME": str(tmp_path)})


def options(*words: str) -> OpenOptions:
    return open_command.options(open_command.make_context("kubectl dshell", [*words, "-A"]))


def test_each_namespace_has_the_settings_of_its_section(configuration: Configuration) -> None:
    world = World()
    configured = _Configured(options(), configuration, world.ports())

    configured.tell(["shop", "pay", "web", "shop", "db"])

    made = {name: configured.template(name) for name in ("shop", "pay", "web", "db")}
    assert {name: (str(one.privilege.profile), one.ttl) for name, one in made.items()} == {
        "shop": ("restricted", 14400),
        "pay": ("baseline", 3600),
        "web": ("general", 14400),
        "db": ("general", 14400),
    }
    assert all(one.namespace == name for name, one in made.items())
    sources = [line.split(": set in ") for line in world.said]
    assert [(said, source.rpartition("config.toml")[2]) for said, source in sources] == [
        ("profile restricted", " [namespaces.shop]"),
        ("profile baseline", " [namespaces.pay]"),
        ("profile general", ""),  # once, for both that have no section
    ]


def test_a_namespace_is_told_once_also_if_a_server_lists_pods_of_it_unasked(configuration: Configuration) -> None:
    world = World()
    configured = _Configured(options(), configuration, world.ports())
    configured.tell(["shop"])
    told = list(world.said)

    configured.tell(["shop", "pay"])

    assert configured.template("pay").ttl == 3600
    assert [line.partition(":")[0] for line in world.said[len(told) :]] == ["profile baseline"]


def test_what_was_typed_is_over_every_section(configuration: Configuration) -> None:
    world = World()
    configured = _Configured(options("--profile=auto", "--ttl=2h"), configuration, world.ports())

    configured.tell(["shop", "pay"])

    assert [(str(one.privilege.profile), one.ttl) for one in map(configured.template, ("shop", "pay"))] == [
        ("auto", 7200)
    ] * 2
    assert world.said == []


def test_what_contradicts_one_section_is_refused_before_any_pod_is_asked(configuration: Configuration) -> None:
    configured = _Configured(options("--cap-add=SYS_TIME"), configuration, World().ports())

    with pytest.raises(click.UsageError, match=r"profile is set in .* \[namespaces\.shop\]"):
        configured.tell(["web", "shop"])
