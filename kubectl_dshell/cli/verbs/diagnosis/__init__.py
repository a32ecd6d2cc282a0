"""`doctor` and `explain`: what works here."""
