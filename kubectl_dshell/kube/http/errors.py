"""What is wrong with a response as HTTP; sockets raise OSError beside it."""


class HttpError(Exception):
    """The response is not HTTP, or out of bounds; the text says why, as a noun phrase."""


class CutShort(HttpError):
    """The connection ended within the response."""

    def __str__(self) -> str:
        return "its response was cut short"
