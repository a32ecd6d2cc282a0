"""Tests of the program as people run it, against a real cluster."""
