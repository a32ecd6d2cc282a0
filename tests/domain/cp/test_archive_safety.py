from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.domain.cp.archive_safety import MemberType, UnsafeMember, inner_path, safe_link, safe_mode


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (".", ()),
        ("./", ()),
        ("./a", ("a",)),
        ("a//b/./c/", ("a", "b", "c")),
        ("..a/...", ("..a", "...")),
        ("-rf", ("-rf",)),
        ("a\nb", ("a\nb",)),
    ],
)
def test_a_name_is_below_the_copy(name: str, path: tuple[str, ...]) -> None:
    assert inner_path(name) == path


@pytest.mark.parametrize("name", ["/etc/passwd", "..", "../x", "a/../../x", "a/..", "./../x", "//x"])
def test_a_name_that_is_not_is_refused(name: str) -> None:
    with pytest.raises(UnsafeMember):
        inner_path(name)


@pytest.mark.parametrize(
    ("path", "target", "top", "made"),
    [
        ("l", "x", "/etc", "x"),
        ("l", "./x/y", "/etc", "./x/y"),
        ("a/b/l", "../../x", "/etc", "../../x"),
        ("a/l", "..", "/etc", ".."),
        ("l", "/etc/x/y", "/etc", "x/y"),
        ("a/b/l", "/etc/x", "/etc", "../../x"),
        ("a/l", "/etc", "/etc", ".."),
        ("l", "/etc/", "/etc", "."),
        ("a/l", "/usr//bin/./x", "", "../usr/bin/x"),
        ("l", "/", "", "."),
    ],
)
def test_a_link_stays_inside(path: str, target: str, top: str, made: str) -> None:
    assert safe_link(tuple(path.split("/")), target, top) == made


@pytest.mark.parametrize(
    ("path", "target", "top"),
    [
        ("l", "..", "/etc"),
        ("l", "../etc/x", "/etc"),
        ("a/l", "../../x", "/etc"),
        ("a/l", "x/../../..", "/etc"),
        ("a/b/c/l", "s/../x", "/etc"),  # where s leads is not said here
        ("l", "/usr/bin/x", "/etc"),
        ("l", "/etcetera", "/etc"),
        ("l", "/etc/../usr", "/etc"),
        ("l", "/", "/etc"),
    ],
)
def test_a_link_that_leads_out_is_refused(path: str, target: str, top: str) -> None:
    with pytest.raises(UnsafeMember):
        safe_link(tuple(path.split("/")), target, top)


PARTS = st.sampled_from(["a", "b", "..", ".", ""])


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=4), st.lists(PARTS, max_size=6), st.booleans())
def test_no_accepted_link_leads_out(path: list[str], target: list[str], absolute: bool) -> None:
    text = ("/" if absolute else "") + "/".join(target)
    try:
        made = safe_link(tuple(path), text, "/a")
    except UnsafeMember:
        return

    assert not made.startswith("/")
    assert not posixpath.normpath(posixpath.join(*path[:-1], made)).startswith("..")


@pytest.mark.parametrize(
    ("kind", "mode", "safe"),
    [
        (MemberType.FILE, 0o644, 0o644),
        (MemberType.FILE, 0o1777, 0o777),
        (MemberType.FOLDER, 0o3775, 0o775),
        (MemberType.FILE, 0o100600, 0o600),
    ],
)
def test_permissions_are_kept(kind: MemberType, mode: int, safe: int) -> None:
    assert safe_mode(kind, mode) == safe


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6755])
def test_setuid_and_setgid_are_refused(mode: int) -> None:
    with pytest.raises(UnsafeMember):
        safe_mode(MemberType.FILE, mode)
