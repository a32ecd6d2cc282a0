"""The user's configuration: what a file may say, and what of it applies in one context and namespace."""
