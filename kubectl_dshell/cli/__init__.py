"""The front door: words to values, values to one command, and the one error boundary."""
