"""What people and scripts read: data on stdout, everything else on stderr, text from the cluster escaped."""
