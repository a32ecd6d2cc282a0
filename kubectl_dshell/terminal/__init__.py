"""The user's side of a session: descriptors, signals, the terminal, and bytes between them and a stream.

Contract: this layer knows no Kubernetes. It sees the far side through the two Protocols in `seams`.
The terminal is left as it was found, whatever happens. Output is written once and in order, or its loss is
raised. Nothing here blocks for long, except the wait for whoever reads our output, which a signal ends.
"""
