"""The reason why something cannot be served."""


class NotServedError(Exception):
    """Something that the rehearsed Argo CD would read is missing or not as expected."""
