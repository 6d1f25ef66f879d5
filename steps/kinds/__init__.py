"""The shelf: what a step can be. One file a kind, each of the same shape."""

from __future__ import annotations

from steps.kinds import call, email, email_reminder, linkedin, sms, sms_reminder, task
from steps.kinds.shape import Channel, Kind

KINDS: dict[str, Kind] = {
    module.KIND.name: module.KIND
    for module in (email, email_reminder, call, task, sms, sms_reminder, linkedin)
}

__all__ = ["KINDS", "Channel", "Kind"]
