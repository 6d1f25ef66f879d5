"""Building lists and trees by forms and links alone, and what then stands there."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from messaging.models import Template
from sequences.commands.planning import working_plan
from sequences.models import Sequence
from steps.models import Step

HTMX = {"HX-Request": "true", "HX-Target": "panel"}
REPLIED = {"ask": "mail", "event": "replied", "days": "3"}


def text(response: Any) -> str:
    return response.content.decode()


def add(client: Client, built: Sequence, kind: str, at: str = "end", **values: str) -> Any:
    """Post the panel of a new step."""
    given = {"kind": kind, "at": at, "step-match": "all", "priority": "normal"} | values
    return client.post(f"/sequences/{built.pk}/steps/", given)


def added(client: Client, built: Sequence, kind: str, at: str = "end", **values: str) -> None:
    response = add(client, built, kind, at, **values)
    assert response.status_code == 302, re.findall(r'class="error".*?</p>', text(response), re.S)


def press(client: Client, sequence: Sequence, rest: str, **values: str) -> str:
    """Post one of a step's buttons; what the page then says."""
    return text(client.post(f"/sequences/{sequence.pk}/steps/{rest}/", values, follow=True))


def steps(sequence: Sequence) -> list[Step]:
    sequence.refresh_from_db()
    return list(working_plan(sequence).steps.select_related("parent").order_by("position"))


def shape(sequence: Sequence) -> list[str]:
    """Each step with its place: ``call1``, ``yes of if1: call1``."""
    return [f"{s.arm} of {s.parent.key}: {s.key}" if s.parent else s.key for s in steps(sequence)]


def page(client: Client, sequence: Sequence, rest: str = "edit/") -> str:
    response = client.get(f"/sequences/{sequence.pk}/{rest}")
    assert response.status_code == 200
    return text(response)


def grown(client: Client, sequence: Sequence, template: Template) -> None:
    """A mail, and by whether it was answered a call or a task."""
    added(client, sequence, "email", template=str(template.pk), thread="new")
    added(client, sequence, "condition", "after:email1", mail="email1", **REPLIED)
    added(client, sequence, "call", "yes:if1", title="Ring", assignee="owner")
    added(client, sequence, "task", "no:if1", title="Look", assignee="owner")
