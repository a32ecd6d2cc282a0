"""What the program promises as a whole, whichever modules keep it."""
