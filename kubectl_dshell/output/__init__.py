"""Output for people and scripts: data on stdout, everything else on stderr, text from the cluster escaped."""
