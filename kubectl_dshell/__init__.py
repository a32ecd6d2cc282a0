"""kubectl dshell: a shell inside the files of a container that has none."""

__version__ = "0.1.0"
