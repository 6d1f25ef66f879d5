"""What messaging does about facts of the floors below."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from audience.signals import suppressed
from audience.suppression import SMS
from messaging.intake import take_in, unsubscribe_all


@receiver(suppressed)
def stop_what_goes_there(channel: str, addresses: list[str], at: datetime, **_: Any) -> None:
    """Somebody of the workspace puts these on the list: as if their owners had unsubscribed (semantics 2.22, 2.23)."""
    if channel != SMS:
        unsubscribe_all(addresses, at=at)
        return
    for number in addresses:
        take_in("sms_stop", at=at, source="person", address=number)
