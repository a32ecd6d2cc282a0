"""What works in a cluster, and for whom: the judgements behind `doctor` and `explain`."""
