"""A text message that a person sends."""

from steps.kinds.shape import REMINDER_SETTINGS, Kind

KIND = Kind(
    name="sms_reminder",
    label="SMS reminder",
    channel="sms",
    is_manual=True,
    settings=("text", "title", *REMINDER_SETTINGS),
)
