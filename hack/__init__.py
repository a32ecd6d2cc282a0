"""Tools of the project's developers: a cluster, the images for it, benchmarks. None of it is shipped."""
