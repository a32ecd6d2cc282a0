"""A partial container is merged as the API server would merge it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubectl_dshell.domain.strategic_merge import merged

WHOLE: dict[str, Any] = {
    "name": "a",
    "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    "securityContext": {"runAsUser": 1, "capabilities": {"add": ["X", "Y"], "drop": ["Z"]}},
}


@pytest.mark.parametrize(
    ("partial", "changed"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"workingDir": "/x"}, {"workingDir": "/x"}, id="a new value"),
        pytest.param({"name": "b"}, {"name": "b"}, id="another value"),
        pytest.param(
            {"securityContext": {"privileged": True, "capabilities": {"add": ["W"]}}},
            {
                "securityContext": {
                    "runAsUser": 1,
                    "privileged": True,
                    "capabilities": {"add": ["W"], "drop": ["Z"]},
                }
            },
            id="objects are merged, a list without a merge key is replaced",
        ),
        pytest.param(
            {"env": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]},
            {"env": [{"name": "C", "value": "4"}, {"name": "A", "value": "1"}, {"name": "B", "value": "3"}]},
            id="variables are merged by name, new ones first",
        ),
        pytest.param(
            {"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
            {"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
            id="a list that was not there",
        ),
        pytest.param({"envFrom": [{"prefix": "A"}]}, {"envFrom": [{"prefix": "A"}]}, id="envFrom has no merge key"),
        pytest.param({"securityContext": 5}, {"securityContext": 5}, id="another type"),
    ],
)
def test_a_partial_container(partial: dict[str, Any], changed: dict[str, Any]) -> None:
    whole, given = copy.deepcopy(WHOLE), copy.deepcopy(partial)

    assert merged(whole, given) == {**WHOLE, **changed}
    assert (whole, given) == (WHOLE, partial)


def test_mounts_are_merged_by_their_path() -> None:
    whole = {"volumeMounts": [{"mountPath": "/a", "name": "a"}, {"mountPath": "/b", "name": "b"}]}

    done = merged(whole, {"volumeMounts": [{"mountPath": "/b", "readOnly": True}]})

    assert done["volumeMounts"] == [whole["volumeMounts"][0], {"mountPath": "/b", "name": "b", "readOnly": True}]
