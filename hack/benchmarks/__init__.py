"""Ratios to kubectl of the same version, in one run: absolute times say more of the machine than of the program."""
