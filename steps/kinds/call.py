"""A call that a person makes."""

from steps.kinds.shape import REMINDER_SETTINGS, Kind

KIND = Kind(
    name="call",
    label="Call reminder",
    is_manual=True,
    settings=("title", "script", "outcomes", *REMINDER_SETTINGS),
)
