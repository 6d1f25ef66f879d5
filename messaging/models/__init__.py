from messaging.models.mailbox import (
    Mailbox,
    MailboxDue,
    MailboxUsage,
    SenderUsage,
    SendingStop,
    TrialAddress,
)
from messaging.models.origin import Origin
from messaging.models.outbox import Mailing, Message, Payload, StopEvent, Untold
from messaging.models.templates import Template, TemplateVersion

__all__ = [
    "Mailbox",
    "MailboxDue",
    "MailboxUsage",
    "Mailing",
    "Message",
    "Origin",
    "Payload",
    "SenderUsage",
    "SendingStop",
    "StopEvent",
    "Template",
    "TemplateVersion",
    "TrialAddress",
    "Untold",
]
