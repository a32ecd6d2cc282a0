"""`--app-image`: which debug container of the app's image a session gets, and whose tools that uses."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.commands.app_image.open import open_app_image
from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.debug_container.spec import environment, tools_of
from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.errors import Forbidden, NotFound, Unavailable
from tests.commands.world import (
    CLOSED,
    GONE,
    LENDS,
    OPEN,
    STEPPED_DOWN,
    World,
    request,
    root_pod,
    running_holder,
)
from tests.pods import Json, pod_json, running

NAME = "dshell-review"
LENDER = "dshell-abcde"
DIGEST = "sha256:" + "d" * 64
TOOLS = " lends_holder=9 lends_started=1234 lends_shell=/bin/busybox lends_links=relative lends_path=/bin"


def opened(world: World, **changes: Any) -> int:
    world.ends = [Exit(0)]
    return open_app_image(request(app_image=True, **changes), world.ports())


def lender_of(entry: Json) -> str:
    tools = tools_of(entry)
    assert tools
    return tools.lender


def sessions_in(world: World) -> set[str]:
    """The debug containers in which something other than a tether was run."""
    return {name for name, words in world.opened if words[0] != "tether"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"command": ("cat", "-"), "tty": False}, ["pipe", "cat", "-"]),
        ({"command": ("cat", "-"), "tty": False, "stdin": False}, ["run", "cat", "-"]),
        ({"command": ("vi", "x"), "tty": True}, ["terminal", "24", "80", "vi", "x"]),
        ({"command": (), "tty": True}, ["shell", "web/app", "24", "80"]),
        ({"command": (), "tty": False}, ["pipe", "sh"]),
        ({"command": ("true",), "tty": False, "stdin": False, "task": True}, ["run", "true"]),
    ],
    ids=["command", "command without stdin", "command on a terminal", "shell", "script on stdin", "in many pods"],
)
def test_two_are_added_and_the_session_is_in_the_second(changes: dict[str, Any], words: list[str]) -> None:
    world = World(facts=[LENDS, OPEN])

    assert opened(world, **changes) == 0

    lender, own = world.added
    assert (lender["image"], own["image"]) == ("busybox:1.37", "shop/web:1")
    assert (tools_of(lender), lender_of(own)) == (None, lender["name"])
    assert (own["name"], words) in world.opened
    assert [name for name, words in world.opened if words[-1] == "lend"] == [lender["name"]]


def test_the_exit_code_is_the_command_s_and_goodbye_is_said_to_the_second_alone() -> None:
    world = World(facts=[LENDS, OPEN], ends=[Exit(42)])

    assert open_app_image(request(app_image=True), world.ports()) == 42

    lending, own = world.tethers
    assert own.sent.splitlines()[-1].startswith(b"bye ")
    assert b"bye" not in lending.sent, "the second one's holder says it"
    assert lending.closed
    assert own.closed


def test_the_second_has_what_the_app_has() -> None:
    mount = {"name": "data", "mountPath": "/data"}
    app = {"name": "app", "image": "shop/web:1", "workingDir": "/srv", "volumeMounts": [mount]}
    status = running() | {"imageID": f"docker.io/shop/web@{DIGEST}"}
    world = World(pod=pod_json({"containers": [app]}, [status]), facts=[LENDS, OPEN])

    opened(world, env=(("A", "b"),), pull_policy="Always")

    lender, own = world.added
    assert (own["image"], own["imagePullPolicy"]) == (f"shop/web@{DIGEST}", "IfNotPresent")
    assert (own["workingDir"], own["volumeMounts"]) == ("/srv", [mount])
    assert environment(own)["A"] == environment(lender)["A"] == "b"
    assert own["securityContext"] == lender["securityContext"]
    assert lender["imagePullPolicy"] == "Always"
    assert not {"workingDir", "volumeMounts"} & lender.keys()


def test_a_debug_container_that_runs_lends_its_tools() -> None:
    world = World(facts=[LENDS, OPEN])
    running_holder(world, LENDER)

    assert opened(world) == 0

    (own,) = world.added
    assert lender_of(own) == LENDER
    assert sessions_in(world) == {own["name"]}


def test_with_new_both_are_new() -> None:
    world = World(facts=[LENDS, OPEN])
    running_holder(world, LENDER)

    assert opened(world, new=True) == 0

    assert [entry["image"] for entry in world.added] == ["busybox:1.37", "shop/web:1"]


def test_a_pair_that_runs_is_reused_and_its_lender_not_asked() -> None:
    world = World(facts=[LENDS, OPEN])
    opened(world, keep=600)
    _, own = world.added
    world.opened.clear()

    assert opened(world, keep=600) == 0

    assert len(world.added) == 2
    assert {name for name, _ in world.opened} == {own["name"]}
    assert any(f"{own['name']} (reused)" in line for line in world.said)


@pytest.mark.parametrize("app_image", [True, False])
def test_a_session_of_the_other_kind_does_not_join_it(*, app_image: bool) -> None:
    world = World(facts=[LENDS, OPEN])
    opened(world, keep=600)
    lender, own = world.added
    world.opened.clear()
    world.ends = [Exit(0)]

    if app_image:
        opened(world)
    else:
        open_session(request(), world.ports())

    assert sessions_in(world) == {own["name"] if app_image else lender["name"]}
    assert len(world.added) == 2


def test_other_tools_are_another_pair() -> None:
    world = World(facts=[LENDS, OPEN, LENDS, OPEN])
    opened(world, keep=600)

    assert opened(world, image="tools:2") == 0

    assert [entry["image"] for entry in world.added] == ["busybox:1.37", "shop/web:1", "tools:2", "shop/web:1"]


@pytest.mark.parametrize(
    ("facts", "vanished"),
    [
        pytest.param([LENDS, OPEN], {LENDER}, id="it has ended"),
        pytest.param([GONE + TOOLS, LENDS, OPEN], set[str](), id="it is ending"),
    ],
)
def test_a_lender_that_has_just_ended_is_passed_over(facts: list[str], vanished: set[str]) -> None:
    world = World(facts=facts, vanished=vanished)
    running_holder(world, LENDER)

    assert opened(world) == 0

    lender, own = world.added
    assert lender_of(own) == lender["name"]
    assert all(tether.closed for tether in world.tethers)


def test_of_two_the_one_that_lives_lends() -> None:
    world = World(facts=[LENDS, OPEN], vanished={LENDER})
    running_holder(world, LENDER)
    running_holder(world, "dshell-fghij")

    assert opened(world) == 0

    (own,) = world.added
    assert lender_of(own) == "dshell-fghij"


@pytest.mark.parametrize("name", [None, NAME])
def test_where_the_app_is_another_user_both_are_added_again_as_that_one(name: str | None) -> None:
    world = World(pod=root_pod(), facts=[STEPPED_DOWN + TOOLS, LENDS, OPEN])

    assert opened(world, name=name) == 0

    wrong, lender, own = world.added
    users = [entry["securityContext"]["runAsUser"] for entry in world.added]
    assert users == [0, 101, 101]
    assert lender_of(own) == lender["name"] != wrong["name"]
    assert own["name"] == (name or own["name"])
    assert world.tethers[0].sent.splitlines()[-1].startswith(b"bye "), "the wrong one ends"
    assert {"name": "DSHELL_MEASURED", "value": f"{'a' * 64} 101:101"} in own["env"]


def test_a_second_wrong_user_is_not_followed() -> None:
    again = STEPPED_DOWN.replace("101", "102")
    world = World(pod=root_pod(), facts=[STEPPED_DOWN + TOOLS, again + TOOLS])

    assert opened(world) == 0

    assert [entry["securityContext"]["runAsUser"] for entry in world.added] == [0, 101, 101]


def test_a_root_that_is_closed_does_not_matter_to_the_image() -> None:
    world = World(facts=[CLOSED + TOOLS])

    assert opened(world) == 0

    assert len(world.added) == 2


def test_the_name_is_that_of_the_second_and_joins_it_again() -> None:
    world = World(facts=[LENDS, OPEN])

    assert opened(world, name=NAME, keep=600) == 0
    assert opened(world, name=NAME) == 0

    lender, own = world.added
    assert own["name"] == NAME != lender["name"]


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (True, False, r"its root directory is that of the app's image \(--app-image\)"),
        (False, True, "it is not of the app's image"),
    ],
    ids=["of the app's image", "of the debug image"],
)
def test_the_name_of_one_of_the_other_kind_is_refused(*, first: bool, then: bool, said: str) -> None:
    world = World(facts=[LENDS, OPEN])
    for app_image in (first, then):
        world.ends = [Exit(0)]
        run = open_app_image if app_image else open_session
        if app_image is first:
            assert run(request(name=NAME, keep=600, app_image=app_image), world.ports()) == 0
        else:
            with pytest.raises(Unavailable, match=said):
                run(request(name=NAME, app_image=app_image), world.ports())


def test_a_pod_without_such_a_container_is_told_as_ever() -> None:
    with pytest.raises(NotFound, match=r'no pod "wbe" in namespace shop; did you mean web\?'):
        opened(World(), pod="wbe")


def test_where_no_exec_gets_through_nothing_is_added() -> None:
    world = World()
    world.streams.refusal = Forbidden("no")

    with pytest.raises(Forbidden) as caught:
        opened(world)

    assert (caught.value.aftermath, world.added) == ("Nothing was added to the pod.", [])


def shell_banner(world: World, **changes: Any) -> str:
    opened(world, command=(), **changes)
    (said,) = (line for line in world.said if "/ is the app's image" in line)
    return said


def test_a_shell_is_told_whose_tools_it_has_and_where_the_app_s_files_are() -> None:
    world = World(facts=[LENDS, OPEN])

    said = shell_banner(world)

    lender, own = world.added
    assert said == (
        f"{own['name']} in web as 65532:65532 (from the container's status); / is the app's image, "
        f"tools are busybox:1.37 ({lender['name']}).\n"
        "$DSHELL_ROOT is the app's live root: files that the app wrote outside its volumes are only there. "
        "`exit` ends the session."
    )


def test_a_shell_is_told_which_mounts_are_missing() -> None:
    mounts = [{"name": "conf", "mountPath": f"/etc/{n}", "subPath": "x"} for n in ("a", "b", "c", "d", "e\x1b[2J", "f")]
    app = {"name": "app", "image": "shop/web:1", "volumeMounts": mounts}

    said = shell_banner(World(pod=pod_json({"containers": [app]}), facts=[LENDS, OPEN]))

    assert "are only there, and /etc/a, /etc/b, /etc/c, /etc/d, /etc/e [2J, ... (subPath). `exit` ends" in said


def test_a_shell_is_told_that_the_tag_means_another_image_by_now() -> None:
    def start(_container: Json) -> None:
        world.pod["status"]["containerStatuses"][0]["imageID"] = "sha256:1"

    world = World(facts=[LENDS, OPEN], on_patch=start)
    patch = world.cluster.add_ephemeral_container

    def add(*words: Any, **options: Any) -> Json:
        answer = patch(*words, **options)
        answer["status"]["ephemeralContainerStatuses"][-1]["imageID"] = "sha256:2"
        return answer

    world.cluster.add_ephemeral_container = add  # type: ignore[method-assign]
    world.pod["status"]["containerStatuses"][0]["imageID"] = "sha256:1"

    assert "\nThe image is not the one that the app runs: shop/web:1 has changed since. `exit`" in shell_banner(world)
