"""Everything that speaks to a cluster: kubeconfig, requests, watches and exec streams.

Contract: pods are plain JSON here and are understood above; foreign exceptions (urllib3, ssl, the kubernetes package)
are translated here and go no further, and so are refusals of the API server (`refusals`); nothing is printed.
kubectl's rules decide which cluster and which credentials: a plugin that reached another cluster than kubectl would
be worse than none.
"""
