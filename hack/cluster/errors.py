from __future__ import annotations


class ClusterError(Exception):
    """No cluster, with the reason and what to type about it."""
