"""SMS, SMS reminders and LinkedIn steps in the browser, and the switch of the workspace for the latter (D-12, F-59)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from activities.models import Reminder
from messaging.models import Message
from sequences.commands.planning import add_step, working_plan
from sequences.models import Sequence
from steps.models import Step
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import live
from tests.pages.somebody import words

SWITCH = "/settings/steps/"


def text(response: Any) -> str:
    return response.content.decode()


def plain(page: str) -> str:
    """All words of a page, those of its panel and its messages, too."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def edit(sequence: Sequence, rest: str = "") -> str:
    return f"/sequences/{sequence.pk}/edit/{rest}"


def add(client: Client, sequence: Sequence, **given: str) -> Any:
    return client.post(f"/sequences/{sequence.pk}/steps/", given)


def made(sequence: Sequence, kind: str) -> Step:
    sequence.refresh_from_db()
    return working_plan(sequence).steps.get(kind=kind)


@pytest.fixture
def linkedin(tenant: Tenant) -> None:
    tenant.has_linkedin = True
    tenant.save()


# --- SMS --------------------------------------------------------------------------------------------------------------


def test_an_sms_is_added_with_its_text(client: Client, sequence: Sequence) -> None:
    page = text(client.get(edit(sequence, "?new=sms&day=4")))
    assert 'name="text"' in page and "0 characters · 0 segments of 160" in plain(page)
    add(client, sequence, kind="sms", day="4", text="Hi {{ first_name | default: 'there' }}, a word?")
    step = made(sequence, "sms")
    assert step.settings == {"text": "Hi {{ first_name | default: 'there' }}, a word?"}
    page = text(client.get(edit(sequence, f"?step={step.key}")))
    assert "12 characters without what 1 placeholder brings · 1 segment of 160" in plain(page)
    assert "a word?" in text(client.get(edit(sequence))), "its card shows the text"


@pytest.mark.parametrize(
    "typed, said",
    [
        ("", "Write the text that is sent."),
        ("Hi {{ contact.nonsense }}", "nonsense"),
        ("Hi {% if %}", "if"),
        ("a" * 1601, "at most 1600 characters"),
    ],
)
def test_what_is_wrong_with_its_text_is_said_at_its_place(
    client: Client, sequence: Sequence, typed: str, said: str
) -> None:
    answer = add(client, sequence, kind="sms", day="4", text=typed)
    assert answer.status_code == 422
    field = text(answer).partition('id="id_text"')[2]
    assert said in field.partition('id="segments"')[0] and typed[:50] in field
    assert not working_plan(sequence).steps.filter(kind="sms").exists()


def test_segments_are_counted_while_one_types(client: Client, sequence: Sequence) -> None:
    part = client.post(edit(sequence, "segments/"), {"text": "a" * 161})
    assert "161 characters · 2 segments of 153" in words(text(part)) and "<html" not in text(part)
    said = words(text(client.post(edit(sequence, "segments/"), {"text": "It’s good"})))
    assert "1 segment of 70: ’ is not in the alphabet of SMS" in said
    assert client.post(edit(sequence, "segments/"), {}).status_code == 200


