"""The relay loop, the wake-ups and complete writes that every exec shares.

It knows the Protocols of domain/stream.py (Stream, Companion, Sink) and file descriptors, but no terminals, signals or
clusters. Sessions at a terminal, copies, commands in many pods and short execs all run on it.
"""
