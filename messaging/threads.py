"""What an answer in a thread answers: the last e-mail that was sent to the stay (F-50)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from messaging.headers import chain
from messaging.lifecycle import COUNTS_AS_SENT
from messaging.models import Message


@dataclass(frozen=True, slots=True)
class Answered:
    """The e-mail that is answered; ``references`` is the whole chain for the answer, ending with ``message_id``."""

    subject: str
    message_id: str
    references: tuple[str, ...]


def answered(enrollment_ids: Iterable[int]) -> dict[int, Answered]:
    """By stay, what its next answer answers. A stay to which nothing was sent yet is missing: a new thread begins.

    The chain begins with the last e-mail that was itself no answer. One in doubt counts as sent (reliability
    §2). What a person sent by hand cannot be referred to.
    """
    ids = set(enrollment_ids)
    if not ids:
        return {}
    sent = Message.objects.filter(
        enrollment_id__in=ids, state__in=COUNTS_AS_SENT, channel="email", message_id__isnull=False
    )
    rows = sent.order_by("enrollment_id", "gate_at", "pk").values_list(
        "enrollment_id", "message_id", "subject", "mailing__thread"
    )
    found: dict[int, Answered] = {}
    for enrollment_id, message_id, subject, thread in rows:
        assert enrollment_id is not None
        assert message_id is not None
        before = found.get(enrollment_id) if thread == "reply" else None
        references = chain(before.references if before else (), message_id)
        found[enrollment_id] = Answered(subject, message_id, tuple(references))
    return found
