"""The `kubectl dshell` commands that messages suggest: same cluster, same user, quoted for a shell."""

from __future__ import annotations

import shlex
from typing import NamedTuple

VERB_NAMES = frozenset(
    {"ls", "attach", "cp", "cleanup", "gather", "image", "config", "doctor", "explain", "completion", "options"}
)
ALIASES = frozenset({"help", "version"})
"""Verbs of other programs that have a flag here: --help, --version."""
UNKNOWN_VERBS = frozenset({"debug", "exec"})
"""Verbs of other programs that do not exist here; whoever types one does not mean a pod."""
_NOT_A_POD = VERB_NAMES | ALIASES | UNKNOWN_VERBS


def pod_word(pod: str) -> str:
    """`pod` as an argument: pod/ls where `ls` alone would be a verb."""
    return f"pod/{pod}" if pod in _NOT_A_POD else pod


class Invocation(NamedTuple):
    """The part of this run's command line that a command to be typed next has to repeat."""

    connection: tuple[str, ...] = ()
    """The connection flags that were given, without secrets: ("--context", "kind")."""

    def command(self, *words: str, namespace: str | None = None) -> str:
        """`kubectl dshell WORDS -n NAMESPACE`; a `namespace` of None is left out."""
        where = ("-n", namespace) if namespace else ()
        return shlex.join(["kubectl", "dshell", *words, *where, *self.connection])

    def open(self, namespace: str, pod: str, container: str | None = None) -> str:
        """A session in another debug container of `pod`."""
        chosen = ("--container", container) if container else ()
        return self.command(pod_word(pod), *chosen, namespace=namespace)

    def attach(self, namespace: str, pod: str, name: str) -> str:
        """A session in this debug container; with the pod's name it needs no permission to list pods."""
        return self.command("attach", f"{pod}/{name}", namespace=namespace)

    def kubectl_exec(self, namespace: str, pod: str, container: str) -> str:
        """A shell of the container's own image."""
        where = ("-n", namespace, *self.connection)
        return shlex.join(["kubectl", "exec", "-it", pod, "-c", container, *where, "--", "sh"])

    def kubectl_debug(self, namespace: str, pod: str, container: str, image: str) -> str:
        """A shell of `image` beside `container`, as root with SYS_PTRACE."""
        words = ("--image", image, "--target", container, "--profile", "general")
        return shlex.join(["kubectl", "debug", "-it", pod, "-n", namespace, *self.connection, *words])


PLAIN = Invocation()
"""Without any connection flag."""
