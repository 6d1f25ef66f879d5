"""Why a verb on a sequence was not done, in words fit for a person, and at which field."""

from __future__ import annotations

from typing import Any


class Refused(ValueError):
    """The command cannot be done as it was asked; nothing of it happened.

    ``field`` names the input at fault (empty: the whole), ``message`` is fit for a person.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class TooMany(Refused):
    """So many people would come in that their number is to be typed (the workspace's ``confirm_above``)."""

    def __init__(self, people: int, message: str) -> None:
        super().__init__(message, "people")
        self.people = people


class Stale(Refused):
    """Somebody has stored other values since the form was drawn; nothing was kept.

    ``fields``: what is stored now, by name. ``seen``: the marks with which what was typed may
    replace it (tenants.seen).
    """

    def __init__(self, who: str, fields: dict[str, Any], seen: str) -> None:
        super().__init__(f"{who} changed this after you had opened it.")
        self.who, self.fields, self.seen = who, fields, seen
