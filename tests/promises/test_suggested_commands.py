"""What is to be typed does what it says when it is pasted, whatever is in a name."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest

from kubectl_dshell.domain.access.target import where
from kubectl_dshell.domain.debug_container.cleanup_result import left_to, ways_out
from kubectl_dshell.domain.debug_container.status import debug_containers
from kubectl_dshell.domain.permissions import USES, Use
from kubectl_dshell.domain.text.invocation import PLAIN
from kubectl_dshell.errors import ApiError
from kubectl_dshell.kube.refusals import ApiRequest, role_command, translate_api_error
from tests.pods import make_pod

ODD = "a; touch /tmp/x $(id) `id` 'b' \"c\""
[SESSION] = debug_containers(make_pod(ephemeral=[{"name": "x"}]))


def words(command: str) -> list[str]:
    return shlex.split(command.rpartition(": ")[2].replace("(kubectl", "kubectl").removesuffix(")"))


@pytest.mark.parametrize(
    "command",
    [
        PLAIN.attach(ODD, ODD, ODD),
        *ways_out(replace(SESSION, namespace=ODD, pod=ODD, name=ODD)),
        left_to(replace(SESSION, namespace=ODD, pod=ODD, name=ODD), "1 client", PLAIN).advice[0],
        f"kubectl logs {where(make_pod()._replace(name=ODD, namespace=ODD))}",
    ],
)
def test_a_name_is_one_word(command: str) -> None:
    assert {word for word in words(command[command.index("kubectl") :]) if "touch" in word} <= {ODD, f"{ODD}/{ODD}"}
    assert ODD in words(command[command.index("kubectl") :])


@pytest.mark.parametrize("namespace", ["shop", None])
def test_a_user_is_one_word_of_one_line(namespace: str | None) -> None:
    user = "$(id)\n; touch x"
    message = f'User "{user}" cannot list resource "pods" in API group ""'
    told = translate_api_error(ApiError(403, "", message), ApiRequest("list", "pods", namespace))
    bound = translate_api_error(ApiError(403, "", message), ApiRequest("get", "pods", "shop", "web"))

    for line in (told.advice[-1].splitlines()[-1], bound.advice[-1].splitlines()[-1]):
        assert shlex.split(line)[-1] == "--user=$(id) ; touch x"


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
def test_a_role_stays_one_document(use: Use) -> None:
    _, *document, _ = role_command('x"}}; ', use).splitlines()

    assert json.loads("".join(document))["metadata"]["namespace"] == 'x"}}; '
