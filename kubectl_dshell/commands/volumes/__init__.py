"""A session with the volumes of a container that need not run."""
