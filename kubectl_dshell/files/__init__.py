"""Files on this machine's disk: archives into them and out of them, whole or not at all."""
