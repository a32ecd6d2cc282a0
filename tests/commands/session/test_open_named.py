"""--name and --reason: one debug container that is meant, made or joined."""

from __future__ import annotations

import pytest

from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.debug_container.seal import Key
from kubectl_dshell.domain.debug_container.spec import environment, starter
from kubectl_dshell.errors import NameTaken, NotFound, Unavailable
from tests.commands.world import GONE, KEY, OTHER_KEY, STEPPED_DOWN, World, request, root_pod, running_holder
from tests.pods import Json

NAME = "dshell-review"


def test_it_is_made_with_that_name_and_the_reason() -> None:
    world = World()

    assert open_session(request(name=NAME, reason="INC-42: $x"), world.ports()) == 0

    (entry,) = world.added
    assert entry["name"] == NAME
    assert environment(entry)["DSHELL_REASON"] == "INC-42: $x"


def test_without_a_reason_there_is_no_stamp() -> None:
    world = World()

    open_session(request(), world.ports())

    assert "DSHELL_REASON" not in environment(world.added[0])


def test_the_holder_waits_for_the_session_that_comes_whatever_the_name() -> None:
    world = World()

    open_session(request(name=NAME), world.ports())

    assert world.tethers[0].sent.splitlines()[-1].decode() == f"bye {starter(world.added[0])}"


def test_a_live_one_of_the_same_purpose_is_joined() -> None:
    world = World()
    running_holder(world, NAME)
    running_holder(world)

    assert open_session(request(name=NAME), world.ports()) == 0
    assert world.added == []
    assert {container for container, _ in world.opened} == {NAME}


@pytest.mark.parametrize(
    ("reason", "said"), [("", ()), ("b", (f"--reason is ignored: {NAME} already exists without a reason",))]
)
def test_the_reason_of_a_live_one_stays(reason: str, said: tuple[str, ...]) -> None:
    world = World()
    running_holder(world, NAME)

    open_session(request(name=NAME, reason=reason), world.ports())

    assert tuple(line.partition(", and")[0] for line in world.said if "reason" in line) == said


def test_one_of_another_purpose_is_refused_with_what_differs() -> None:
    world = World()
    running_holder(world, NAME)

    with pytest.raises(Unavailable, match=r"has different options: its image is busybox:1.37, not tools:2") as refused:
        open_session(request(name=NAME, image="tools:2"), world.ports())

    assert refused.value.advice[0] == f"Join it as it is: kubectl dshell attach web/{NAME} -n shop"
    assert world.opened == []
    assert world.added == []


@pytest.mark.parametrize(
    ("secret", "why"), [(KEY, ""), (None, r" \(no key has been created on this machine yet\)")], ids=["a key", "no key"]
)
def test_one_that_says_all_that_is_wanted_and_was_made_by_somebody_else_is_refused(
    secret: Key | None, why: str
) -> None:
    world = World(secret=secret)
    running_holder(world, NAME, OTHER_KEY)

    with pytest.raises(Unavailable, match=f"was not created by you on this machine{why}; its owner is ada") as refused:
        open_session(request(name=NAME), world.ports())

    assert refused.value.advice[0] == f"Join it as it is: kubectl dshell attach web/{NAME} -n shop"
    assert (world.opened, world.added) == ([], [])


def test_one_of_mine_that_admission_made_look_like_what_is_wanted_now_is_another() -> None:
    world = World()
    running_holder(world, NAME)
    world.pod["spec"]["ephemeralContainers"][0]["image"] = "tools:2"

    with pytest.raises(Unavailable, match="was created with different options"):
        open_session(request(name=NAME, image="tools:2"), world.ports())
    assert open_session(request(name=NAME), world.ports()) == 0


def test_one_of_mine_is_not_refused_for_what_admission_changed() -> None:
    world = World()
    running_holder(world, NAME)
    entry = world.pod["spec"]["ephemeralContainers"][0]
    entry["image"] = "mirror.example/busybox@sha256:0"
    entry["env"].insert(0, {"name": "HTTP_PROXY", "value": "http://proxy"})

    with pytest.raises(Unavailable) as refused:
        open_session(request(name=NAME, ttl=60), world.ports())

    assert refused.value.message == f"{NAME} in web has different options: its --ttl is 8h, not 1m"
    assert open_session(request(name=NAME), world.ports()) == 0


def test_new_is_refused_where_the_name_is_taken() -> None:
    world = World()
    running_holder(world, NAME)

    with pytest.raises(Unavailable, match="which --new does not reuse"):
        open_session(request(name=NAME, new=True), world.ports())
    assert world.added == []


def test_one_that_another_tool_made_is_refused() -> None:
    world = World()
    world.pod["spec"]["ephemeralContainers"].append({"name": NAME, "image": "busybox"})

    with pytest.raises(Unavailable, match="was not created by kubectl dshell"):
        open_session(request(name=NAME), world.ports())


def test_a_name_that_was_used_up_is_refused_and_one_like_it_is_named() -> None:
    world = World()
    running_holder(world, NAME)
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {
        "terminated": {"exitCode": 0, "message": "ended by its last session"}
    }
    running_holder(world)

    with pytest.raises(NotFound, match=r"has ended \(by its last session\); its name cannot be used again") as refused:
        open_session(request(name=NAME), world.ports())

    assert refused.value.advice == (
        "Choose another name: kubectl dshell web -n shop --name OTHER",
        "Join a similar one: kubectl dshell attach web/dshell-abcde -n shop",
    )


def test_one_that_is_just_ending_is_refused_too() -> None:
    world = World(facts=[GONE])
    running_holder(world, NAME)

    with pytest.raises(NotFound, match="is ending; its name cannot be used again"):
        open_session(request(name=NAME), world.ports())


def test_who_is_second_by_a_hair_joins_the_first() -> None:
    world = World()

    def beaten(_container: Json) -> None:
        running_holder(world, NAME)
        raise NameTaken(f"web already has a debug container {NAME}")

    world.on_patch = beaten

    assert open_session(request(name=NAME), world.ports()) == 0
    assert {container for container, _ in world.opened} == {NAME}


def test_a_wrong_identity_uses_the_name_up_and_the_right_one_gets_the_next() -> None:
    world = World(pod=root_pod(), facts=[STEPPED_DOWN, World().facts[0]])

    assert open_session(request(name=NAME), world.ports()) == 0
    assert [entry["name"] for entry in world.added] == [NAME, f"{NAME}-2"]
    assert f"{NAME} does not run as the app's user 101:101; starting {NAME}-2, which does" in world.said
