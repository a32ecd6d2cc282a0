"""The numbers and words that the scripts and the program share are written twice: here they are held equal."""

from __future__ import annotations

import re
import signal
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path

import pytest

from kubectl_dshell.domain.access.facts import EnterStatus
from kubectl_dshell.domain.debug_container.end_message import _KNOWN, EndReason, parse_end_message
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS
from kubectl_dshell.remote import copying, exec_script, protocol

SOURCES = {path.name: path.read_text() for path in Path(str(files("kubectl_dshell.remote"))).glob("*.sh")}

COPY_CODES = [copying.INCOMPLETE, copying.NO_FILE, copying.DENIED]


def constants(source: str) -> dict[str, str]:
    lines = re.findall(r"^readonly (.*)$", source, re.MULTILINE)
    return dict(word.split("=") for line in lines for word in line.split())


def code(source: str) -> str:
    """Without comments."""
    return "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("#"))


def bits(*signals: signal.Signals) -> int:
    return sum(1 << number - 1 for number in signals)


@pytest.mark.parametrize(
    ("script", "name", "value"),
    [
        ("session.sh", "NO_TARGET", EnterStatus.NO_TARGET),
        ("session.sh", "ROOT_CLOSED", EnterStatus.ROOT_CLOSED),
        ("inbox.sh", "HOLDER_GONE", EnterStatus.HOLDER_GONE),
        ("inbox.sh", "LEASE", LEASE_SECONDS),
        ("resolve.sh", "INCOMPLETE", copying.INCOMPLETE),
        ("resolve.sh", "NO_FILE", copying.NO_FILE),
        ("resolve.sh", "DENIED", copying.DENIED),
        ("processes.sh", "INT_BIT", bits(signal.SIGINT)),
        ("processes.sh", "INT_QUIT_BITS", bits(signal.SIGINT, signal.SIGQUIT)),
        ("processes.sh", "INT_QUIT_TERM_BITS", bits(signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)),
    ],
)
def test_a_constant_of_a_script_is_that_of_the_program(script: str, name: str, value: int) -> None:
    assert constants(SOURCES[script])[name] == str(int(value))


def test_a_constant_that_two_scripts_have_is_the_same_in_both() -> None:
    every: dict[str, set[str]] = {}
    for source in SOURCES.values():
        for name, value in constants(source).items():
            every.setdefault(name, set()).add(value)

    assert {name: values for name, values in every.items() if len(values) > 1} == {}


def test_the_headers_name_the_exit_codes() -> None:
    for name, codes in (("command.sh", list(EnterStatus)), ("copy_in.sh", COPY_CODES), ("copy_out.sh", COPY_CODES)):
        [header] = re.findall(r"^# exit .*\n(?:#  .*\n)*", SOURCES[name], re.MULTILINE)

        assert {int(number) for number in re.findall(r"\b\d\d\b", header)} == set(codes), name


@pytest.mark.parametrize("code", range(256))
def test_a_task_says_bye_after_the_exit_codes_that_the_program_thinks(code: int) -> None:
    [silent] = re.findall(r"^(1.*)\) ;;$", SOURCES["task.sh"], re.MULTILINE)

    says_bye = not any(fnmatchcase(str(code), pattern) for pattern in silent.split(" | "))

    assert says_bye is protocol.has_said_goodbye(code)


END_TEXTS = [
    ("ended after $seconds s without its first client", EndReason.NOBODY_CAME),
    ("ended after $seconds s without a client", EndReason.SILENCE),
    ("ended by the cluster", EndReason.STOPPED),
    ("ended by a client", EndReason.OTHER),
    ("ended by its last session", EndReason.OTHER),
    ("ended with its tools", EndReason.OTHER),
    ("ended after being kept for $kept_for s", EndReason.OTHER),
    ("ended at its limit of $DSHELL_LIMIT s", EndReason.OTHER),
]


def test_the_end_texts_of_the_holder_are_these() -> None:
    texts = set(re.findall(r'(?:\breason=|\bend_container )"(ended [^"]*)"', code(SOURCES["holder.sh"])))

    assert texts == {text for text, _ in END_TEXTS}


@pytest.mark.parametrize(("text", "reason"), END_TEXTS)
def test_an_end_text_of_the_holder_is_understood(text: str, reason: EndReason) -> None:
    message = parse_end_message(re.sub(r"\$\w+", "50", text))

    assert message is not None
    assert message.end is reason


def test_no_end_text_is_known_that_the_holder_does_not_say() -> None:
    texts = [re.sub(r"\$\w+", "50", text) for text, _ in END_TEXTS]

    assert [pattern for pattern, _, _ in _KNOWN if not any(re.fullmatch(pattern, text) for text in texts)] == []


def test_the_words_of_the_protocol_are_those_that_the_holder_handles() -> None:
    _, _, handler = code(SOURCES["holder.sh"]).partition("handle_word() {")
    words = set(re.findall(r"^\t([a-z]+)\)", handler.partition("\n}\n")[0], re.MULTILINE))
    said = [protocol.beat("a" * 8, 1), protocol.bye("a" * 8), protocol.keep(1), protocol.END]

    assert words == {word.split()[0].decode() for word in said} | {"target"}


def test_a_tether_ends_by_the_signals_that_the_program_knows() -> None:
    _, _, function = code(SOURCES["holder.sh"]).partition("signal_tethers() {")
    idle, runs = re.findall(r"\bsignal=(\w+)", function.partition("\n}\n")[0])

    assert 128 + signal.Signals[f"SIG{idle}"] == protocol.LAPSED_IDLE
    assert 128 + signal.Signals[f"SIG{runs}"] == protocol.LAPSED


def test_the_holder_s_line_on_a_tether_is_the_program_s() -> None:
    assert re.findall(r"\becho (dshell-\S+)", code(SOURCES["holder.sh"])) == [protocol.LEAVING.decode()]


def test_what_the_end_script_answers_is_understood() -> None:
    answers = set(re.findall(r"\banswer (\w+)", code(SOURCES["end.sh"])))

    assert answers == {*protocol._NOT_SIGNALLED, "ended"}
    assert protocol.parse_end("dshell-end ended\n") == ""


def test_the_modes_of_an_exec_are_those_that_the_program_asks_for() -> None:
    modes = {
        mode for source in SOURCES.values() for mode in re.findall(r"^#.*\bdshell ([a-z]+)[ :.]", source, re.MULTILINE)
    }
    asked = [
        exec_script.shell_exec("a", "a" * 8, "x"),
        exec_script.outside_exec("a", "a" * 8, "x"),
        exec_script.command_exec("a", "a" * 8, ["x"]),
        exec_script.command_exec("a", "a" * 8, ["x"], stdin=True),
        exec_script.terminal_exec("a", "a" * 8, ["x"], None),
        exec_script.tether_exec("a", "a" * 8),
        exec_script.state_exec(),
        exec_script.names_exec("a", "/etc", "p"),
    ]

    assert modes == {exec_.argv[4] for exec_ in asked}


def test_copies_begin_at_the_word_that_the_program_waits_for() -> None:
    assert "\necho ready\n" in SOURCES["copy_in.sh"]
    assert copying.READY == b"ready\n"
    assert copying._START.endswith(f"exit {copying.INCOMPLETE}")
