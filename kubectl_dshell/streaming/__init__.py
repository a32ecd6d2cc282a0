"""Moving bytes: the relay loop, what wakes it, and writes that are complete.

It knows domain's Protocols (Stream, Companion, Sink) and file descriptors, nothing of terminals, signals or clusters:
the session at a terminal, a copy, a command in many pods and a short exec share it.
"""
