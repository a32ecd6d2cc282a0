"""Tests outside tests/e2e cannot reach for the machine's network, home folder or kubeconfig."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ATestReachedForTheNetworkError

CONFTEST = Path(__file__).with_name("conftest.py")


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_a_connection_to_another_machine_is_refused(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(ATestReachedForTheNetworkError):
        sock.connect((address, 443))


def test_a_connection_on_this_machine_is_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_home_is_empty_and_no_kubeconfig_exists() -> None:
    assert list(Path.home().iterdir()) == []
    assert not Path(os.environ["KUBECONFIG"]).exists()


@pytest.mark.parametrize(("ci", "code"), [pytest.param("true", 1, id="in CI"), pytest.param("", 0, id="at home")])
def test_a_skipped_e2e_test_fails_the_run_in_ci(tmp_path: Path, ci: str, code: int) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = e2e: x\n")
    test = "import pytest\n@pytest.mark.e2e\ndef test_nothing():\n    pytest.skip('no reason')\n"
    (tmp_path / "test_skipped.py").write_text(test)

    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_skipped.py"]
    run = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "CI": ci}, capture_output=True, text=True, check=False
    )

    assert run.returncode == code, run.stdout