def test_an_sms_becomes_a_message_for_who_has_a_number(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    add(client, sequence, kind="sms", day="1", text="Hello")
    ContactFactory(city="Bonn", mobile="+4915112345678")
    live(sequence, tenant, people=1)
    assert [message.mailing.text for message in Message.objects.filter(channel="sms")] == ["Hello"]


def test_that_no_text_leaves_yet_is_said_before_and_after(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    add(client, sequence, kind="sms", day="1", text="Hello")
    assert "no provider for texts is set up: its messages run out of time" in text(client.get(edit(sequence)))
    ContactFactory(city="Bonn", mobile="+4915112345678")
    live(sequence, tenant, people=0)
    Message.objects.filter(channel="email").delete()
    page = plain(text(client.get(f"/sequences/{sequence.pk}/people/")))
    assert "A text waits to leave No provider for texts is set up" in page


def test_an_sms_reminder_has_a_draft_and_all_settings_of_reminders(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    given = {"text": "Hi {{ first_name }}", "title": "", "description": "Ask for the date", "due": "2"}
    more = {"kind": "sms_reminder", "day": "1", "priority": "high", "assignee": "owner"}
    add(client, sequence, **given, **more)
    step = made(sequence, "sms_reminder")
    assert step.settings == {
        "text": "Hi {{ first_name }}",
        "description": "Ask for the date",
        "assignee": "owner",
        "due": {"days": 2},
        "priority": "high",
    }
    live(sequence, tenant, people=1)
    reminder = Reminder.objects.get(kind="sms_reminder")
    assert reminder.settings["text"] == "Hi {{ first_name }}" and reminder.assignee_id == sequence.owner_id


# --- LinkedIn ---------------------------------------------------------------------------------------------------------


def test_without_the_switch_there_is_no_linkedin(client: Client, sequence: Sequence, rep: Member) -> None:
    assert "new=linkedin" not in text(client.get(edit(sequence)))
    assert client.get(edit(sequence, "?new=linkedin&day=2")).status_code == 404
    answer = add(client, sequence, kind="linkedin", day="2", action="connect", priority="normal")
    assert answer.status_code == 422 and "LinkedIn steps are off in this workspace" in text(answer)
    assert not Step.objects.filter(kind="linkedin").exists()


@pytest.mark.parametrize("action", ["research", "introduce", "connect", "inmail"])
def test_each_action_is_added(client: Client, sequence: Sequence, linkedin: None, action: str) -> None:
    page = text(client.get(edit(sequence, "?new=linkedin&day=2")))
    assert "new=linkedin" in page and "Get introduced" in page and "Send InMail" in page
    given = {"text": "Hi {{ first_name }}", "title": "", "priority": "normal", "due": "1"}
    add(client, sequence, kind="linkedin", day="2", action=action, **given)
    assert made(sequence, "linkedin").settings == {
        "action": action,
        "text": "Hi {{ first_name }}",
        "due": {"days": 1},
    }
    assert "LinkedIn: " in text(client.get(edit(sequence)))


@pytest.mark.parametrize("action", ["", "poke"])
def test_another_action_is_said_at_its_place(
    client: Client, sequence: Sequence, linkedin: None, action: str
) -> None:
    answer = add(client, sequence, kind="linkedin", day="2", action=action, priority="normal", text="Typed")
    assert answer.status_code == 422 and "Typed" in text(answer)
    part = text(answer).partition('name="action"')[2].partition("</fieldset>")[0]
    assert 'class="error"' in part


def test_linkedin_is_turned_on_and_off_and_what_uses_it_is_said(
    sequence: Sequence, sign_in: SignIn, tenant: Tenant, rep: Member
) -> None:
    admin = sign_in(make_member("admin", "admin@us.example"))
    assert SWITCH in text(admin.get("/settings/"))
    assert "In use" not in text(admin.get(SWITCH))
    admin.post(SWITCH, {"linkedin": "on"})
    tenant.refresh_from_db()
    assert tenant.has_linkedin
    add_step(kind="linkedin", sequence=sequence, by=rep, now=NOW, day=2, settings={"action": "connect"})
    assert "In use: Outbound ." in words(text(admin.get(SWITCH)))
    said = plain(text(admin.post(SWITCH, {"linkedin": "off"}, follow=True)))
    assert "No LinkedIn steps can be added any more. 1 sequence has some, which go on." in said
    assert "In use: Outbound ." in said
    tenant.refresh_from_db()
    assert not tenant.has_linkedin


@pytest.mark.parametrize("typed", ["", "maybe"])
def test_another_answer_is_said(sign_in: SignIn, tenant: Tenant, typed: str) -> None:
    admin = sign_in(make_member("admin", "admin@us.example"))
    answer = admin.post(SWITCH, {"linkedin": typed})
    assert answer.status_code == 422 and "Choose on or off." in text(answer)


def test_who_may_not_set_the_workspace_has_no_switch(client: Client) -> None:
    assert client.get(SWITCH).status_code == client.post(SWITCH, {"linkedin": "on"}).status_code == 403
    assert SWITCH not in text(client.get("/settings/"))


def test_a_draft_with_linkedin_steps_is_not_activated_while_they_are_off(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member, linkedin: None
) -> None:
    add_step(kind="linkedin", sequence=sequence, by=rep, now=NOW, day=2, settings={"action": "connect"})
    Tenant.objects.update(has_linkedin=False)
    page = text(client.get(edit(sequence)))
    assert "Step 2 is a LinkedIn step, and those are off in this workspace: turn them on" in page
    client.post(f"/sequences/{sequence.pk}/activate/")
    sequence.refresh_from_db()
    assert sequence.status == "draft"


def test_one_that_runs_goes_on_and_can_be_published_without_adding_any(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member, linkedin: None
) -> None:
    given: dict[str, Any] = {"sequence": sequence, "by": rep, "now": NOW}
    add_step(kind="linkedin", day=2, settings={"action": "connect"}, **given)
    live(sequence, tenant, people=1)
    Tenant.objects.update(has_linkedin=False)
    add_step(kind="task", day=3, settings={"title": "Look"}, **given)
    page = text(client.get(f"/sequences/{sequence.pk}/publish/"))
    assert "it goes on as it is" in page
    client.post(f"/sequences/{sequence.pk}/publish/")
    sequence.refresh_from_db()
    assert sequence.plan.number == 2
    client.post(f"/sequences/{sequence.pk}/steps/linkedin1/copy/")
    sequence.refresh_from_db()
    assert working_plan(sequence).steps.filter(kind="linkedin").count() == 1
