from messaging.models.mailbox import Mailbox, SenderUsage
from messaging.models.outbox import Mailing, Message, Payload, StopEvent
from messaging.models.templates import Template, TemplateVersion

__all__ = [
    "Mailbox",
    "Mailing",
    "Message",
    "Payload",
    "SenderUsage",
    "StopEvent",
    "Template",
    "TemplateVersion",
]
