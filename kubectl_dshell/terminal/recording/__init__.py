"""Recordings of sessions: the file format, and the terminal that writes it."""
