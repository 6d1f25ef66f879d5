"""A step that a person takes on LinkedIn."""

from steps.kinds.shape import REMINDER_SETTINGS, Kind

KIND = Kind(
    name="linkedin",
    label="LinkedIn",
    is_manual=True,
    settings=("action", "title", "text", *REMINDER_SETTINGS),
)
