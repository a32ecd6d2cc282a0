"""A copy of a pod: what it takes over from the other one, and what not."""
