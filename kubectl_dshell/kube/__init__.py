"""Communication with a cluster: kubeconfig, requests, watches and exec streams.

Contract: pods are plain JSON here and are parsed by higher layers. Exceptions of libraries (ssl, the kubernetes
package) and refusals of the API server (`refusals`) are translated here and do not leave this package. Nothing is
printed. The cluster and the credentials are chosen by kubectl's rules: a plugin that reached a different
cluster than kubectl would be worse than none.
"""
