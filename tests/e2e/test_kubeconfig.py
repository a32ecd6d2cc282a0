"""Kubeconfigs mean what they mean to kubectl: generated files, read by both.

Where they differ on purpose, `STRICTER` and `UNUSED` say so.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.connection.resolve import selected
from kubectl_dshell.kube.kubeconfig import files as kubeconfig

if TYPE_CHECKING:
    from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry

    from .cluster import Cluster, Json

STRICTER = {
    "needs a name": "kubectl calls such an entry '', which no context can mean on purpose",
    "a tag (!...)": "kubectl ignores it; what begins with ! may be a password that should have been quoted",
}
"""What is refused though kubectl takes it."""
UNUSED = "json: cannot unmarshal"
"""What kubectl says of a value of the wrong type anywhere: here only the entries in use are judged."""
A, B = "10:30", "arn:aws:eks:eu-central-1:1:cluster/x"
NAMES = st.sampled_from([A, B])
DATA = "LS0t"
REQUIRED_OF: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "clusters": {"server": st.sampled_from(["https://a.test:6443", "b.test"])},
    "users": {},
    "contexts": {"cluster": NAMES, "user": NAMES},
}
OPTIONAL_OF: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "clusters": {
        "certificate-authority": st.sampled_from(["ca.crt", "../ca.crt", "/etc/ca.crt", "ca file.crt"]),
        "certificate-authority-data": st.just(DATA),
        "insecure-skip-tls-verify": st.booleans(),
        "tls-server-name": st.sampled_from(["cluster.test", "2024-01-02", ""]),
        "proxy-url": st.sampled_from(["socks5://p:1", ""]),
        "disable-compression": st.booleans(),
        "extensions": st.just([{"name": "client.authentication.k8s.io/exec", "extension": {"audience": 5}}]),
    },
    "users": {
        "token": st.sampled_from(["t0ken", "1e3 ", ""]),
        "tokenFile": st.sampled_from(["token", "./sub/token", "/var/token"]),
        "username": st.sampled_from(["jane", "0x1f"]),
        "password": st.just("pa:ss #x"),
        "client-certificate": st.sampled_from(["jane.crt", "/etc/jane.crt"]),
        "client-certificate-data": st.just(DATA),
        "client-key": st.just("sub/jane.key"),
        "client-key-data": st.just(DATA),
        "as": st.sampled_from(["eve", "system:admin"]),
        "as-groups": st.lists(st.sampled_from(["g", "system:masters"]), max_size=2),
        "as-uid": st.just("7"),
        "as-user-extra": st.just({"scopes/X": ["a", "b"]}),
        "auth-provider": st.just({"name": "oidc", "config": {"id-token": "x"}}),
        "exec": st.fixed_dictionaries(
            {"command": st.sampled_from(["aws", "./plugin", "bin/plugin", "/usr/bin/plugin"])},
            optional={
                "apiVersion": st.just("client.authentication.k8s.io/v1"),
                "args": st.just(["eks", "get-token"]),
                "env": st.just([{"name": "AWS_PROFILE", "value": "x"}]),
                "interactiveMode": st.sampled_from(["Never", "Always"]),
                "provideClusterInfo": st.booleans(),
                "installHint": st.just("get it"),
            },
        ),
    },
    "contexts": {
        "namespace": st.sampled_from(["shop", "123x", ""]),
        "extensions": st.just([{"name": "minikube", "extension": None}]),
    },
}
# What people write by mistake; kubectl refuses all of it, and is asked whether it still does.
ODD: dict[str, list[Any]] = {
    "clusters": [{"server": 5}, {"insecure-skip-tls-verify": "true"}, {"extensions": 5}],
    "users": [{"token": 12345}, {"as-groups": "g"}, {"exec": "aws"}, {"as-user-extra": {"k": "v"}}],
    "contexts": [{"namespace": 123}, {"namespace": True}, {"cluster": ["a"]}],
}


@st.composite
def sections(draw: st.DrawFn, section: str) -> Any:
    """Mostly entries that a context can lead to; now and then a mistake."""
    kind = kubeconfig.SECTIONS[section]
    value = st.fixed_dictionaries(REQUIRED_OF[section], optional=OPTIONAL_OF[section])
    names = draw(st.sampled_from([[A, B], [B, A], [A, B], [B, A], [A], []]))
    listed: list[Any] = [{"name": name, kind: draw(value), "left-over": 1} for name in names]
    fault = draw(st.integers(0, 20))
    if listed and fault == 1:
        listed.append(listed[0])  # the same name twice
    elif listed and fault == 2:
        listed[0][kind] |= draw(st.sampled_from(ODD[section]))
    elif listed and fault == 3:
        del listed[0][draw(st.sampled_from(["name", kind]))]
    return listed or draw(st.sampled_from([[], None]))


@st.composite
def documents(draw: st.DrawFn) -> Json:
    document: Json = {section: draw(sections(section)) for section in draw(st.permutations([*kubeconfig.SECTIONS]))}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "kind": st.sampled_from(["Config"] * 8 + ["", "Pod"]),
        "apiVersion": st.sampled_from(["v1"] * 8 + ["", "v2"]),
        "preferences": st.sampled_from([{}, None]),
        "extensions": st.just([{"name": "x", "extension": {}}]),
        "Users": st.just("not a section"),
    }
    current = {"current-context": st.sampled_from([A, B, A, B, A, B, "", None])}
    return document | draw(st.fixed_dictionaries(current, optional=optional))


def in_flow(document: Json) -> str:
    return yaml.safe_dump(document, default_flow_style=True)


def with_anchors(document: Json) -> str:
    """Every entry of a section by alias; what is not a section of kubectl's is where the anchors are."""
    lines = [f"x-{section}: &{section}\n{_indented(document.get(section))}" for section in kubeconfig.SECTIONS]
    rest = {key: value for key, value in document.items() if key not in kubeconfig.SECTIONS}
    lines += [f"{section}: *{section}\n" for section in kubeconfig.SECTIONS]
    return "".join(lines) + (yaml.safe_dump(rest) if rest else "")


