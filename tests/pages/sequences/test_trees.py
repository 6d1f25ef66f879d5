"""The pages of an adaptive sequence that came from a file: plain, and whole."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sequences.models import Sequence
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, stage
from tests.factories import make_member
from tests.pages.conftest import SignIn
from tests.pages.somebody import words

TREE = """
contacts:
  - {id: ann, email: ann@x.example, first_name: Ann, lifecycle_stage: Lead}
  - {id: ben, email: ben@x.example, first_name: Ben, lifecycle_stage: Lead}
sequences:
  - name: Outbound
    kind: adaptive
    schedule: {hours: "09:00-17:00"}
    audience: {conditions: [{field: lifecycle_stage, op: is, value: Lead}]}
    steps:
      - {key: a, kind: email, template: t}
      - key: seen
        kind: condition
        of: a
        event: opened
        within: {days: 1}
        yes: [{key: ring, kind: call, title: Call}]
        no: [{key: rest, kind: wait, for: {days: 2}}]
      - {key: mark, kind: update_field, field: lifecycle_stage, value: Worked}
  - name: Rest
    kind: adaptive
    status: draft
    schedule: {hours: "09:00-17:00", exclude_weekends: true}
    steps: [{key: b, kind: task, title: Look}, {key: on, kind: advance, sequence: Outbound}]
"""

PAGES = (
    *("", "people/", "runs/", "settings/", "versions/", "people/add/"),
    *("edit/", "edit/doubts/", "edit/calendar/", "activate/ask/", "archive/", "share/"),
)


@pytest.fixture
def client(tenant: Tenant, sign_in: SignIn) -> Client:
    return sign_in(make_member("admin", "admin@us.example"))


@pytest.fixture
def lived(tenant: Tenant) -> Stage:
    """Ann opened and is to be called, Ben waits."""
    found = stage(tenant, TREE)
    found.work("05-04 09:30")
    found.happens("05-04 11:20", do="open", contact="ann", step="a")
    found.work("05-05 12:00")
    return found


def text(response: Any) -> str:
    return response.content.decode()


@pytest.mark.parametrize("name", ["Outbound", "Rest"])
def test_every_page_of_a_tree_is_there(lived: Stage, client: Client, name: str) -> None:
    sequence = Sequence.objects.get(name=name)
    for page in PAGES:
        response = client.get(f"/sequences/{sequence.pk}/{page}", follow=True)
        assert response.status_code == 200, page
        assert "Day None" not in text(response) and "day None" not in text(response), page


def test_the_overview_shows_the_tree_in_words(lived: Stage, client: Client) -> None:
    found = text(client.get(f"/sequences/{lived.sequence.pk}/"))
    assert "is opened within 1 day?" in found
    assert "Wait 2 days" in found
    assert "09:00 to 17:00 Europe/Berlin" in found


def test_the_list_and_the_contact_show_where_somebody_stands(lived: Stage, client: Client) -> None:
    people = text(client.get(f"/sequences/{lived.sequence.pk}/people/"))
    assert "Call" in people and "Wait" in people
    assert "Outbound" in text(client.get("/sequences/"))
    panel = client.get(f"/sequences/panel/contact/{lived.contact('ann')}/")
    assert panel.status_code == 200 and "Outbound" in text(panel)


def test_why_somebody_stands_where_they_stand_is_answered(lived: Stage, client: Client) -> None:
    for name in ("ann", "ben"):
        response = client.get(f"/sequences/{lived.sequence.pk}/people/{lived.contact(name)}/")
        assert response.status_code == 200


def test_who_has_something_to_do_in_a_paused_tree_is_told_of_the_pause(lived: Stage, client: Client) -> None:
    Sequence.objects.filter(pk=lived.sequence.pk).update(status="paused")
    page = words(text(client.get(f"/sequences/{lived.sequence.pk}/people/{lived.contact('ann')}/")))
    assert "has to do" in page and "The sequence is paused: what follows waits until it is resumed." in page


def test_steps_of_a_tree_are_not_edited_as_days(lived: Stage, client: Client) -> None:
    sequence = lived.sequence
    client.post(f"/sequences/{sequence.pk}/steps/ring/remove/")
    assert sequence.plan.steps.filter(key="ring").exists()
