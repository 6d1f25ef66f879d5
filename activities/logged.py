"""Activities that a person writes down: what happened outside the product (F-62, F-63)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from activities.models import Fact
from audience import activity
from audience.activity import Event
from audience.catalogue import activity_types
from audience.models import Contact
from tenants.models import Member
from tenants.policy import require

LOGGED = "logged"
INCOMING = "incoming"
CALLS = ("Call", "Phone")
KEPT_ITSELF = ("Email", "SMS")
"""What the product sees leave and arrive by itself."""
LONGEST_NOTE = 2000


def loggable() -> list[tuple[str, bool]]:
    """What can be written down: a type of activity, and whether it came from the contact; of calls there are both."""
    found = [type_ for type_ in activity_types() if type_ not in KEPT_ITSELF]
    return [(type_, way) for type_ in found for way in ((False, True) if type_ in CALLS else (False,))]


@transaction.atomic
def log(
    *, by: Member, contact: Contact, type_: str, at: datetime, is_incoming: bool = False, note: str = ""
) -> Fact:
    """Write down that this happened; the activity fields of the contact and its company follow (semantics 6.5)."""
    require(by, "reminder.work")
    said = {"type": type_, "way": INCOMING if is_incoming else "", "note": note}
    fact = Fact.objects.create(
        contact=contact,
        account_id=contact.account_id,
        kind=LOGGED,
        at=at,
        member=by,
        data={key: value for key, value in said.items() if value},
    )
    activity.mark([contact.pk], _event(type_, is_incoming), at, type=type_)
    return fact


def _event(type_: str, is_incoming: bool) -> Event:
    if type_ in CALLS:
        return Event.WAS_CALLED if is_incoming else Event.CALLED
    return Event.CHATTED if type_ == "Chat" else Event.WORKED
