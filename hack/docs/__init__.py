"""The picture in README.md: a session is recorded on a real cluster, and the recording is drawn as an SVG."""
