"""One file per verb: plain functions from a request and ports to a result. They never print, and never see click."""
