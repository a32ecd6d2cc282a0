"""What a shell offers at TAB: `kubectl-dshell __complete WORD...`, which the scripts of the shells call."""
