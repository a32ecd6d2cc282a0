"""`kubectl dshell config`: values and where they come from, without a cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kubectl_dshell.cli import wiring
from kubectl_dshell.cli.main import main
from tests.cli import program


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubeconfig and a configuration file."""
    contexts = [{"name": name, "context": {"cluster": "c", "namespace": "shop"}} for name in ("kind", "prod")]
    kubeconfig = {"current-context": "kind", "contexts": contexts, "clusters": [{"name": "c", "cluster": {}}]}
    (tmp_path / "kubeconfig").write_text(json.dumps(kubeconfig))
    (tmp_path / "kubectl-dshell").mkdir()
    path = tmp_path / "kubectl-dshell/config.toml"
    path.write_text('ttl = "2h"\nmirrors."docker.io" = "m.example"\n[contexts.prod.namespaces.pay]\nimage = "a/b"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("DSHELL_KEEP", "5m")
    for name in ("NO_COLOR", "DSHELL_IMAGE", "DSHELL_TTL", "DSHELL_TIMEOUT", "DSHELL_PROFILE", "DSHELL_PATIENCE"):
        monkeypatch.delenv(name, raising=False)
    return path


def settings(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[dict[str, object], dict[str, tuple[object, ...]]]:
    assert main(["config", "-o", "json", *words]) == 0
    document = json.loads(capfd.readouterr().out)
    return document, {s["name"]: (s["value"], s["source"], s["sourceName"]) for s in document["settings"]}


def test_each_value_says_where_it_comes_from(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    document, found = settings(capfd, "--timeout", "5s")

    assert {name: value for name, value in document.items() if name != "settings"} == {
        "apiVersion": "dshell/v1",
        "kind": "Configuration",
        "file": str(place),
        "context": "kind",
        "namespace": "shop",
    }
    assert found == {
        "image": ("m.example/library/busybox:1.37", "default", None),
        "ttl": ("2h", "file", str(place)),
        "keep": ("5m", "variable", "DSHELL_KEEP"),
        "timeout": ("5s", "flag", "--timeout"),
        "profile": ("auto", "default", None),
        "reason-required": (False, "default", None),
        "colour": ("auto", "default", None),
        "patience": (1, "default", None),
        "mirrors.docker.io": ("m.example", "file", f"{place} [mirrors]"),
    }


def test_the_context_and_the_namespace_of_the_flags_count(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    document, found = settings(capfd, "--context", "prod", "-n", "pay")

    assert (document["context"], document["namespace"]) == ("prod", "pay")
    assert found["image"] == ("m.example/a/b", "file", f"{place} [contexts.prod.namespaces.pay]")


def test_a_table_for_people(place: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert main(["config"]) == 0

    out, err = capfd.readouterr()
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["SETTING", "VALUE", "SOURCE"]
    assert ["ttl", "2h", str(place)] in rows
    assert ["reason-required", "false", "default"] in rows
    assert ["colour", "never", "NO_COLOR"] in rows
    assert err == f"context kind, namespace shop; {place}\n"


def test_without_file_and_kubeconfig_it_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))

    assert main(["config"]) == 0

    err = capfd.readouterr().err
    assert err.startswith("warning: no kubeconfig found")
    assert err.endswith("config.toml (there is no such file)\n")


def test_it_takes_no_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--", "ls"]) == 64
    assert "config takes no command after --" in capfd.readouterr().err


def test_a_mistake_in_the_file_is_an_error_of_every_session(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    place.write_text("tll = '1h'\n")

    for words in (
        ["config"],
        ["web"],
        ["doctor"],
        ["cp", "web:x", "."],
        ["attach"],
        ["explain", "web"],
        ["image", "a"],
    ):
        assert main(words) == 78, words
        assert f'error: {place}: unknown key "tll" (did you mean ttl?)\n' in capfd.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["web", "--", "ls", "a b"],
        ["-A", "--", "true"],
        ["cp", "web:/etc/hosts", "."],
        ["image", "jq", "--", "jq", "."],
    ],
    ids=str,
)
def test_each_verb_that_adds_something_needs_the_reason(
    words: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "ports", program.ports)
    monkeypatch.setenv("DSHELL_REASON_REQUIRED", "true")

    assert main(words) == 64

    wanted = "error: a session needs a reason here: reason-required is set in DSHELL_REASON_REQUIRED"
    assert capfd.readouterr().err.splitlines() == [wanted, "Type the same command again with --reason TEXT."]


def test_a_dry_run_needs_none_and_shows_what_the_file_leads_to(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "ports", program.ports)
    monkeypatch.setenv("DSHELL_REASON_REQUIRED", "true")

    assert main(["web", "--dry-run", "-o", "json", "-v", "1"]) == 0

    out, err = capfd.readouterr()
    (container,) = json.loads(out)["spec"]["ephemeralContainers"]
    assert container["image"] == "m.example/library/busybox:1.37"
    assert err.startswith("image busybox:1.37 is m.example/library/busybox:1.37: set in ")


@pytest.mark.usefixtures("place")
def test_colours_that_are_forced_are_shown_as_such(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert settings(capfd)[1]["colour"] == ("always", "variable", "FORCE_COLOR")
