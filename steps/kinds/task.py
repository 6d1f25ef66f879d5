"""A task that a person does."""

from steps.kinds.shape import REMINDER_SETTINGS, Kind

KIND = Kind(
    name="task",
    label="Follow-up task",
    is_manual=True,
    settings=("title", "type", *REMINDER_SETTINGS),
)
