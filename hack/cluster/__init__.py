"""A real one-node Kubernetes without Docker, built from Go modules: `python -m hack.cluster VERB`.

Every part is pinned in `go/`, by go.mod and go.sum; nothing here repeats a version. A cluster is one PID and
mount namespace on this machine's network, on 127.0.0.1 only, and has a name: clusters of different names share
nothing but the binaries.
"""
