"""A debug container of the app's own image, which borrows its shell and tools from another debug container."""
