"""Every line of README.md and docs/ that a reader types: how it runs here, or why and where it runs elsewhere.

A group is one world: a namespace with pods of the names that its lines have, in which they run from first to last.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

CTRL_C = "\x03"


class Line(NamedTuple):
    """How a line ends; with `typed`, at a terminal, else without one, and then without a word of failure."""

    shows: str
    """What stdout begins with, or what the terminal shows after all that was typed (a regular expression)."""
    typed: tuple[tuple[str, str], ...] = ()
    """What is waited for, and what is typed then."""
    code: int = 0
    says: str = ""
    """In stderr, of a line that is documented with its failure."""
    first: str = ""
    """What the document presumes, as a line of shell."""
    then: str = ""
    """What shows that it has worked, as a line of shell."""
    names: tuple[tuple[str, str], ...] = ()
    """Names that have another pod here, for one pod cannot be all that they are in the documents."""


def _shell(prompt: str, *lines: str, shows: str = "", code: int = 0) -> Line:
    """A session in which these lines are typed, and at last `exit`, which has the exit code of the line before it."""
    return Line(shows, tuple((prompt, line + "\n") for line in (*lines, "exit")), code)


APP = r"/app:/ \$ "
SUBSTITUTED = {
    "registry.example.com/strace:6": "dshell.test/debug-tracer:1",
    "strace -c -p": "seize",
    "registry.example.com/shop/api:2.1": "dshell.test/static:nonroot",
    "registry.example/tools:amd64": "dshell.test/debug-other-architecture:1",
    "ping -c 3 db": "ping -c 3 127.0.0.1",
}
"""Images that are nowhere, the programs in them, and a service."""
NAMESPACES = r"\b(?:shop|pay|payments)\b"
LABEL = "tier=front"
"""Of this test's pods it has the namespace's name instead, for -A finds those of every test."""

RUNNING = {
    "kubectl dshell --version": Line(r"kubectl-dshell \d"),
    "kubectl dshell web-6d4f -- sha256sum app/server": Line(r"[0-9a-f]{64}  app/server\n\Z"),
    "kubectl dshell web-6d4f -- cat etc/app.yaml > app.yaml": Line(r"greeting: hello\n\Z", then="cat app.yaml"),
    "kubectl dshell web-6d4f -- sh -c 'exit 42'; echo $?": Line(r"42\n\Z"),
    """kubectl dshell web-6d4f -- sh -c 'cat "$(dshell-path opt/current/app.yaml)"'""": Line(r"release: 3\n\Z"),
    "tar c fixtures | kubectl dshell web-6d4f -- tar x -C tmp": Line(
        r"1\n\Z", then="kubectl dshell web-6d4f -- cat tmp/fixtures/one"
    ),
    "kubectl dshell web-6d4f": _shell(APP, "cat etc/app.yaml", 'cat "$(dshell-path opt/current/app.yaml)"'),
    "kubectl dshell web-6d4f --record incident.cast && asciinema play incident.cast": _shell(
        APP, shows=r'\{"version": ?2,'
    ),
    """kubectl dshell web-6d4f --image registry.example.com/strace:6 --trace -- sh -c 'strace -c -p "$DSHELL_PID"'""": (
        Line(r"attached: true\n")
    ),
    "kubectl dshell doctor -n shop": Line(r"(?sm).*^ok +kubeconfig .* context prod, namespace e2e-"),
    "kubectl dshell explain web-6d4f -n shop": Line(r"(?s)pod +web-6d4f in .*--profile auto +65532:65532 "),
    "kubectl dshell config --context prod -n payments": Line(
        r"SETTING +VALUE +SOURCE\nimage +registry\.example\.com/tools/netshoot:v1 +/\S+/config\.toml\nttl +2h +DSHELL_TTL\n",
        first="export DSHELL_TTL=2h XDG_CONFIG_HOME=$PWD/config",
    ),
    "kubectl dshell completion install": Line(
        r"Wrote /\S+/kubectl_complete-dshell, which `kubectl dshell <TAB>` needs"
    ),
}
FILES = {
    "kubectl dshell cp web-6d4f:/var/log/app.log .": Line(r"started\n\Z", then="cat app.log"),
    "kubectl dshell cp web-6d4f:/etc/app.yaml 'web-6d4f:/var/log/*.log' .": Line(
        r"greeting: hello\nstarted\n\Z", then="cat app.yaml app.log"
    ),
    "kubectl dshell cp shop/web-6d4f:/var/lib/app ./app": Line(r"1\n\Z", then="cat app/state"),
    "kubectl dshell cp web-6d4f:/var/log - | tar tv": Line(r"(?s)d.* log/\n.* log/app\.log\n"),
    "kubectl dshell cp ./fixtures web-6d4f:/tmp": Line(
        r"\n1\r\n", ((r"\[y/N\]: ", "y\n"),), then="kubectl dshell web-6d4f -- cat tmp/fixtures/one"
    ),
    "kubectl dshell web-6d4f db-0 --output-dir evidence -- cat etc/tls/tls.crt": Line(
        r"(a certificate\n){2}\Z", then="cat evidence/*.out"
    ),
}
DEBUG_CONTAINERS = {
    'kubectl dshell web-6d4f --name review --reason "INC-42: certificate" --keep 1h': _shell(APP),
    "kubectl dshell attach review": _shell(APP),
    "kubectl dshell attach": _shell(APP),
    "kubectl dshell attach web-6d4f/dshell-k7x2p -- ps": Line(
        r"PID ", first="kubectl dshell web-6d4f --name k7x2p --keep 1h -- true"
    ),
    "kubectl dshell ls -A": Line(
        r"(?s)NAMESPACE +POD +NAME +TARGET +USER +OWNER +STATE +AGE\n.*dshell-k7x2p +app +65532"
    ),
    "kubectl dshell ls -n pay --all": Line(r"(?s)POD +NAME +TARGET +USER +OWNER +STATE +AGE\n.*dshell-review +app "),
    r"""kubectl dshell ls -A --stale --older-than 8h -o json | jq -r '.items[] | "\(.namespace)/\(.pod) \(.staleReason)"'""": (
        Line(r"(?s)(?!.*dshell-k7x2p)")
    ),
    r"""kubectl dshell ls -A -o json | jq -r '.items[] | select(.stale) | "\(.namespace)/\(.pod) \(.name): \(.staleReason)"'""": (
        Line(r"(?s)(?!.*dshell-k7x2p)")
    ),
    "kubectl dshell ls -l app=web --watch": Line("", (("dshell-k7x2p", CTRL_C),), code=130),
}
CLEANUP = {
    "kubectl dshell cleanup --any-tool --older-than 2h": Line(
        r"\Z", says=r"^0 ended, 0 failed\.", first="kubectl dshell web-6d4f --name k7x2p --keep 1h -- true"
    ),
    "kubectl dshell cleanup -A --stale --mine": Line(r"\Z", says=r"^0 ended, 0 failed\."),
    "kubectl dshell cleanup web-6d4f dshell-k7x2p": Line(r"\S+/web-6d4f dshell-k7x2p ended\n\Z"),
    "kubectl dshell ls -o name | fzf -m | xargs kubectl dshell cleanup": Line(
        r"\S+/web-6d4f dshell-\w+ ended\n\Z", first="kubectl dshell web-6d4f --keep 1h -- true"
    ),
    "kubectl dshell cleanup": Line(
        r"web-6d4f dshell-\w+ ended", ((r"\[y/N\]: ", "y\n"),), first="kubectl dshell web-6d4f --keep 1h -- true"
    ),
}
OWN_PROGRAMS = {
    "kubectl dshell api --app-image -- python3 manage.py check": Line(r"checked\n\Z"),
    "kubectl dshell api --app-image -- java -version": Line(r"openjdk version"),
    "kubectl dshell api --app-image": _shell(r"/app image:\S+ \$ ", "cat /etc/os-release"),
    "kubectl dshell api -- python3 -V": Line(
        r"\Z", code=127, says=r"dshell: python3: not found in the debug image, but in the app's: add --app-image"
    ),
    "kubectl dshell api -- cat /etc/app.yaml": Line(
        r"\Z",
        code=1,
        says=r"dshell: /etc/app.yaml is looked up in the debug image; the app's is etc/app.yaml \(or add --app-image\)\n"
        r"cat: can't open '/etc/app.yaml': No such file or directory\n",
    ),
    "kubectl dshell api-7f9c --app-image -- python3 manage.py check": Line(r"checked\n\Z"),
    "kubectl dshell legacy --chroot -- python3 -V": Line(r"Python 3\."),
    "kubectl dshell web -c api": _shell(
        r"/api:/ \$ ", shows="The app's image has a shell: `kubectl exec -it web -c api -n "
    ),
    "kubectl dshell web --image registry.example/tools:amd64": Line(
        r"\Z",
        code=69,
        says=r"error: \S+ is not built for the architecture of the pod's node \S+ \(\w+\): its shell cannot run there "
        r"\(exec format error\)\ndshell needs an image for \w+, or a multi-platform one\. Use another image: --image, or set",
    ),
    r"""kubectl dshell explain web -o json | jq -r '.containers[] | .name as $c | .ways[] | "\($c) \(.flags) \(.readsRoot)"'""": (
        Line(r"api --profile auto yes\n")
    ),
    """kubectl dshell doctor -o json | jq '.checks[] | select(.name == "permissions.session").missingRole // empty'""": (
        Line(r"\Z")
    ),
}
DOWN = {
    "kubectl dshell api-7f9c --wait-for-start -- cat tmp/trace.log": Line(r"(?s).+", names=(("api-7f9c", "starting"),)),
    "kubectl dshell api-7f9c --volumes": Line(
        "", ((r"/app:/data \$ ", "vi app.conf\n"), (r"app\.conf", ":q!\n"), (r"/app:/data \$ ", "exit\n"))
    ),
    "kubectl dshell api-7f9c --volumes -- vi /data/app.conf": Line("", ((r"app\.conf", ":q!\n"),)),
    "kubectl dshell api-7f9c -c migrate --volumes -- ls -l /data": Line(r"(?s)total .*app\.conf\n"),
    "tar c -C backup . | kubectl dshell api-7f9c --volumes -- tar x -C /data": Line(
        r"repaired\n\Z", then="kubectl dshell api-7f9c --volumes -- cat app.conf"
    ),
}
COPY = {
    "kubectl dshell api-7f9c --copy": _shell(APP, "/app/server --check-config", code=2),
    "kubectl dshell api-7f9c -c migrate --copy -- env": Line(r"(?s).*STEP=migrate\n"),
    "kubectl dshell report-28471-x8z4p --copy -- cat /etc/report/settings.yaml": Line(r"monthly: true\n\Z"),
    "kubectl dshell api-7f9c --copy --profile netadmin -- ping -c 3 db": Line(r"(?s)PING .*3 packets received"),
    "kubectl dshell api-7f9c --copy --run-as 0 --cap-add SYS_TIME": _shell(APP),
    "kubectl dshell image registry.example.com/shop/api:2.1": _shell(r"/image:/ \$ "),
    "kubectl dshell image registry.example.com/shop/api:2.1 --like api-7f9c -- ls -l /app": Line(
        r"(?s)total .*server\n"
    ),
    "kubectl dshell cleanup --stale": Line(r"(\S+-dshell-\S+ .*\n)*\Z", says=r"\d ended, 0 failed\."),
}
MANY = {
    "kubectl dshell deploy/web": _shell(APP),
    "kubectl dshell deploy/web --all -- cat etc/app.yaml": Line(r"(web-\S+ app \| greeting: hello\n){2}\Z"),
    "kubectl dshell deploy/web --all -- sha256sum etc/app.yaml": Line(
        r"(web-\S+ app \| [0-9a-f]{64}  etc/app\.yaml\n){2}\Z"
    ),
    "kubectl dshell -l tier=front -A -o json -- stat -f . | jq -r 'select(.exitCode == 0) | .pod, .stdout'": Line(
        r"(?s)(web-\S+\n +File: \"\.\"\n.*?Blocks: Total: .*?\n\n){2}"
    ),
    "kubectl dshell -A -l tier=front --shard 0/4 -o json -- cat etc/os-release": Line(r'(?s).*"kind": ?"ShardResult"'),
    r"""kubectl dshell deploy/web --all -o json -- cat etc/app.yaml | jq -r 'select(.exitCode != 0) | "\(.pod): \(.error.message // .stderr)"'""": (
        Line(r"\Z")
    ),
}
WITHOUT_KEEP = {"debug containers", "cleanup"}
"""Groups in which it counts which debug containers there are; in the others one is kept for all lines that would take it."""
GROUPS = {
    "running": RUNNING,
    "files": FILES,
    "debug containers": DEBUG_CONTAINERS,
    "cleanup": CLEANUP,
    "own programs": OWN_PROGRAMS,
    "down": DOWN,
    "copy": COPY,
    "many": MANY,
}


class Elsewhere(StrEnum):
    """Why a line is not run here."""

    INSTALLATION = "installs the program: make release-check does, in an empty root"
    WHOLE_CLUSTER = "is for a whole cluster: its test has what it creates in a namespace of its own"
    REGISTRY = "needs a registry: the test has one of its own"
    DOCKER = "needs Docker and a registry: the image is made of its Dockerfile without them"
    MAKE = "is this suite, or what makes the cluster that it runs on"
    TAB = "ends at a TAB: a shell with completion completes it"
    LOCAL = "copies a file on this machine"


ELSEWHERE = {
    "pipx install kubectl-dshell": (Elsewhere.INSTALLATION, "hack/release/forms.py::by_pipx"),
    "uvx kubectl-dshell POD": (Elsewhere.INSTALLATION, "hack/release/forms.py::by_uvx"),
    "mkdir -p ~/.local/bin": (Elsewhere.INSTALLATION, "hack/release/forms.py::zipapp"),
    "install -m 755 kubectl-dshell.pyz ~/.local/bin/kubectl-dshell": (
        Elsewhere.INSTALLATION,
        "hack/release/forms.py::zipapp",
    ),
    "mkdir -p ~/.local/bin ~/.local/lib": (Elsewhere.INSTALLATION, "hack/release/forms.py::bundle"),
    "tar xzf kubectl-dshell_VERSION_linux_amd64.tar.gz -C ~/.local/lib": (
        Elsewhere.INSTALLATION,
        "hack/release/forms.py::bundle",
    ),
    "ln -s ~/.local/lib/kubectl-dshell/kubectl-dshell ~/.local/bin/kubectl-dshell": (
        Elsewhere.INSTALLATION,
        "hack/release/forms.py::bundle",
    ),
    "kubectl krew install --manifest dshell.yaml --archive kubectl-dshell_VERSION_linux_amd64.tar.gz": (
        Elsewhere.INSTALLATION,
        "hack/release/krew.py::install",
    ),
    "make demo": (
        Elsewhere.MAKE,
        "tests/e2e/test_demo.py::test_the_demo_is_a_tour_without_a_terminal_and_goes_without_a_trace",
    ),
    "make test": (Elsewhere.MAKE, "tests/e2e/test_documented.py::test_documented_lines_run"),
    "mkdir -p ~/.local/share/k9s/plugins && cp manifests/k9s/dshell.yaml ~/.local/share/k9s/plugins/": (
        Elsewhere.LOCAL,
        "tests/test_k9s.py::test_the_file_has_plugins_alone",
    ),
    "docker build -t registry.example.com/kubectl-dshell:0.1.0 . && docker push registry.example.com/kubectl-dshell:0.1.0": (
        Elsewhere.DOCKER,
        "hack/images/installed.py::installed_image",
    ),
    "kubectl apply -k manifests/janitor": (
        Elsewhere.WHOLE_CLUSTER,
        "tests/e2e/test_janitor.py::test_a_job_ends_what_is_stale_in_the_whole_cluster_and_nothing_else",
    ),
    "kubectl apply -k manifests/runbook": (Elsewhere.WHOLE_CLUSTER, "tests/e2e/test_runbook_job.py::runbook"),
    "kubectl create -f manifests/runbook/job.yaml": (
        Elsewhere.WHOLE_CLUSTER,
        "tests/e2e/test_runbook_job.py::test_a_command_that_fails_is_not_run_again_and_gives_its_exit_code",
    ),
    "kubectl get job -n dshell-runbook runbook-x7k2p --watch": (
        Elsewhere.WHOLE_CLUSTER,
        "tests/e2e/test_runbook_job.py::test_a_command_that_fails_is_not_run_again_and_gives_its_exit_code",
    ),
    "kubectl dshell gather -n dshell-runbook job/runbook-x7k2p": (
        Elsewhere.WHOLE_CLUSTER,
        "tests/e2e/test_runbook_job.py::test_a_worker_that_dies_is_taken_over_and_no_pod_runs_the_command_twice",
    ),
    "kubectl dshell cp web-6d4f:/et<TAB>": (Elsewhere.TAB, "tests/e2e/test_completion.py::test_tab"),
    "kubectl dshell web --image registry.example/tools:1": (
        Elsewhere.REGISTRY,
        "tests/e2e/test_start.py::test_a_registry_without_such_an_image_and_one_that_wants_credentials",
    ),
}
"""The class of each, and what does the same."""
