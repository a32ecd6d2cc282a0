"""The images of the tests and the demo: distroless look-alikes, debug images, the node's pause image."""
