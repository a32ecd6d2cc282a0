"""Events that are skimmed: what is left out is nothing that anybody looks at."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.kube.rest.api import Api
from kubectl_dshell.kube.rest.untrusted_json import text_at
from kubectl_dshell.kube.watch.skim import is_debugged
from kubectl_dshell.kube.watch.watch import _skimmed, watch
from tests.kube.loopback import Server
from tests.kube.rig import connection
from tests.kube.test_pods import watching

TRAP = '"ephemeralContainers":[{"metadata":{"resourceVersion":"13"'


def event(kind: str, meta: dict[str, Any], spec: dict[str, Any] | None = None, *, spaced: bool = False) -> bytes:
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": meta, "spec": spec or {"containers": []}}
    return json.dumps({"type": kind, "object": pod}, separators=None if spaced else (",", ":")).encode()


META = {"name": "web-1", "generateName": "web-", "namespace": "shop", "uid": "u-1", "resourceVersion": "7"}


@pytest.mark.parametrize("kind", ["ADDED", "MODIFIED", "DELETED"])
def test_a_pod_without_debug_containers_is_reduced_to_its_version(kind: str) -> None:
    assert _skimmed(event(kind, META)) == (kind, {"metadata": {"resourceVersion": "7"}})


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(event("MODIFIED", META, {"ephemeralContainers": [{"name": "x"}]}), id="debugged"),
        pytest.param(event("MODIFIED", META, spaced=True), id="with blanks"),
        pytest.param(event("BOOKMARK", META), id="a bookmark"),
        pytest.param(event("ERROR", {"name": "x"}), id="an error"),
        pytest.param(event("MODIFIED", {"labels": {"resourceVersion": "9"}, **META}), id="another order"),
        pytest.param(event("MODIFIED", META | {"resourceVersion": "seven"}), id="not a number"),
        pytest.param(event("MODIFIED", META | {"uid": 'u"'}), id="an escape"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_anything_else_is_parsed_whole(line: bytes) -> None:
    assert not _skimmed(line)


@given(
    texts=st.dictionaries(st.text(max_size=20), st.text()), debug=st.lists(st.text(), max_size=2), trap=st.booleans()
)
def test_any_text_in_a_pod_misleads_nobody(texts: dict[str, str], debug: list[str], *, trap: bool) -> None:
    annotations = texts | {"resourceVersion": "99"} | ({"trap": TRAP, TRAP: "x"} if trap else {})
    spec = {"containers": [{"name": text} for text in texts.values()]}
    line = event(
        "MODIFIED",
        META | {"annotations": annotations},
        spec | ({"ephemeralContainers": [{"name": name} for name in debug]} if debug else {}),
    )
    pod = json.loads(line)["object"]

    found = _skimmed(line)

    assert bool(found) is not (is_debugged(pod) or "ephemeralContainers" in annotations)
    assert found is None or text_at(found[1], "metadata", "resourceVersion") == pod["metadata"]["resourceVersion"]


@pytest.mark.parametrize("debugged", [False, True])
def test_only_who_looks_for_debug_containers_gets_less(*, debugged: bool) -> None:
    server = Server(watching(event("MODIFIED", META) + b"\n"))
    found = watch(Api(connection(server.port)), "/api/v1/pods", [], time.monotonic() + 20, debugged=debugged)

    kind, pod = next(one for one in found if one)

    server.finish()
    assert kind == "MODIFIED"
    assert pod["metadata"] == ({"resourceVersion": "7"} if debugged else META)
