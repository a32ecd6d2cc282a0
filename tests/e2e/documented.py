"""Lines of README.md and docs/ that run on the cluster as they stand, but for the names of what they name."""

from __future__ import annotations

ON_CLUSTER = {
    "kubectl dshell --version": r"kubectl-dshell \d",
    "kubectl dshell web-6d4f -- sha256sum app/server": r"[0-9a-f]{64}  app/server\n",
    "kubectl dshell web-6d4f -- cat etc/app.yaml > app.yaml": r"\Z",
    "kubectl dshell web-6d4f -- sh -c 'exit 42'; echo $?": r"42\n",
    "kubectl dshell web-6d4f": r"\Z",
    'kubectl dshell web-6d4f --name review --reason "INC-42: certificate" --keep 1h': r"\Z",
    "kubectl dshell attach review": r"\Z",
    "kubectl dshell attach web-6d4f/dshell-k7x2p -- ps": r"PID ",
    "kubectl dshell ls -n pay --all": r"(?s)POD +NAME +TARGET +USER +OWNER +STATE +AGE\n.*dshell-review",
    "kubectl dshell explain web-6d4f -n shop": r"(?s).*--profile auto +65532:65532",
    "kubectl dshell doctor -n shop": r"(?sm).*^ok +kubeconfig ",
}
"""What it prints, from the beginning of stdout."""
NAMES = {"web-6d4f": "shared", "dshell-k7x2p": "dshell-review"}
"""Of this test's own pod; shop and pay are its namespace."""
