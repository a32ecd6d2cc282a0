"""The local side of a session: descriptors, signals, the terminal, and the bytes between them and a stream.

This package knows nothing about Kubernetes. It sees the remote side through the Protocols Stream and Companion of
domain/stream.py. The terminal is restored whatever happens. Output is written once and in order, or its loss is
raised. Nothing here blocks for long, except while waiting for the reader of stdout or stderr; a signal ends that wait.
"""
