"""A session in a debug container of the app's own image."""
