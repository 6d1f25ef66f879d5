"""The shelf: what a step can be. One file a kind, each of the same shape."""

from __future__ import annotations

from steps.kinds import (
    advance,
    call,
    condition,
    email,
    email_reminder,
    linkedin,
    sms,
    sms_reminder,
    task,
    update_field,
    wait,
)
from steps.kinds.shape import Channel, Kind

KINDS: dict[str, Kind] = {
    module.KIND.name: module.KIND
    for module in (
        *(email, email_reminder, call, task, sms, sms_reminder, linkedin),
        *(wait, condition, update_field, advance),
    )
}

__all__ = ["KINDS", "Channel", "Kind"]
