"""An automatic text message."""

from steps.kinds.shape import Kind

KIND = Kind(
    name="sms",
    label="SMS",
    channel="sms",
    settings=("text",),
)
