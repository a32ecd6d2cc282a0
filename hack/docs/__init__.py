"""What a program writes about the program: the picture in README.md, drawn from a session that was recorded on a real
cluster, and the reference with its manual page, read from the flags.
"""
