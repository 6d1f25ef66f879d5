"""The one exception of the embedded services."""


class EmbeddedError(Exception):
    """The embedded services cannot start. The message is one line, fit for a person."""