def _indented(value: Any) -> str:
    return "".join(f"  {line}\n" for line in yaml.safe_dump(value).replace("\n...\n", "\n").splitlines())


def with_tags(document: Json) -> str:
    return yaml.safe_dump(document).replace("name: ", "name: !!str ").replace("namespace: ", "namespace: !!str ")


def with_a_tag_of_its_own(document: Json) -> str:
    return yaml.safe_dump(document).replace("server: ", "server: !mine ")


def with_more_documents(document: Json) -> str:
    return f"# mine\n---\n{yaml.safe_dump(document)}---\ncurrent-context: other\n"


TEXTS = st.builds(
    lambda write, document: write(document),
    st.sampled_from(
        [
            *(json.dumps, yaml.safe_dump, yaml.safe_dump, in_flow),
            *(with_anchors, with_tags, with_a_tag_of_its_own, with_more_documents),
        ]
    ),
    documents(),
)
FILES = TEXTS | TEXTS | TEXTS | st.sampled_from([None, "", "# nothing\n", "null"])  # None: it does not exist


BASE: Json = {
    "current-context": A,
    "clusters": [{"name": name, "cluster": {"server": "https://base.test"}} for name in (A, B)],
    "users": [{"name": name, "user": {"token": "base"}} for name in (A, B)],
    "contexts": [{"name": name, "context": {"cluster": B, "user": B}} for name in (A, B)],
}
"""Read last, most of the time: what no other file has is there."""


