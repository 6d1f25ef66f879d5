"""Smart and adaptive sequences built in the browser, published, edited while people are inside, moved, read (semantics
2.38, 4.4, 5.14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from activities.models import Reminder
from sequences.commands.editing import change_settings, create_sequence
from sequences.commands.status import activate
from sequences.models import Enrollment, Sequence
from sequences.ticking import work_tenant
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory
from tests.pages.sequences.building import added
from tests.pages.sequences.conftest import BONN
from tests.pages.somebody import words

HOUR = timedelta(hours=1)


def text(response: Any) -> str:
    return response.content.decode()


def built(kind: str, rep: Member) -> Sequence:
    made = create_sequence(name="Built", by=rep, now=NOW, kind=kind)
    change_settings(sequence=made, by=rep, now=NOW, entry_conditions=BONN)
    return made


def begun(sequence: Sequence, tenant: Tenant, people: int) -> None:
    for _ in range(people):
        ContactFactory(city="Bonn", mobile="+4915112345678")
    activate(sequence=sequence, by=sequence.owner, now=NOW)
    work_tenant(tenant.pk, now=NOW + 2 * HOUR, is_on_time=True)
    sequence.refresh_from_db()
    assert Enrollment.objects.filter(sequence=sequence).count() == people


def test_a_tree_is_edited_while_people_are_inside_and_they_are_moved(
    client: Client, rep: Member, tenant: Tenant
) -> None:
    sequence = built("adaptive", rep)
    added(client, sequence, "call", title="Ring", outcomes="Yes\nNo")
    added(client, sequence, "task", title="Look")
    begun(sequence, tenant, 3)
    done = Reminder.objects.filter(kind="call").order_by("pk")[0]
    client.post(f"/sequences/{sequence.pk}/reminders/do/", {"do": f"complete {done.pk}"})

    added(client, sequence, "sms", "after:call1", text="Hi {{ first_name }}")
    client.post(f"/sequences/{sequence.pk}/steps/task1/remove/")
    page = words(text(client.get(f"/sequences/{sequence.pk}/publish/")))
    assert "3 people are inside. 2 of them stand at a step that the new version has, too." in page
    assert "Version 1 Ring 2 Go on at the same step of version 2" in page
    assert "Version 1 Look 1 Stay: the new version has no such step" in page
    assert "SMS is new, after Step 1 “Ring”. 2 can come to it." in page
    assert "Look is removed. 2 cannot any more." in page

    client.post(f"/sequences/{sequence.pk}/publish/", {"note": "A text", "apply": "move"})
    sequence.refresh_from_db()
    assert Enrollment.objects.filter(sequence=sequence, plan=sequence.plan).count() == 2
    page = words(text(client.get(f"/sequences/{sequence.pk}/versions/")))
    assert "Version 2 Current 2 people" in page and "Version 1 1 person" in page and "A text" in page
    assert "1. Ring Call reminder" in words(text(client.get(f"/sequences/{sequence.pk}/versions/1/")))
    page = words(text(client.get(f"/sequences/{sequence.pk}/versions/compare/")))
    assert "SMS is new" in page and "Look is removed" in page


def test_pinned_people_finish_on_their_version(client: Client, rep: Member, tenant: Tenant) -> None:
    sequence = built("adaptive", rep)
    added(client, sequence, "call", title="Ring")
    begun(sequence, tenant, 1)
    added(client, sequence, "task", title="More")
    client.post(f"/sequences/{sequence.pk}/publish/", {"apply": "pin"})
    client.post(f"/sequences/{sequence.pk}/reminders/do/", {"do": f"complete {Reminder.objects.get().pk}"})
    assert Enrollment.objects.get().exit_reason == "completed"
    assert not Reminder.objects.filter(kind="task").exists()


def test_a_list_is_edited_while_people_are_inside(client: Client, rep: Member, tenant: Tenant) -> None:
    sequence = built("smart", rep)
    added(client, sequence, "call", title="Ring")
    added(client, sequence, "task", title="Look")
    begun(sequence, tenant, 2)
    added(client, sequence, "sms_reminder", "after:call1", text="Hi")
    page = words(text(client.get(f"/sequences/{sequence.pk}/publish/")))
    assert "SMS reminder is new, after Step 1 “Ring”. 2 will get it." in page
    client.post(f"/sequences/{sequence.pk}/publish/", {"note": "A text"})
    work_tenant(tenant.pk, now=NOW + 26 * HOUR, is_on_time=True)
    assert Reminder.objects.filter(kind="sms_reminder").count() == 2


@pytest.mark.parametrize("kind", ["smart", "adaptive"])
@pytest.mark.parametrize(
    "step, values",
    [
        ("sms", {"text": "Hi"}),
        ("sms_reminder", {"text": "Hi"}),
        ("linkedin", {"action": "inmail", "text": "Hi"}),
        ("email_reminder", {"title": "Write"}),
    ],
)
def test_every_kind_is_added_to_lists_and_trees(
    client: Client, rep: Member, tenant: Tenant, kind: str, step: str, values: dict[str, str]
) -> None:
    tenant.has_linkedin = True
    tenant.save()
    sequence = built(kind, rep)
    added(client, sequence, step, **values)
    made = sequence.plan.steps.get(kind=step)
    assert made.day is None and made.settings.items() >= values.items()
