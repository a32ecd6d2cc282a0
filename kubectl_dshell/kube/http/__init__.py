"""HTTP/1.1 over sockets that others connect: heads of requests, and responses that are strict and bounded."""
