"""Which credential plugins kuberc lets run; tests/e2e/test_kuberc.py compares the same with kubectl."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.auth.kuberc import VERSION, PluginPolicy, clean, look_path, plugin_policy
from tests.kube.kubeconfig.test_files import write

HEAD = f"apiVersion: {VERSION}\nkind: Preference\n"


def policy(tmp_path: Path, text: str) -> PluginPolicy:
    return plugin_policy(str(write(tmp_path / "rc", text)), {})


@pytest.mark.parametrize(
    ("text", "kind", "allowed"),
    [
        ("", "", ()),
        ("# nothing\n---\n", "", ()),
        (HEAD, "", ()),
        (HEAD + "credentialPluginPolicy: AllowAll\ncredentialPluginAllowlist: null\n", "AllowAll", ()),
        (HEAD + "credentialPluginPolicy: DenyAll\naliases: []\n", "DenyAll", ()),
        (
            HEAD + "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: aws}]",
            "Allowlist",
            ("aws",),
        ),
        (HEAD + "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: /a/b}]", "Allowlist", ("/a/b",)),
        (f"kind: Other\n---\n{HEAD}credentialPluginPolicy: DenyAll\n", "DenyAll", ()),
        (f"kind: Preference\napiVersion: kubectl.config.k8s.io/v9\n--- # old\n{HEAD}", "", ()),
        (f"kind: Preference\napiVersion: kubectl.config.k8s.io/v1alpha1\n---\n{HEAD}credentialPluginPolicy: X", "", ()),
    ],
)
def test_the_first_known_document_counts(text: str, kind: str, allowed: tuple[str, ...], tmp_path: Path) -> None:
    assert policy(tmp_path, text)[1:] == (kind, allowed)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", r"kuberc .*rc cannot be parsed: "),
        ("[]", r"kuberc .*rc has no Preference of kubectl\.config\.k8s\.io/v1beta1"),
        ("kind: Preference\napiVersion: kubectl.config.k8s.io/v9\n", "rc has no Preference of"),
        (HEAD + "credentialPluginPolicy: 5", "credentialPluginPolicy is a number, but must be a string"),
        (
            HEAD + "CredentialPluginPolicy: DenyAll",
            "CredentialPluginPolicy is not a key; it is spelled credentialPlugin",
        ),
        (HEAD + "credentialPluginAllowList: []", "is not a key; it is spelled credentialPluginAllowlist"),
        (HEAD + "credentialPluginPolicy: denyall", "credentialPluginPolicy is denyall, but must be one of AllowAll, "),
        (HEAD + "credentialPluginAllowlist: [{command: x}]", "credentialPluginAllowlist needs credentialPluginPolicy"),
        (
            HEAD + "credentialPluginPolicy: DenyAll\ncredentialPluginAllowlist: []",
            "needs credentialPluginPolicy: Allow",
        ),
        (HEAD + "credentialPluginPolicy: Allowlist", "credentialPluginAllowlist is empty, which needs .*DenyAll"),
        (
            HEAD + "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []",
            "credentialPluginAllowlist is empty",
        ),
        (
            HEAD + "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{}]",
            r"Allowlist\[0\]\.command is miss",
        ),
        (
            HEAD + "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: a}, {command: /b//c/}]",
            r"credentialPluginAllowlist\[1\]\.command is /b//c/, but must be /b/c",
        ),
        (
            HEAD + "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: a, name: b}]",
            r"command and name differ",
        ),
        ("#" * (1024 * 1024 + 1), "longer than 1024 KiB"),
        (f"{HEAD}---\n" + "#" * 1024 * 1024, "longer than 1024 KiB"),
    ],
)
def test_a_file_that_cannot_be_used_lets_no_plugin_run(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=says) as caught:
        policy(tmp_path, text)

    assert caught.value.advice == ("Correct it, name another with --kuberc, or set KUBERC=off.",)


def test_the_flag_is_over_the_variable_and_both_over_the_home_folder(tmp_path: Path) -> None:
    flag, variable = str(tmp_path / "flag"), {"KUBERC": str(tmp_path / "variable"), "HOME": str(tmp_path)}
    write(tmp_path / ".kube" / "kuberc", HEAD + "credentialPluginPolicy: DenyAll")

    assert plugin_policy(None, {"HOME": str(tmp_path)}).kind == "DenyAll"
    assert plugin_policy(None, {"HOME": str(tmp_path), "KUBERC": "off"}) == PluginPolicy()
    assert plugin_policy(None, {"HOME": str(tmp_path / "empty")}) == PluginPolicy()
    for explicit in (flag, None):
        with pytest.raises(BadConfig, match=f"kuberc {explicit or variable['KUBERC']} does not exist"):
            plugin_policy(explicit, variable)
    with pytest.raises(BadConfig, match="KUBERC=off"):
        plugin_policy(flag, {"KUBERC": "off"})


def test_no_file_is_read_where_kuberc_is_turned_off(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "KUBERC": str(tmp_path / "absent")}
    write(tmp_path / ".kube" / "kuberc", HEAD + "credentialPluginPolicy: DenyAll")

    for value in ("false", "False"):
        assert plugin_policy(None, {**environ, "KUBECTL_KUBERC": value}) == PluginPolicy()
        with pytest.raises(BadConfig, match=f"^--kuberc is given, but KUBECTL_KUBERC={value} disables it"):
            plugin_policy(str(tmp_path / "absent"), {"KUBECTL_KUBERC": value})
    for value in ("", "true", "0", "off"):
        assert plugin_policy(None, {"HOME": str(tmp_path), "KUBECTL_KUBERC": value}).kind == "DenyAll"


def test_who_is_allowed_is_told_by_what_would_be_run(tmp_path: Path) -> None:
    for name in ("bin/aws", "other/aws"):
        write(tmp_path / name, "").chmod(0o700)
    search, aws = f"{tmp_path}/none:{tmp_path}/bin:{tmp_path}/other", f"{tmp_path}/bin/aws"
    kuberc = tmp_path / "rc"

    def why_not(allowed: str, command: str) -> tuple[str, str] | None:
        return PluginPolicy(kuberc, "Allowlist", (allowed,)).why_not(command, search)

    assert why_not("aws", "aws") is None
    assert why_not(aws, "aws") is None
    assert why_not("aws", aws) is None
    assert why_not("aws", f"{tmp_path}/other/aws") == (
        f"may not run: {tmp_path}/other/aws is not in credentialPluginAllowlist of {kuberc}, which has aws",
        f"If you trust it, add there: - command: {tmp_path}/other/aws",
    )
    assert why_not(f"{tmp_path}/other/aws", "aws") is not None
    assert (why_not("absent", "gone") or ("",))[0].startswith("may not run: it is not found (it is not in PATH)")
    assert PluginPolicy(kuberc, "DenyAll").why_not("aws", search) == (
        f"may not run: credentialPluginPolicy of {kuberc} is DenyAll",
        "Change it, or choose another --user.",
    )
    assert PluginPolicy(kuberc, "AllowAll").why_not("aws", search) is PluginPolicy().why_not("aws", "") is None


def test_a_program_is_found_as_go_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "here", "").chmod(0o700)
    write(tmp_path / "data", "").chmod(0o600)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)

    assert look_path("here", f"/absent:{tmp_path}/") == f"{tmp_path}/here"
    assert look_path("./here", "") == "./here"
    for command, search in (
        ("here", ""),
        ("here", ":"),
        ("here", "."),
        ("data", str(tmp_path)),
        ("folder", str(tmp_path)),
    ):
        with pytest.raises(OSError, match="PATH"):
            look_path(command, search)
    with pytest.raises(PermissionError):
        look_path("./data", "")
    assert [clean(path) for path in ("", "//a/b/../c/", "./x", "a")] == [".", "/a/c", "x", "a"]
