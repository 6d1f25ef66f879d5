"""Which people of a sequence are asked for, as the address of their page says it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from audience.lists import naming


@dataclass(frozen=True)
class Filter:
    """Which people are asked for. ``step`` and ``did``: those for whom a step did that.

    ``mail``: those with a message as sequences.reading.people.MAILS says.
    """

    state: str = "all"
    q: str = ""
    reason: str = ""
    step: str = ""
    did: str = ""
    run: int | None = None
    mail: str = ""

    @property
    def named(self) -> Q:
        """Those of whom first name, last name, address or company begins with each word of ``q``."""
        return naming(self.q, "contact__")
