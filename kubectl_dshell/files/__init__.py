"""Local files: packed into archives and unpacked from them, completely or not at all."""
