"""From what was pointed at to pods."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubectl_dshell.commands.fanout import targets
from kubectl_dshell.commands.fanout.targets import TargetQuery, find, one_pod
from kubectl_dshell.domain.pod.pod import Pod, parse_pod
from kubectl_dshell.domain.pod.reference import Reference, parse_reference
from kubectl_dshell.domain.shard import Shard
from kubectl_dshell.errors import DshellError, ExitStatus, Forbidden, NotFound, UsageError
from kubectl_dshell.kube.refusals import ApiRequest
from tests.commands.world import FakeCluster, World, refused
from tests.pods import Json, pod_json

LABELS = {"spec": {"selector": {"matchLabels": {"app": "web"}}}, "metadata": {"name": "web", "uid": "u-web"}}
DEPLOY = parse_reference("deploy/web")


def pod(name: str, created: str = "2026-01-01T00:00:00Z", *, namespace: str = "shop", runs: bool = True) -> Json:
    made = pod_json(phase="Running" if runs else "Succeeded")
    made["metadata"] |= {"name": name, "namespace": namespace, "creationTimestamp": created}
    made["status"]["conditions"] = [{"type": "Ready", "status": str(runs)}]
    return made


class Lists(FakeCluster):
    """A cluster whose lists depend on what is asked."""

    def __init__(self, lists: dict[str, list[Json]], workloads: dict[Reference, Json] | None = None) -> None:
        super().__init__()
        self.workloads = workloads or {}
        self.lists = lists

    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        yield from self.lists.get(selector, [])


def shop(lists: dict[str, list[Json]], workloads: dict[Reference, Json] | None = None) -> World:
    return World(cluster=Lists(lists, workloads))


def deployment(*pods: Json) -> World:
    return shop({"app=web": list(pods)}, {DEPLOY: LABELS})


def aim(
    *words: str,
    selector: str = "",
    namespace: str | None = "shop",
    every: bool = False,
    c: str = "",
    shard: Shard | None = None,
) -> TargetQuery:
    return TargetQuery(tuple(map(parse_reference, words)), selector, namespace, c or None, every, shard)


def names(world: World, what: TargetQuery) -> list[str]:
    return [one.place.pod for one in find(what, world.ports())]


def test_one_pod_of_a_workload_is_the_newest_ready_one_and_said() -> None:
    world = deployment(
        pod("old"), pod("new", "2026-01-02T00:00:00Z"), pod("newest", "2026-01-03T00:00:00Z", runs=False), pod("oldest")
    )

    assert one_pod(DEPLOY, "shop", None, world.ports()) == "new"
    assert world.said == ["deployment/web: pod new (one of 3; all: --all)"]


def test_the_only_pod_of_a_workload_is_said_too() -> None:
    world = deployment(pod("web-1"))

    one_pod(DEPLOY, "shop", None, world.ports())

    assert world.said == ["deployment/web: pod web-1"]


def test_all_pods_of_a_workload_but_those_that_do_not_run() -> None:
    world = deployment(pod("a"), pod("b", runs=False), pod("c", "2026-02-01T00:00:00Z"))

    assert names(world, aim("deploy/web", every=True)) == ["c", "a"]
    assert world.said == [
        "skipped 1 of 3 pods: pod b has terminated (phase Succeeded): a debug container can only join a running pod"
    ]


def test_names_are_taken_unseen_and_once() -> None:
    world = deployment(pod("a"), pod("b"))

    assert names(world, aim("x", "a", "deploy/web", "pod/x", every=True)) == ["x", "a", "b"]


def test_one_pod_of_each_workload_without_all() -> None:
    world = deployment(pod("a"), pod("b"))

    assert names(world, aim("x", "deploy/web")) == ["x", "a"]


def test_labels_in_all_namespaces() -> None:
    world = shop({"app=web": [pod("a"), pod("a", namespace="blog")]})

    found = find(aim(selector="app=web", namespace=None), world.ports())

    assert [(one.place.namespace, one.place.pod, one.place.container) for one in found] == [
        ("shop", "a", "app"),
        ("blog", "a", "app"),
    ]


def test_the_json_of_the_first_pods_only_is_kept() -> None:
    world = shop({"": [pod(f"p-{n}") for n in range(100)]})

    kept = [one.pod is not None for one in find(aim(every=True), world.ports())]

    assert kept == [True] * 64 + [False] * 36


def test_a_cronjob_means_the_pods_of_its_jobs_at_work() -> None:
    def job(name: str, created: str, active: int) -> Json:
        return {
            "metadata": {"name": name, "creationTimestamp": created, "ownerReferences": [{"uid": "u-web"}]},
            "spec": {"selector": {"matchLabels": {"job": name}}},
            "status": {"active": active},
        }

    cron = parse_reference("cronjob/web")
    lists = {"job=a": [pod("a-1")], "job=b": [pod("b-1", "2026-01-05T00:00:00Z")], "job=c": [pod("c-1")]}
    world = shop(lists, {cron: LABELS})
    world.cluster.jobs = [job("a", "2026-01-01T00:00:00Z", 1), job("b", "2026-01-02T00:00:00Z", 1), job("c", "2026", 0)]

    assert names(world, aim("cronjob/web", every=True)) == ["b-1", "a-1"]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (aim("deploy/nope"), 'no deployment "nope" in namespace shop'),
        (aim("cronjob/web"), "cronjob/web has no active job in namespace shop"),
        (aim("deploy/idle"), "there are no pods of deployment/idle in namespace shop"),
        (aim("deploy/over", every=True), "none of the 1 pods of deployment/over in namespace shop can be entered: pod b has terminated"),
        (aim("deploy/web", c="nope", every=True), 'pod a has no container "nope"; available: app'),
        (aim(selector="app=none"), "there are no pods with the labels app=none in namespace shop"),
        (aim(selector="app=none", namespace=None), "there are no pods with the labels app=none in any namespace"),
        (aim("svc/bare"), "service/bare has no selector, so it selects no pods"),
    ],
)  # fmt: skip
def test_nothing_to_enter_is_said_with_what_there_is_instead(what: TargetQuery, said: str) -> None:
    other = {"spec": {"selector": {"matchLabels": {"app": "none"}}}, "metadata": {"name": "idle"}}
    over = {"spec": {"selector": {"matchLabels": {"app": "over"}}}, "metadata": {"name": "over"}}
    workloads: dict[Reference, Json] = {
        DEPLOY: LABELS,
        parse_reference("deploy/idle"): other,
        parse_reference("deploy/over"): over,
        parse_reference("cronjob/web"): LABELS,
        parse_reference("svc/bare"): {"spec": {}, "metadata": {"name": "bare"}},
    }
    world = shop({"app=web": [pod("a")], "app=over": [pod("b", runs=False)]}, workloads)

    with pytest.raises(NotFound) as refusal:
        find(what, world.ports())

    assert said in refusal.value.message
    assert refusal.value.advice or "available" in said


class Refusing(FakeCluster):
    def __init__(self, code: int, message: str) -> None:
        super().__init__()
        self.code, self.message = code, message

    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        raise refused(self.code, self.message, ApiRequest("list", "pods", namespace, selector=selector))

    def get_workload(self, namespace: str, reference: Reference) -> Json:
        kind = reference.kind
        resource = ".".join(filter(None, (kind.plural, kind.group)))
        raise refused(self.code, self.message, ApiRequest("get", resource, namespace, reference.name, kind))


@pytest.mark.parametrize(
    ("what", "code", "message", "kind", "said"),
    [
        (aim("deploy/web"), 403, "forbidden", Forbidden, "you may not get deployments.apps in namespace shop"),
        (aim("svc/web"), 403, "forbidden", Forbidden, "you may not get services in namespace shop"),
        (
            aim("cronjob/web"),
            403,
            'User "ada" cannot list resource "jobs" in API group "batch"',
            Forbidden,
            "you may not list jobs.batch in namespace shop",
        ),
        (aim(selector="a=b"), 403, "forbidden", Forbidden, "you may not list pods in namespace shop"),
        (aim(selector="a=b", namespace=None), 403, "forbidden", Forbidden, "you may not list pods in all namespaces"),
        (
            aim(selector="a b"),
            400,
            "unable to parse",
            UsageError,
            "'a b' is not a valid label selector: unable to parse",
        ),
    ],
)
def test_a_refusal_is_told_by_name(
    what: TargetQuery, code: int, message: str, kind: type[DshellError], said: str
) -> None:
    with pytest.raises(kind) as refusal:
        find(what, World(cluster=Refusing(code, message)).ports())

    assert said in refusal.value.message
    assert refusal.value.status in (ExitStatus.FORBIDDEN, ExitStatus.USAGE)


def many(count: int, *, runs: bool = True) -> list[Json]:
    made = [pod(f"p-{n}", runs=runs) for n in range(count)]
    for n, one in enumerate(made):
        one["metadata"]["uid"] = f"uid-{n}"
    return made


def test_the_shards_of_a_selection_are_all_its_pods_each_once() -> None:
    world = shop({"": many(40)})

    parts = [names(world, aim(every=True, shard=Shard(index, 3))) for index in range(3)]

    assert sorted(name for part in parts for name in part) == sorted(f"p-{n}" for n in range(40))
    assert all(parts)


def test_the_pods_of_a_workload_are_divided_too() -> None:
    world = deployment(*many(8))

    parts = [names(world, aim("deploy/web", every=True, shard=Shard(index, 2))) for index in range(2)]

    assert sorted(parts[0] + parts[1]) == sorted(f"p-{n}" for n in range(8))


def test_a_malformed_pod_fails_in_one_shard() -> None:
    broken = pod("broken")
    broken["spec"]["containers"] = 5
    broken["metadata"]["uid"] = 7
    world = shop({"": [*many(6), broken]})

    found = [name for index in range(4) for name in names(world, aim(every=True, shard=Shard(index, 4)))]

    assert found.count("broken") == 1
    assert len(found) == 7


def test_a_shard_may_be_empty_if_another_one_is_not() -> None:
    (there,) = many(1)
    world = shop({"": [there]})

    parts = [names(world, aim(every=True, shard=Shard(index, 5))) for index in range(5)]

    assert sorted(map(len, parts)) == [0, 0, 0, 0, 1]
    assert world.said == []


def test_a_shard_without_usable_pods_says_which_it_skipped() -> None:
    world = shop({"": [*many(6, runs=False), *map(pod, ["usable"])]})

    for index in range(2):
        names(world, aim(every=True, shard=Shard(index, 2)))

    skipped = [int(line.split()[1]) for line in world.said]
    assert sum(skipped) == 6, "each is said by one worker"


@pytest.mark.parametrize("index", range(3))
def test_a_selection_without_usable_pods_stays_an_error_in_every_shard(index: int) -> None:
    with pytest.raises(NotFound, match="there are no pods in namespace shop"):
        names(shop({}), aim(every=True, shard=Shard(index, 3)))
    with pytest.raises(NotFound, match="none of the 4 pods in namespace shop can be entered: pod p-"):
        names(shop({"": many(4, runs=False)}), aim(every=True, shard=Shard(index, 3)))


def test_of_other_shards_no_more_is_parsed_than_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def counted(raw: Json) -> Pod:
        parsed.append(raw["metadata"]["name"])
        return parse_pod(raw)

    monkeypatch.setattr(targets, "parse_pod", counted)
    world = shop({"": many(100)})

    mine = names(world, aim(every=True, shard=Shard(1, 4)))

    assert len(parsed) == len(mine) + 1
