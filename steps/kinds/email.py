"""An automatic e-mail."""

from steps.kinds.shape import Kind

KIND = Kind(
    name="email",
    label="Email",
    channel="email",
    settings=(
        "template",
        "thread",
        "from",
        "reply_to",
        "cc",
        "bcc",
        "track_opens",
        "track_clicks",
        "unsubscribe",
    ),
    required=("template",),
)
