"""Which classes are sandboxes by their names, and what is known of each."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.runtime.sandbox import bars, doubts, hides


@pytest.mark.parametrize(
    ("runtime_class", "runtime"),
    [
        ("gvisor", "gVisor"),
        ("runsc", "gVisor"),
        ("runsc-kvm", "gVisor"),
        ("kata", "Kata Containers"),
        ("kata-qemu-tdx", "Kata Containers"),
        ("kata-remote", "Kata Containers"),
        ("my-kata", "Kata Containers"),
        ("peerpods", "Kata Containers"),
        ("", None),
        ("nvidia", None),
        ("crun", None),
        ("sakata", None),
    ],
)
def test_a_class_is_known_by_its_usual_name(runtime_class: str, runtime: str | None) -> None:
    why = doubts(runtime_class, shared=False)

    assert why.startswith(f"by the name of its runtime class ({runtime_class}), {runtime} " if runtime else "")
    assert bool(why) is bool(runtime)


@pytest.mark.parametrize(("runtime_class", "barred"), [("gvisor", True), ("kata-fc", False), ("nvidia", False)])
def test_gvisor_lets_no_session_begin_whatever_the_pod_shares(runtime_class: str, *, barred: bool) -> None:
    assert bool(bars(runtime_class)) is barred
    assert bool(doubts(runtime_class, shared=True)) is barred


@pytest.mark.parametrize(("runtime_class", "hidden"), [("kata-fc", False), ("nvidia", False)])
def test_with_a_shared_pid_namespace_kata_shows_the_app(runtime_class: str, *, hidden: bool) -> None:
    assert bool(hides(runtime_class, shared=True)) is hidden
