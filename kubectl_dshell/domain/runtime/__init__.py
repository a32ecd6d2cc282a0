"""The words of container runtimes, and of the kubelet that passes them on."""
