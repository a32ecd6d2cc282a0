from __future__ import annotations

from typing import TYPE_CHECKING

from hack.nodes import selinux

if TYPE_CHECKING:
    from pathlib import Path


def test_programs_have_the_types_by_which_systemd_starts_them_in_their_domains(tmp_path: Path) -> None:
    for name in ("containerd", "kubernetes", "bridge", "kubectl"):
        (tmp_path / name).touch()

    assert selinux.of_programs(tmp_path) == {
        "/": "system_u:object_r:bin_t:s0",
        "/bridge": "system_u:object_r:container_plugin_t:s0",
        "/containerd": "system_u:object_r:container_engine_exec_t:s0",
        "/kubectl": "system_u:object_r:bin_t:s0",
        "/kubernetes": "system_u:object_r:kubelet_exec_t:s0",
    }


def test_what_a_daemon_watches_in_the_seed_has_a_label_of_its_own_configuration(tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki/ca.crt").touch()

    (tmp_path / "cni").mkdir()
    (tmp_path / "kubelet.json").touch()

    assert selinux.of_seed(tmp_path) == {
        **dict.fromkeys(("/", "/kubelet.json"), "system_u:object_r:etc_t:s0"),
        **dict.fromkeys(("/pki", "/pki/ca.crt"), "system_u:object_r:kubernetes_config_t:s0"),
        "/cni": "system_u:object_r:container_config_t:s0",
    }
