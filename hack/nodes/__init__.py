"""A one-node Kubernetes whose node is a virtual machine with a distribution's own kernel: `python -m hack.nodes VERB`.

The control plane runs on this machine, as that of `hack.cluster` does; kubelet, runtime and pods are in the machine.
What is there and not on `hack.cluster`'s node: cgroup v2 alone, systemd, AppArmor or SELinux enforcing, and other runtimes.
"""
