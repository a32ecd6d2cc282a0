"""The verbs: plain functions from a request and its ports to a result. They neither print nor import click."""
