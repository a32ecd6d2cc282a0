"""What is configured for a namespace counts for each pod there, also where all namespaces are meant."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from kubectl_dshell.cli.flags.open import OpenOptions
from kubectl_dshell.cli.settings import FIELDS, Configuration, variable_of
from kubectl_dshell.cli.verbs import fanout
from kubectl_dshell.cli.verbs.fanout import _Configured, _OutputForm, _run
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.commands.fanout.run import ManyRequest
from kubectl_dshell.commands.fanout.targets import SelectedPod, TargetQuery
from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.terminal.outputs import OutputRouter
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
    configured = _Configured(options(), configuration)

    configured.tell(["shop", "pay", "web", "shop", "db"], world.ports())

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
    configured = _Configured(options(), configuration)
    configured.tell(["shop"], world.ports())
    told = list(world.said)

    configured.tell(["shop", "pay"], world.ports())

    assert configured.template("pay").ttl == 3600
    assert [line.partition(":")[0] for line in world.said[len(told) :]] == ["profile baseline"]


def test_what_was_typed_is_over_every_section(configuration: Configuration) -> None:
    world = World()
    configured = _Configured(options("--profile=auto", "--ttl=2h"), configuration)

    configured.tell(["shop", "pay"], world.ports())

    assert [(str(one.privilege.profile), one.ttl) for one in map(configured.template, ("shop", "pay"))] == [
        ("auto", 7200)
    ] * 2
    assert world.said == []


def test_what_contradicts_one_section_is_refused_before_any_pod_is_asked(configuration: Configuration) -> None:
    configured = _Configured(options("--cap-add=SYS_TIME"), configuration)

    with pytest.raises(click.UsageError, match=r"profile is set in .* \[namespaces\.shop\]"):
        configured.tell(["web", "shop"], World().ports())


def run_everywhere(configuration: Configuration, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """`-A` in a cluster with one pod in shop, and one that is skipped."""

    def find(_query: TargetQuery, ports: Ports) -> list[SelectedPod]:
        ports.notices.warn("skipping api")
        return [SelectedPod(ContainerRef("shop", "web", ""))]

    monkeypatch.setattr(fanout, "find", find)
    monkeypatch.setattr(fanout, "run_many", lambda *_: [])
    configured = _Configured(options(*words), configuration)
    request = ManyRequest(configured.template, lambda _namespace, _pod: "", 1, fail_fast=False)
    form = _OutputForm(None, as_json=False, quiet=False, bar=False)
    return _run(TargetQuery((), "", None, None, every=False), request, form, World().ports(), configured)


def test_what_is_told_follows_what_was_found(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run_everywhere(configuration, monkeypatch)

    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "skipping api"
    assert lines[1].startswith("profile restricted: set in ")


def test_a_contradiction_leaves_no_line_unwritten(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    waited: list[float | None] = []

    def drain(outputs: OutputRouter, seconds: float | None) -> None:
        waited.append(seconds)
        usual(outputs, seconds)

    usual = fanout.drain
    monkeypatch.setattr(fanout, "drain", drain)

    with pytest.raises(click.UsageError, match=r"profile is set in .* \[namespaces\.shop\]"):
        run_everywhere(configuration, monkeypatch, "--cap-add=SYS_TIME")

    assert waited == [fanout.LAST_WORDS_SECONDS]
    assert capfd.readouterr().err == "skipping api\n"
