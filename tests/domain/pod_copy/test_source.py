"""Which container is copied."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.pod_copy.source import choose_source
from kubectl_dshell.domain.text.invocation import PLAIN
from kubectl_dshell.errors import NotFound
from tests.pods import make_pod

Json = Any
TWO: Json = {"containers": [{"name": "app"}, {"name": "proxy"}], "initContainers": [{"name": "setup"}]}
SEVERAL = 'defaulted container "app" of web out of: app, proxy, setup (choose with -c)'
FAILING = "defaulted init container setup of web, which fails (choose with -c)"


def setup(state: Json, last: Json | None = None) -> list[Json]:
    return [{"name": "setup", "state": state, "lastState": last or {}}]


@pytest.mark.parametrize(
    ("words", "wanted", "chosen", "notice"),
    [
        pytest.param({"statuses": []}, None, "app", "", id="the only one, whether it runs or not"),
        pytest.param({"spec": TWO}, None, "app", SEVERAL, id="the first, told"),
        pytest.param({"spec": TWO}, "proxy", "proxy", "", id="-c"),
        pytest.param({"spec": TWO}, "setup", "setup", "", id="-c, an init container"),
        pytest.param(
            {"spec": TWO, "annotations": {"kubectl.kubernetes.io/default-container": "proxy"}},
            None,
            "proxy",
            "",
            id="annotation",
        ),
        pytest.param(
            {"spec": TWO, "statuses": setup({"terminated": {"exitCode": 1}})}, None, "setup", FAILING, id="failed"
        ),
        pytest.param(
            {"spec": TWO, "statuses": setup({"waiting": {}}, {"terminated": {"exitCode": 1}})},
            None,
            "setup",
            FAILING,
            id="failing again and again",
        ),
        pytest.param(
            {"spec": TWO, "statuses": setup({"terminated": {"exitCode": 0}})}, None, "app", SEVERAL, id="succeeded"
        ),
        pytest.param({"spec": TWO, "phase": "Succeeded"}, None, "app", SEVERAL, id="a pod that has ended"),
    ],
)
def test_the_container_is_chosen(words: Any, wanted: str | None, chosen: str, notice: str) -> None:
    target = choose_source(make_pod(**words), wanted, PLAIN)

    assert (target.container.name, target.notice) == (chosen, notice)


COPY = {
    "name": "dshell-x",
    "env": [{"name": "DSHELL_PROTOCOL", "value": "2 abcd2345 50"}, {"name": "DSHELL_TOOLS", "value": "/.dshell"}],
}


@pytest.mark.parametrize(
    ("spec", "wanted", "said"),
    [
        ({"os": {"name": "windows"}}, None, "pod web runs on Windows"),
        ({"containers": []}, None, "pod web has no containers"),
        (TWO, "x", 'pod web has no container "x"; available: app, proxy, setup'),
        ({"containers": [COPY]}, None, "pod web is itself a copy, created by --copy"),
    ],
)
def test_what_cannot_be_copied_is_refused(spec: Json, wanted: str | None, said: str) -> None:
    with pytest.raises(NotFound) as refused:
        choose_source(make_pod(spec=spec), wanted, PLAIN)

    assert said in refused.value.message
