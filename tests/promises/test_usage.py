"""Wrong words end with 64 and say what to type, before anything is touched."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_dshell.cli.main import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no pod specified; usage: kubectl dshell POD"),
        (["web", "ls"], "put a remote command after --"),
        (["web", "--"], "no command after --"),
        (["web", "--imag", "x"], "--image"),
        (["web", "--run-as", "root"], "'root' is not a numeric UID or UID:GID"),
        (["web", "--run-as", "4294967296"], "is not a numeric UID or UID:GID"),
        (["web", "--env", "A"], "'A' is not NAME=VALUE"),
        (["web", "--profile", "legacy"], "'legacy' is not one of"),
        (["web", "--cap-add", "PTRACE"], "'PTRACE' is not a Linux capability"),
        (["web", "--cap-add", "KILL,BPF", "--cap-drop", "CAP_BPF"], "--cap-add and --cap-drop both name BPF"),
        (["web", "--profile", "restricted", "--cap-add", "BPF"], "--profile restricted drops all privileges"),
        (["web", "--profile", "restricted", "--privileged"], "omit it, or --privileged"),
        (["web", "--profile", "sysadmin", "--cap-drop", "BPF"], "--profile sysadmin gives all capabilities"),
        (["web", "--custom", "none"], "cannot read none: No such file or directory"),
        (["cp", "web:x", ".", "--privileged", "--cap-add", "BPF"], "--privileged gives all capabilities"),
        (["web", "--env", "DSHELL_PROTOCOL=1"], "DSHELL_PROTOCOL is set by dshell itself"),
        (["web", "--ttl", "soon"], "'soon' is not a duration; for example: 90s, 5m, 1h30m"),
        (["web", "--ttl", "0"], "must be at least 1s"),
        (["web", "--keep", "9h"], "--keep 9h is longer than --ttl, which is 8h; add --ttl 9h, or use a shorter --keep"),
        (["node/web"], "'node' is not a kind that has pods; use POD or KIND/NAME"),
        (["web", "db"], "a shell needs exactly one pod, got 2 (web, db)"),
        (["web", "-l", "app=web"], "cannot combine names with -l"),
        (["web", "-A", "--", "true"], "a pod cannot be selected by name across all namespaces"),
        (["-l", "app=web"], "many pods need a COMMAND"),
        (["deploy/web", "--all"], "many pods need a COMMAND"),
        (["web", "-o", "json"], "-o json, --once and --output-dir need a COMMAND"),
        (["web", "db", "-i", "--", "cat"], "-i needs exactly one pod"),
        (["web", "db", "-t", "--", "vi"], "-t needs exactly one pod"),
        (["web", "db", "--record", "x", "--", "ls"], "--record needs exactly one pod"),
        (["web", "db", "--dry-run", "--", "ls"], "--dry-run prints the patch for a single pod"),
        (["web", "--app-image", "--dry-run"], "--dry-run prints nothing for --app-image"),
        (["web", "db", "-o", "yaml", "--", "ls"], "-o yaml needs --dry-run"),
        (["-A", "--concurrency", "0", "--", "ls"], "--concurrency"),
        (["-A", "--shard", "4/4", "--", "ls"], "the shards of 4 are numbered from 0 to 3"),
        (["-A", "--shard", "x", "--", "ls"], "'x' is not INDEX/COUNT, such as 0/4"),
        (["web", "db", "--shard", "0/2", "--", "ls"], "--shard needs -l, -A or --all"),
        (["deploy/web", "--shard", "0/2", "--", "ls"], "--shard needs -l, -A or --all"),
        (["web", "--all", "--shard", "0/2", "--", "ls"], "--shard needs -l, -A or --all"),
        (["web", "--once", "x"], "-o json, --once and --output-dir need a COMMAND"),
        (["-A", "--once", "X", "--", "ls"], "'X' is not a valid name"),
        (["-A", "--once", "x", "--name", "y", "--", "ls"], "--once names a new debug container itself"),
        (["web", "--copy-service-account"], "--copy-service-account needs --copy"),
        (["web", "api", "--copy", "--", "x"], "--copy needs exactly one pod"),
        (["web", "--copy", "--keep", "5m", "--new"], "--copy cannot be used with --keep, --new"),
        (["web", "--copy", "--chroot", "--trace"], "--copy cannot be used with --chroot, --trace"),
        (["web", "--copy", "--app-image"], "--copy cannot be used with --app-image"),
        (
            ["web", "--volumes", "--app-image", "--target-env"],
            "--volumes cannot be used with --app-image, --target-env",
        ),
        (["web", "--volumes", "--copy"], "--copy cannot be used with --volumes"),
        (["web", "api", "--volumes", "--", "x"], "--volumes needs exactly one pod"),
        (["web", "api", "--wait-for-start", "--", "x"], "--wait-for-start needs exactly one pod"),
        (["web", "--wait-for-start", "--volumes"], "--wait-for-start cannot be used with --volumes"),
        (["web", "--wait-for-start", "--copy"], "--wait-for-start cannot be used with --copy"),
        (["web", "--wait-for-start", "--dry-run"], "--wait-for-start cannot be used with --dry-run"),
        (["image"], "IMAGE"),
        (["image", "jq", "-c", "app"], "-c needs --like"),
        (["image", "jq", "--like", "Web"], "is not a valid pod name"),
        (["image", "jq", "--ttl", "0"], "--ttl and --timeout must be at least 1s"),
        (["image", "jq", "--dry-run", "--record", "x"], "--record cannot be used with --dry-run"),
        (["image", "jq", "--"], "no command after --"),
        (["gather"], "gather needs one Job: job/NAME"),
        (["gather", "deploy/web"], "gather needs one Job: job/NAME"),
        (["gather", "job/a", "job/b"], "gather needs one Job: job/NAME"),
        (["gather", "job/a", "--", "x"], "gather takes no command after --"),
        (["Web!"], "is not a valid pod name"),
        (["web", "-o", "yaml"], "-o needs --dry-run"),
        (["web", "-v", "loud"], "'loud' is not a number"),
        (["web", "-v", "²"], "'²' is not a number from 0 to 999999999"),
        (["web", "-v", "9" * 20], "is not a number from 0 to 999999999"),
        (["web", "--concurrency", "²", "-A", "--", "ls"], "'²' is not a valid integer range"),
        (["web", "--ttl", "11575d"], "'11575d' is too long; the maximum is 999999999s"),
        (["ls", "--older-than", "\uff19s"], "is not a duration"),
        (["cleanup", "--older-than", "9999999999999d"], "is too long; the maximum is 999999999s"),
        (["web", "--env", "A=a\0b"], "contains a NUL character"),
        (["web", "--env", "A=\udcff"], "argument 3 is not valid UTF-8"),
        (["ls", "--token", "\udcffs3cret"], "argument 3 is not valid UTF-8"),
        (["ls", "--token=s3cret\0"], "argument 2 contains a NUL character"),
        (["web", "--image", "\udcff"], "is not valid UTF-8"),
        (["ls", "-n", "\udcff"], "is not valid UTF-8"),
        (["web", "--record", "\udcff"], "is not valid UTF-8"),
        (["web", "--", "cat", "\udcff"], "is not valid UTF-8"),
        (["ls", "--", "x"], "ls takes no command after --"),
        (["cleanup", "--", "x"], "cleanup takes no command after --"),
    ],
    ids=lambda v: "_".join(v).encode(errors="replace").decode() if isinstance(v, list) else None,
)
def test_usage_errors(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion
) -> None:
    assert main(words) == 64
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert "s3cret" not in err
    assert err == snapshot


@pytest.mark.parametrize(
    "flag", ["-v", "--run-as", "--ttl", "--keep", "--timeout", "--request-timeout", "--concurrency"]
)
def test_a_number_longer_than_python_converts_is_a_usage_error(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["web", flag, "9" * 5000, "--", "true"]) == 64
    assert f"invalid value for '{flag}'" in capsys.readouterr().err


def test_the_value_of_a_variable_with_a_wrong_name_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["web", "--env", "9X=hunter2"]) == 64

    said = capsys.readouterr().err
    assert "'9X' is not a valid variable name" in said
    assert "hunter2" not in said
