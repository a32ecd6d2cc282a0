"""Names, reasons, whereabouts and the flags that are to be typed again."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from kubectl_dshell.cli.flags.param_types import Capabilities, DebugName, Reason
from kubectl_dshell.cli.main import main
from kubectl_dshell.cli.verbs.attach import AttachWord, attach_command
from kubectl_dshell.domain.text.invocation import Invocation


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("dshell-k7x2p", ("dshell-k7x2p", None, None)),
        ("web", ("web", None, None)),
        ("web.shop-1", ("web.shop-1", None, None)),
        ("pod/web", (None, "web", None)),
        ("po/web", (None, "web", None)),
        ("web/dshell-k7x2p", (None, "web", "dshell-k7x2p")),
        ("web/review", (None, "web", "review")),
        ("pod/dshell-k7x2p", (None, "pod", "dshell-k7x2p")),
    ],
)
def test_a_word_says_what_it_can_mean(word: str, meant: tuple[str | None, ...]) -> None:
    assert AttachWord().convert(word, None, None) == meant


@pytest.mark.parametrize("word", ["", "Web", "web/", "/dshell-a", "a/b/c", "web\n", "wéb", "-web"])
def test_what_means_nothing_is_refused(word: str) -> None:
    with pytest.raises(
        click.UsageError, match="is not a valid name of a debug container or pod; use NAME, POD or POD/NAME"
    ):
        AttachWord().convert(word, None, None)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("review", "dshell-review"),
        ("dshell-review", "dshell-review"),
        ("1", "dshell-1"),
        ("x" * 56, f"dshell-{'x' * 56}"),
    ],
)
def test_a_name_gets_its_prefix(word: str, name: str) -> None:
    assert DebugName().convert(word, None, None) == name


@pytest.mark.parametrize(
    "word", ["", "dshell-", "Review", "re view", "re_view", "re.view", "review-", "x" * 57, "ü", "a\n"]
)
def test_what_is_no_label_is_no_name(word: str) -> None:
    with pytest.raises(click.UsageError):
        DebugName().convert(word, None, None)


@pytest.mark.parametrize("text", ["", 'INC-42: $(x) "it\'s"', "grün 日本 👩‍💻", "a\u00a0b", "x" * 256])
def test_a_reason_is_one_line_of_text(text: str) -> None:
    assert Reason().convert(text, None, None) == text


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "\x1b[1m", "a\u2028b", "a\udcffb", "x" * 257])
def test_what_is_more_than_a_line_is_no_reason(text: str) -> None:
    with pytest.raises(click.UsageError):
        Reason().convert(text, None, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["web", "--name", "Review", "--", "true"], "'Review' is not a valid name; use a-z, 0-9 and - in between"),
        (["web", "--name", "x" * 57], "has 64 characters; a container's name has at most 63"),
        (["web", "--reason", "x" * 257], "a reason must not be longer than 256 characters, got 257"),
        (["web", "--reason", "a\nb"], "'a\\nb' is not a single line of text"),
        (["web", "--record", "x", "--dry-run"], "--record cannot be used with --dry-run, which opens no session"),
        (["attach", "--"], "no command after --"),
        (["attach", "web", "--", "cat", "\udcff"], "is not valid UTF-8"),
        (["attach", "web", "db", "--", "true"], "unexpected extra argument"),
        (["attach", "web", "--imgae", "x"], "no such option '--imgae'"),
        (["attach", "web", "--image", "x"], "no such option"),
        (["attach", "web", "--new"], "no such option"),
    ],
)
def test_usage_errors(words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*words[:1], f"--kubeconfig={tmp_path}/none", *words[1:]]) == 64
    assert said in capsys.readouterr().err


def typed(*words: str) -> str:
    flags = attach_command.options(attach_command.make_context("x", list(words))).connection
    return Invocation(flags.to_type_again()).command("web")


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ((), ""),
        (("--context=kind",), " --context kind"),
        (("--kubeconfig", "a b", "--context", "kind"), " --context kind --kubeconfig 'a b'"),
        (
            ("--as", "jane", "--as-group=a", "--as-group=b", "--as-uid=1"),
            " --as jane --as-uid 1 --as-group a --as-group b",
        ),
        (("--token", "s3cret", "-v", "6", "-n", "shop"), ""),
        (("-s", "https://x", "--insecure-skip-tls-verify"), " --insecure-skip-tls-verify --server https://x"),
        (("-s", "https://us:s3cret@x:1"), " --server https://x:1"),
        (("--tls-server-name=x", "--client-key", "k"), " --tls-server-name x --client-key k"),
        (("--request-timeout", "90s"), " --request-timeout 1m30s"),
    ],
    ids=str,
)
def test_the_flags_that_say_which_cluster_are_typed_again_but_no_secret(words: tuple[str, ...], again: str) -> None:
    assert typed(*words) == f"kubectl dshell web{again}"


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("SYS_PTRACE", ("SYS_PTRACE",)),
        ("CAP_SYS_PTRACE,net_admin", ("SYS_PTRACE", "NET_ADMIN")),
        ("ALL", ("ALL",)),
        ("BPF, KILL", ("BPF", "KILL")),
    ],
)
def test_capabilities_are_spelled_as_in_kubernetes(word: str, names: tuple[str, ...]) -> None:
    assert Capabilities().convert(word, None, None) == names


@pytest.mark.parametrize("word", ["", "PTRACE", "SYS_PTRACE,", "CAP_ALL_OF_THEM", "SYS-PTRACE", "21"])
def test_what_is_no_capability_is_refused(word: str) -> None:
    with pytest.raises(click.UsageError, match="is not a Linux capability; written as in SYS_PTRACE,NET_ADMIN"):
        Capabilities().convert(word, None, None)
