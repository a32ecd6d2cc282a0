"""The command line: parsing, wiring of one command, and the boundary where errors become exit codes."""
