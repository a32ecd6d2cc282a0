"""A session in a container that does not run yet, from its next start on."""
