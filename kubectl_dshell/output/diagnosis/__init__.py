"""What `doctor` and `explain` have found, for people and for programs."""
