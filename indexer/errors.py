"""Errors that more than one module raises; they import nothing."""


class DecodeError(ValueError):
    """Bytes that are not the encoded value they should be."""


class ClusterError(Exception):
    """The cluster that was asked for cannot be used; the text says why, and what to do."""
