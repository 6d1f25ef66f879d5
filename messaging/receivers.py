"""What messaging does about facts of the floors below."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from audience.signals import suppressed
from audience.suppression import SMS
from messaging.intake import take_in


@receiver(suppressed)
def stop_what_goes_there(channel: str, address: str, at: datetime, **_: Any) -> None:
    """Somebody of the workspace put an address on the list: as if its owner had unsubscribed (semantics 2.22, 2.23)."""
    take_in("sms_stop" if channel == SMS else "unsubscribed", at=at, source="person", address=address)