def kubectl_view(program: str, home: Path, environ: dict[str, str], *words: str) -> Json | str:
    """The one context with its cluster and its user, as kubectl sees them, or its error."""
    done = subprocess.run(
        [program, "config", "view", "--minify", "--raw", "-o", "json", *words],
        env={**environ, "HOME": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else expected(json.loads(done.stdout))


def our_view(environ: dict[str, str], context: str | None) -> Json | str:
    """The same, as the program sees them."""
    config = kubeconfig.load(None, environ)
    name = context or config.current_context
    if not name:
        return "no current context"
    chosen = config.get("contexts", name)
    found = {kind: chosen.text(kind) and config.get(f"{kind}s", chosen.text(kind)) for kind in ("cluster", "user")}
    _, namespace = selected(ConnectionOptions(context=context), environ)
    return {
        "current-context": name,
        "namespace": namespace,
        **{kind: seen(f"{kind}s", entry) if entry else {} for kind, entry in found.items()},
    }


FLAGS = {"insecure-skip-tls-verify", "disable-compression"}
MAPPINGS = {"auth-provider", "as-user-extra"}


def seen(section: str, entry: NamedEntry) -> Json:
    """Every key that means something, by the accessor that the program reads it with; empty ones left out."""
    found: Json = {}
    for key in OPTIONAL_OF[section] | REQUIRED_OF[section]:
        if key == "exec":
            part = entry.part(key)
            found[key] = plugin(part) if part else None
        elif key in MAPPINGS:
            part = entry.part(key)
            found[key] = part.value if part else None
        elif key == "extensions":
            found[key] = [one.value for one in entry.parts(key)]
        elif key == "as-groups":
            found[key] = list(entry.texts(key))
        else:
            found[key] = entry.flag(key) if key in FLAGS else entry.text(key)
    return {key: value for key, value in found.items() if value}


def plugin(entry: NamedEntry) -> Json:
    found = {
        "args": list(entry.words("args")),
        "env": [dict(one.value) for one in entry.parts("env")],
        "provideClusterInfo": entry.flag("provideClusterInfo"),
        **{key: entry.text(key) for key in ("command", "apiVersion", "interactiveMode", "installHint")},
    }
    return {key: value for key, value in found.items() if value}


def expected(view: Json) -> Json:
    """What kubectl said, in the same form."""
    (context,) = view["contexts"]
    cluster, user = (dict((view[f"{kind}s"] or [{kind: {}}])[0][kind]) for kind in ("cluster", "user"))
    if "exec" in user:
        user["exec"] = {key: value for key, value in user["exec"].items() if value}
    return {
        "current-context": view["current-context"],
        "namespace": context["context"].get("namespace") or "default",
        "cluster": {key: value for key, value in cluster.items() if value},
        "user": {key: value for key, value in user.items() if value},
    }


def both_views(files: list[tuple[str, str | None]], context: str | None, program: str) -> tuple[Json | str, Json | str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        paths = []
        for number, (under, text) in enumerate(files):
            path = folder / under / f"{number}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                path.write_text(text)
            paths.append(path if number % 2 else path.relative_to(folder))
        environ = {"KUBECONFIG": os.pathsep.join(map(str, paths)), "PATH": os.environ["PATH"]}
        theirs = kubectl_view(program, folder, environ, *(["--context", context] if context else []))
        with contextlib.chdir(folder):
            try:
                return our_view(environ, context), theirs
            except BadConfig as refusal:
                return refusal.message, theirs


def test_generated_files_mean_the_same(cluster: Cluster) -> None:
    outcomes: Counter[str] = Counter()

    @settings(max_examples=50, derandomize=True, database=None, phases=[Phase.generate])
    @given(
        st.lists(st.tuples(st.sampled_from(["one", "two/deep"]), FILES), min_size=1, max_size=3),
        st.sampled_from([[("base", json.dumps(BASE))], [("base", json.dumps(BASE))], []]),
        st.sampled_from([None, None, A, B]),
    )
    def compare(files: list[tuple[str, str | None]], base: list[tuple[str, str]], context: str | None) -> None:
        ours, theirs = both_views([*files, *base], context, cluster.kubectl_program)
        if isinstance(ours, dict) and isinstance(theirs, dict):
            outcomes["the same"] += 1
            assert ours == theirs
        elif isinstance(ours, str) and isinstance(theirs, str):
            outcomes["refused by both"] += 1
        elif isinstance(ours, str):
            assert any(what in ours for what in STRICTER), (files, context)
        else:
            assert UNUSED in theirs, (files, context, ours)

    compare()

    assert outcomes["the same"] >= 25, outcomes
    assert outcomes["refused by both"] >= 10, outcomes
