"""Whatever is typed: an exit code that is documented, and no word of a bug."""

from __future__ import annotations

import contextlib
import io
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kubectl_dshell.cli import wiring
from kubectl_dshell.cli.dispatch import VERBS
from kubectl_dshell.cli.flags.param_types import Duration, Verbosity
from kubectl_dshell.cli.main import main
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.errors import ExitStatus
from tests.cli import program

_COMMANDS = [open_command, *VERBS.values()]
_FLAGS = sorted(
    {
        name
        for command in _COMMANDS
        for p in command.params
        if isinstance(p, click.Option)
        for name in (*p.opts, *p.secondary_opts)
    }
)
_NUMBERS = ["0", "-1", "1", "²", "\uff19s", "9" * 20, "9" * 5000, "1e400", "inf", "0x10", "+1", " 1", "\u0661"]
_TIMES = ["9999999999999d", "999999999s", "1000000000", "8h", "1h30m", "30d", "-1s", "1.5h", "0s", "d"]
_WORDS = [
    "-",
    "--",
    "web",
    "pod/web",
    "web/dshell-abcde",
    "dshell-abcde",
    "deploy/web",
    "shop/web:/x",
    "web:/",
    "web:",
    ":",
    "web:\\x",
    ".",
    "/",
    "a=b",
    "A=b",
]
_ODD = [
    "",
    "\0",
    "\udcff",
    "é",
    "日本",
    "\x1b[2J",
    "\u202e",
    "a\nb",
    "\r",
    "%s",
    "{0}",
    "[/]",
    "..",
    "$(x)",
    "x" * 300,
    "=",
]
_VALID = ["json", "yaml", "name", "wide", "client", "server", "none", "general", "auto", "Always", "running", "age"]
_URLS = [
    "http://127.0.0.1:1",
    "https://127.0.0.1:1/a%20b",
    "x://y",
    "http://",
    "https://u:p@127.0.0.1:1",
    "127.0.0.1:1",
]
value = st.one_of(st.sampled_from([*_NUMBERS, *_TIMES, *_WORDS, *_ODD, *_VALID, *_URLS]), st.text(max_size=12))
flag = st.sampled_from(_FLAGS)
junk = st.one_of(
    flag.map(lambda name: [name]),
    st.tuples(flag, value).map(list),
    st.tuples(flag, value).map(lambda both: ["=".join(both)]),
    st.tuples(st.sampled_from([name for name in _FLAGS if len(name) == 2]), value).map(lambda both: ["".join(both)]),
    value.map(lambda text: [text]),
)
sane = st.sampled_from(
    ["web", "app", "x", "a=b", "A=é", "1", "5m", "30d", "999999999s", "7:8", "6", "日本", "web/dshell-abcde"]
)


def _of(command: click.Command) -> st.SearchStrategy[list[str]]:
    """A flag of this command, with a value if it takes one: mostly such as it wants."""

    def given_to(option: click.Option) -> st.SearchStrategy[list[str]]:
        name = st.sampled_from([*option.opts, *option.secondary_opts])
        if option.is_flag and option.flag_value is not None and option.name != "dry_run":
            return name.map(lambda one: [one])
        wanted: st.SearchStrategy[Any] = sane
        if isinstance(option.type, click.Choice):
            wanted = st.sampled_from(option.type.choices)
        elif isinstance(option.type, Duration | Verbosity | click.IntRange):
            wanted = st.sampled_from(["0", "1", "8", "40"])
        values = st.one_of(wanted.map(str), wanted.map(str), wanted.map(str), value)
        return st.tuples(name, values).map(lambda both: ["=".join(both)] if both[0].startswith("--") else list(both))

    return st.one_of(*(given_to(param) for param in command.params if isinstance(param, click.Option)))


def _line(verb: str, command: click.Command) -> st.SearchStrategy[list[str]]:
    words = st.sampled_from([[], ["web"], ["dshell-abcde"], ["web/dshell-abcde"], ["web:/x", "."], ["web", "db"]])
    flags = st.lists(st.one_of(_of(command), _of(command), _of(command), junk), max_size=4)
    tail: st.SearchStrategy[list[str]] = st.one_of(
        st.just([]), st.just(["--", "true"]), st.lists(value, max_size=3).map(lambda more: ["--", *more])
    )
    return st.tuples(words, flags, tail).map(
        lambda parts: [*filter(None, [verb]), *parts[0], *(word for words in parts[1] for word in words), *parts[2]]
    )


line = st.one_of(*(_line(verb, command) for verb, command in {"": open_command, **VERBS}.items()))
_DOCUMENTED = {*map(int, ExitStatus)} - {int(ExitStatus.BUG)}


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that files may be made in, and a kubeconfig whose cluster nobody answers for."""
    folder = tmp_path_factory.mktemp("here")
    config = folder / "kubeconfig"
    config.write_text(
        "current-context: x\ncontexts: [{name: x, context: {cluster: x, user: x}}]\nusers: [{name: x, user: {}}]\n"
        "clusters: [{name: x, cluster: {server: 'http://127.0.0.1:1'}}]\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(socket, "getaddrinfo", _only_numbers(socket.getaddrinfo))
        yield folder


def _only_numbers(really: Any) -> Any:
    """Names are not looked up."""

    def lookup(host: Any, *more: Any, **how: Any) -> Any:
        if host in ("127.0.0.1", "::1", "localhost"):
            return really(host, *more, **how)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    return lookup


def run(words: list[str]) -> tuple[int, str]:
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr):
        code = main([word.replace("/", "_") if _may_be_a_file(words, at) else word for at, word in enumerate(words)])
    return code, stderr.getvalue()


def _may_be_a_file(words: list[str], at: int) -> bool:
    """Files are made in one folder only."""
    return words[at].startswith(("--rec", "--output-d")) or words[max(0, at - 1)].startswith(("--rec", "--output-d"))


USUAL = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@USUAL
@example(["web", "-v", "²"])
@example(["web", "--ttl", "9999999999999d"])
@example(["ls", "--request-timeout", "30d"])
@given(line)
@pytest.mark.usefixtures("nowhere")
def test_no_line_is_a_bug(words: list[str]) -> None:
    """With a cluster that does as it is told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "ports", program.ports)
        code, said = run(words)

    assert code in _DOCUMENTED, (code, said)
    assert "this is a bug" not in said
    assert "Traceback" not in said


@USUAL
@example(["ls", "--request-timeout", "30d"])
@given(line)
def test_no_line_is_a_bug_where_nobody_answers(nowhere: Path, words: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(nowhere / "kubeconfig"))
        code, said = run(words)

    assert code in _DOCUMENTED, (code, said)
    assert "this is a bug" not in said
    assert "Traceback" not in said
