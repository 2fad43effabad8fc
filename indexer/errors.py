"""Errors that more than one module raises; they import nothing."""


class DecodeError(ValueError):
    """Bytes that are not the encoded value they should be."""
