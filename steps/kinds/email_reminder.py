"""An e-mail that a person reviews and sends."""

from steps.kinds.shape import REMINDER_SETTINGS, Kind

KIND = Kind(
    name="email_reminder",
    label="Email reminder",
    channel="email",
    is_manual=True,
    settings=("template", "title", *REMINDER_SETTINGS),
)
