"""manifests/k9s/dshell.yaml is what k9s 0.51.0 loads, and its entries are command lines of this program.

The rules are those of k9s's source: internal/config/json/schemas/plugins.json, internal/view/env.go for variables, and
internal/view/helpers.go for what they are called in the two lists.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_dshell.cli.argv import split_words
from kubectl_dshell.cli.dispatch import PROGRAM, VERBS
from kubectl_dshell.cli.verbs.open import open_command

TOP = Path(__file__).parent.parent
FILE = TOP / "manifests/k9s/dshell.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
PLUGINS: dict[str, dict[str, Any]] = DOCUMENT["plugins"]
REQUIRED = {"shortCut": str, "description": str, "scopes": list, "command": str}
KNOWN = {**REQUIRED, "args": list, "background": bool, "confirm": bool, "dangerous": bool, "override": bool}
"""Fields of a plugin, without those that this file has no use for."""
VALUES = {
    "pods": {"CONTEXT": "my $(id) ctx", "NAMESPACE": "shop", "NAME": "web-1"},
    "containers": {"CONTEXT": "my $(id) ctx", "NAMESPACE": "shop", "NAME": "app", "POD": "web-1"},
}
"""What k9s puts in place of the variables; POD is known in the list of containers alone."""
TAKEN = {f"Shift-{key}" for key in "NASOFJV"}
"""The keys that k9s itself has in these lists."""
each = pytest.mark.parametrize("name", PLUGINS)


def scope(name: str) -> str:
    (only,) = PLUGINS[name]["scopes"]
    return str(only)


def substituted(text: str, values: dict[str, str]) -> str:
    """As k9s does it; an unknown variable stays, and would be the shell's."""
    return re.sub(r"\$(!?)([\w-]+)", lambda found: values.get(found[2].upper(), found[0]), text)


def arguments(name: str) -> list[str]:
    return [substituted(word, VALUES[scope(name)]) for word in PLUGINS[name]["args"]]


def test_the_file_has_plugins_alone() -> None:
    assert set(DOCUMENT) == {"plugins"}
    assert len(PLUGINS) == 8


@each
def test_a_plugin_has_the_fields_of_the_schema(name: str) -> None:
    plugin = PLUGINS[name]

    assert set(REQUIRED) <= set(plugin) <= set(KNOWN)
    assert all(isinstance(value, KNOWN[field]) for field, value in plugin.items())
    assert all(isinstance(word, str) for word in plugin["args"])
    assert scope(name) in VALUES


@pytest.mark.parametrize("view", VALUES)
def test_each_key_of_a_list_is_one_that_is_free_there(view: str) -> None:
    keys = [plugin["shortCut"] for name, plugin in PLUGINS.items() if scope(name) == view]

    assert len(keys) == len(set(keys)) == 4
    assert all(re.fullmatch("Shift-[A-Z]", key) for key in keys)
    assert not set(keys) & TAKEN


@each
def test_a_plugin_that_changes_something_is_hidden_in_read_only_mode(name: str) -> None:
    assert PLUGINS[name].get("dangerous", False) is ("-ls-" not in name)


@each
def test_every_variable_is_one_that_k9s_knows_there(name: str) -> None:
    assert PLUGINS[name]["command"] == "sh"
    flag, script, zero, *words = arguments(name)

    assert (flag, zero) == ("-c", "k9s")
    assert "$" not in script.replace('"$@"', "")
    assert not [word for word in words if "$" in word and word != VALUES["pods"]["CONTEXT"]]


@each
@pytest.mark.parametrize("code", [0, 77])
def test_what_runs_is_a_command_line_of_this_program(name: str, code: int, tmp_path: Path) -> None:
    record = tmp_path / "record"
    stand_in(tmp_path / "kubectl", f'printf "%s\\n" "$@" >{record}; echo told >&2; exit {code}')
    stand_in(tmp_path / "less", "exec cat")
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    done = subprocess.run(
        ["sh", *arguments(name)], env=env, input="\n", capture_output=True, text=True, timeout=20, check=False
    )

    assert done.returncode == 0
    assert "told" in done.stdout + done.stderr
    assert ("Press Enter" in done.stdout) is ("-end-" in name or (code != 0 and "-ls-" not in name))
    plugin, *words = record.read_text().splitlines()
    assert plugin == "dshell"
    check(words, scope(name))


def stand_in(file: Path, script: str) -> None:
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def check(words: list[str], view: str) -> None:
    """It is parsed, and means the row that is selected."""
    verb, head, _ = split_words(words, set(VERBS), open_command)
    context = (VERBS[verb] if verb else open_command).make_context(PROGRAM, head)
    given = context.params

    assert (given["context"], given["namespace"]) == (VALUES[view]["CONTEXT"], "shop")
    if verb is None:
        assert [target.name for target in given["targets"]] == ["web-1"]
        assert given["container"] == ("app" if view == "containers" else None)
    else:
        assert given["pods" if verb == "ls" else "names"] == ("web-1",)


def test_every_key_is_in_the_document() -> None:
    text = (TOP / "docs/k9s.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| (Shift-\w) \|", text, re.MULTILINE)) == {one["shortCut"] for one in PLUGINS.values()}
