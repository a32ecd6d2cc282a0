"""What the rings of tests have in common: who may touch the network, and that no test is lost unseen."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Generator

# Two busy cores make an example slow; that says nothing about the code.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

_E2E = Path(__file__).parent / "e2e"


class ATestReachedForTheNetworkError(Exception):
    """Only tests below tests/e2e speak to anything but this machine."""


def pytest_configure(config: pytest.Config) -> None:
    """Find or start the cluster once, before the workers that inherit its address are started."""
    # a run in the background (nohup, &) ignores them, and the programs that the tests signal would too
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    if hasattr(config, "workerinput") or not _wants_cluster(config):
        return
    from hack.cluster.choose import choose
    from hack.cluster.errors import ClusterError

    try:
        os.environ.update(choose().environment())
    except ClusterError as error:
        raise pytest.UsageError(f"the tests in tests/e2e need a cluster: {error}") from error
    from .e2e.served import UNSERVED, unserved

    os.environ[UNSERVED] = " ".join(unserved())


def pytest_report_header() -> str | None:
    if kinds := os.environ.get("DSHELL_E2E_UNSERVED"):
        return f"not part of this run: the tests that need {kinds}, which this cluster does not serve"
    return None


def _wants_cluster(config: pytest.Config) -> bool:
    option = config.option
    if option.collectonly or option.help or option.version or "not e2e" in option.markexpr:
        return False
    named = [Path(word.partition("::")[0]).resolve() for word in config.args]
    return any(path == _E2E or path in _E2E.parents or _E2E in path.parents for path in named)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped e2e test is a failed one: nobody reads the reasons there."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and "e2e" in item.keywords:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"skipped, which CI does not accept: {reason}"
    return report


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No home folder, no kubeconfig, no network but loopback, outside tests/e2e."""
    if _E2E in request.path.parents:
        return
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KUBECONFIG", str(home / "kubeconfig"))
    for name in [name for name in os.environ if name.startswith("DSHELL_")]:
        monkeypatch.delenv(name)
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(sock: socket.socket, address: Any) -> None:
        _refuse_the_network(sock, address)
        connect(sock, address)

    def guarded_ex(sock: socket.socket, address: Any) -> int:
        _refuse_the_network(sock, address)
        return connect_ex(sock, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)


def _refuse_the_network(sock: socket.socket, address: Any) -> None:
    if sock.family is socket.AF_UNIX or address[0] == "localhost":
        return
    if not ipaddress.ip_address(address[0]).is_loopback:
        raise ATestReachedForTheNetworkError(address)
