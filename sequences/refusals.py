"""Why a verb on a sequence was not done, in words fit for a person, and at which field."""

from __future__ import annotations


class Refused(ValueError):
    """The command cannot be done as it was asked; nothing of it happened.

    ``field`` names the input at fault (empty: the whole), ``message`` is fit for a person.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
