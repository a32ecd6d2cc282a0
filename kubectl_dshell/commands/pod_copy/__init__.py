"""A session in a copy of a pod: a pod of its own, which is deleted afterwards."""
