from __future__ import annotations

import pytest

from kubectl_dshell.domain.cp.copy_spec import RemotePath, parse_copy_spec


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("web:/etc/app.yaml", RemotePath(None, "web", "etc/app.yaml", folder=False, contents=False)),
        ("web:etc/app.yaml", RemotePath(None, "web", "etc/app.yaml", folder=False, contents=False)),
        ("shop/web:/var/log/*.log", RemotePath("shop", "web", "var/log/*.log", folder=False, contents=False)),
        ("web:/var/log/", RemotePath(None, "web", "var/log", folder=True, contents=False)),
        ("web:/var/log/.", RemotePath(None, "web", "var/log", folder=True, contents=True)),
        ("web:/", RemotePath(None, "web", "", folder=True, contents=True)),
        ("web:../../etc//./x", RemotePath(None, "web", "etc/x", folder=False, contents=False)),
        ("web:/a/../../b", RemotePath(None, "web", "b", folder=False, contents=False)),
        ("web:/a:b", RemotePath(None, "web", "a:b", folder=False, contents=False)),
        ("web:/a\nb", RemotePath(None, "web", "a\nb", folder=False, contents=False)),
        ("file", "file"),
        ("-", "-"),
        ("./web:x", "./web:x"),
        ("/tmp/a:b", "/tmp/a:b"),
    ],
)
def test_a_place_is_a_pod_s_or_ours(word: str, place: RemotePath | str) -> None:
    assert parse_copy_spec(word) == place


@pytest.mark.parametrize(
    ("word", "last", "pattern"),
    [
        ("web:/etc/app.yaml", "app.yaml", "etc/app.yaml"),
        ("web:/var/log/", "log", "var/log/"),
        ("web:/var/log/.", ".", "var/log/."),
        ("web:/*/.", ".", "*/."),
        ("web:/", ".", ""),
        ("web:/.", ".", ""),
        ("web:/var/../etc", "etc", "etc"),
    ],
)
def test_a_place_has_a_name_here_and_a_pattern_there(word: str, last: str, pattern: str) -> None:
    place = parse_copy_spec(word)

    assert isinstance(place, RemotePath)
    assert (place.last, place.pattern) == (last, pattern)


@pytest.mark.parametrize(
    ("word", "why"),
    [
        (":x", "':x' is not [NAMESPACE/]POD:PATH; for a local file of that name write ./:x"),
        ("Web:x", "'Web:x' is not [NAMESPACE/]POD:PATH; for a local file of that name write ./Web:x"),
        ("a/b/c:x", "'a/b/c:x' is not [NAMESPACE/]POD:PATH; for a local file of that name write ./a/b/c:x"),
        ("web:", "'web:' has no path; write web:/ for the app's root"),
    ],
)
def test_what_is_neither_says_what_to_write(word: str, why: str) -> None:
    with pytest.raises(ValueError, match="^" + why.replace("[", r"\[").replace(".", r"\.") + "$"):
        parse_copy_spec(word)
