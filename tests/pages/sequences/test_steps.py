"""The panel of a step, and what is done to steps in the editor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audience.models import Contact
from messaging import outbox
from messaging.models import Template
from sequences.commands.planning import add_step, change_step, remove_step, working_plan
from sequences.models import Enrollment, Sequence
from sequences.ticking import work_tenant
from steps.models import Step
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import live
from tests.pages.somebody import words

HTMX = {"HX-Request": "true", "HX-Target": "panel"}


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def address(sequence: Sequence, rest: str = "") -> str:
    return f"/sequences/{sequence.pk}/steps/{rest}"


def steps(sequence: Sequence) -> list[Step]:
    sequence.refresh_from_db()
    return list(working_plan(sequence).steps.all())


def keys(sequence: Sequence) -> list[tuple[str, int | None]]:
    return [(step.key, step.day) for step in steps(sequence)]


@pytest.mark.parametrize("kind", ["email", "call", "task", "email_reminder"])
def test_each_kind_has_a_panel_with_an_address_of_its_own(
    client: Client, sequence: Sequence, kind: str
) -> None:
    page = text(client.get(f"/sequences/{sequence.pk}/edit/?new={kind}&day=2"))
    assert "data-panel" in page and 'name="day"' in page and "<html" in page
    part = text(client.get(f"/sequences/{sequence.pk}/edit/?new={kind}&day=2", headers=HTMX))
    assert "<html" not in part and 'name="day"' in part
    assert 'id="timeline" hx-swap-oob="true"' in part and "ghost" in part


def test_the_panel_of_a_mail_has_everything(client: Client, sequence: Sequence) -> None:
    page = text(client.get(f"/sequences/{sequence.pk}/edit/?step=email1"))
    names = (
        "day",
        "template",
        "thread",
        "from",
        "reply_to",
        "cc",
        "bcc",
        "track_opens",
        "track_clicks",
        "unsubscribe",
    )
    for name in (*names, "step-add"):
        assert f'name="{name}"' in page, name


def test_a_step_that_is_gone_has_no_panel(client: Client, sequence: Sequence) -> None:
    assert client.get(f"/sequences/{sequence.pk}/edit/?step=gone").status_code == 404
    assert client.get(f"/sequences/{sequence.pk}/edit/?new=nonsense").status_code == 404


def test_a_mail_is_added_with_its_conditions(client: Client, sequence: Sequence, template: Template) -> None:
    data = {
        "kind": "email",
        "day": "5",
        "template": template.pk,
        "thread": "reply",
        "from": "",
        "track_clicks": "on",
    }
    data |= {
        "step-0-field": "step.email1.replied",
        "step-0-op": "is",
        "step-0-value": "false",
        "step-match": "all",
    }
    response = client.post(address(sequence), data)
    assert response["Location"].endswith("#step-email2"), text(response)
    step = steps(sequence)[-1]
    assert (step.key, step.day, step.template) == ("email2", 5, template)
    assert step.settings == {"thread": "reply", "track_opens": False, "unsubscribe": False}
    assert step.conditions == [{"field": "step.email1.replied", "op": "is", "value": False}]


def test_a_fault_stands_at_its_input_with_what_was_typed(client: Client, sequence: Sequence) -> None:
    data = {"kind": "email", "day": "99", "thread": "new", "cc": "nobody", "name": "Kept"}
    response = client.post(address(sequence), data, headers=HTMX)
    assert response.status_code == 422
    part = text(response)
    assert "The last possible day is 90" in part and "is no email address" in part
    assert "Choose the template" in part and 'value="Kept"' in part
    assert len(steps(sequence)) == 2


def test_saved_by_htmx_the_whole_page_is_shown_anew(client: Client, sequence: Sequence) -> None:
    data = {"kind": "task", "day": "2", "title": "Think", "priority": "high", "due": "3"}
    response = client.post(address(sequence), data, headers=HTMX)
    assert response["HX-Redirect"].endswith("#step-task1")
    assert steps(sequence)[1].settings == {"title": "Think", "priority": "high", "due": {"days": 3}}


def test_a_call_is_changed(client: Client, sequence: Sequence) -> None:
    data = {
        "day": "4",
        "title": "Ring",
        "script": "Hi {{ first_name }}",
        "outcomes": "Yes\nNo",
        "priority": "normal",
    }
    client.post(address(sequence, "call1/"), data)
    step = steps(sequence)[1]
    assert (step.key, step.day) == ("call1", 4)
    assert step.settings == {"title": "Ring", "script": "Hi {{ first_name }}", "outcomes": ["Yes", "No"]}


def test_a_placeholder_that_is_no_field_is_refused_at_the_text(client: Client, sequence: Sequence) -> None:
    data = {"day": "3", "title": "Ask {{ contact.salary }}", "priority": "normal"}
    response = client.post(address(sequence, "call1/"), data)
    assert response.status_code == 422 and "contact.salary" in text(response)


def test_later_steps_can_be_pushed(client: Client, sequence: Sequence) -> None:
    data = {"kind": "task", "day": "1", "title": "T", "priority": "normal", "push": "2"}
    client.post(address(sequence), data)
    assert keys(sequence) == [("email1", 1), ("task1", 1), ("call1", 5)]


def test_steps_move_are_copied_and_removed(client: Client, sequence: Sequence) -> None:
    client.post(address(sequence, "call1/move/"), {"to": "up"})
    assert keys(sequence) == [("email1", 1), ("call1", 1)]
    client.post(address(sequence, "call1/move/"), {"to": "up"})
    assert keys(sequence) == [("call1", 1), ("email1", 1)]
    client.post(address(sequence, "call1/move/"), {"to": "up"})
    assert keys(sequence) == [("call1", 1), ("email1", 1)]
    client.post(address(sequence, "call1/copy/"))
    assert keys(sequence) == [("call1", 1), ("call2", 1), ("email1", 1)]
    client.post(address(sequence, "call1/remove/"))
    assert keys(sequence) == [("call2", 1), ("email1", 1)]


def test_down_leads_to_the_next_day_that_has_steps(client: Client, sequence: Sequence) -> None:
    client.post(address(sequence, "email1/move/"), {"to": "down"})
    assert keys(sequence) == [("email1", 3), ("call1", 3)]
    client.post(address(sequence, "email1/move/"), {"to": "down"})
    assert keys(sequence) == [("call1", 3), ("email1", 3)]


def test_a_step_that_was_removed_meanwhile_is_said(client: Client, sequence: Sequence) -> None:
    response = client.post(address(sequence, "gone/remove/"), follow=True)
    assert "no longer in the plan" in text(response)
    assert client.post(address(sequence, "gone/"), {"day": "1"}).status_code == 404


def test_others_change_no_steps(sequence: Sequence, sign_in: SignIn) -> None:
    Sequence.objects.update(is_shared=True)
    other = sign_in(make_member("sales_rep"))
    for rest in ("", "email1/", "email1/remove/", "email1/copy/", "email1/move/"):
        assert other.post(address(sequence, rest), {"kind": "call"}).status_code == 403
    assert keys(sequence) == [("email1", 1), ("call1", 3)]


def test_the_template_is_shown_when_it_is_chosen(
    client: Client, sequence: Sequence, template: Template
) -> None:
    part = text(client.get(f"/sequences/{sequence.pk}/edit/template/", {"template": template.pk}))
    assert "How are you?" in part and "first_name" in part
    hidden = Template.objects.create(name="Private", owner=make_member("sales_rep"), is_shared=False)
    part = text(client.get(f"/sequences/{sequence.pk}/edit/template/", {"template": hidden.pk}))
    assert "Private" not in part


# --- While it is active -------------------------------------------------------------------------------------------


def test_edits_of_an_active_sequence_wait_and_say_whom_they_touch(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=3, days=2)
    client.post(address(sequence), {"kind": "task", "day": "2", "title": "Late", "priority": "normal"})
    client.post(address(sequence), {"kind": "task", "day": "9", "title": "Ahead", "priority": "normal"})
    page = text(client.get(f"/sequences/{sequence.pk}/edit/"))
    assert "2 changes not yet published" in page and "3 people are inside; before it is published" in page
    page = text(client.get(f"/sequences/{sequence.pk}/publish/"))
    assert "Late is new on day 2. 3 are past it." in words(page)
    assert "Ahead is new on day 9. 3 will get it." in words(page)
    assert sequence.plan.steps.count() == 2


def test_publishing_makes_the_draft_hold(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant)
    client.post(address(sequence), {"kind": "task", "day": "9", "title": "Ahead", "priority": "normal"})
    client.post(f"/sequences/{sequence.pk}/publish/", {"note": "One more"})
    sequence.refresh_from_db()
    assert sequence.draft is None and sequence.plan.steps.count() == 3
    page = text(client.get(f"/sequences/{sequence.pk}/versions/"))
    assert "One more" in page and "Version 2" in page and "Added: <b>Ahead</b>" in page


def test_a_draft_with_a_fault_is_not_published(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant)
    client.post(address(sequence), {"kind": "task", "day": "9", "title": "Ahead", "priority": "normal"})
    Template.objects.update(archived_at="2026-01-01T00:00Z")
    page = text(client.post(f"/sequences/{sequence.pk}/publish/", follow=True))
    assert "Not published" in page
    sequence.refresh_from_db()
    assert sequence.draft is not None


def test_a_draft_is_thrown_away(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant)
    client.post(address(sequence, "call1/remove/"))
    client.post(f"/sequences/{sequence.pk}/discard/")
    assert keys(sequence) == [("email1", 1), ("call1", 3)]
    sequence.refresh_from_db()
    assert sequence.draft is None


def test_a_step_is_switched_off_and_on(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=1, days=0)
    path = f"/sequences/{sequence.pk}/"
    client.post(f"{path}steps/call1/switch/", {"to": "off"})
    page = text(client.get(f"{path}edit/"))
    assert ">Off<" in page and "Switch on" in page
    assert "is switched off; its open reminders" in words(text(client.get(f"{path}publish/")))
    client.post(f"{path}publish/")
    sequence.refresh_from_db()
    assert [step.key for step in sequence.plan.working_steps] == ["email1"]
    assert "Switched off" in text(client.get(f"{path}versions/"))
    client.post(f"{path}steps/call1/switch/", {"to": "on"})
    assert "is switched on" in words(text(client.get(f"{path}publish/")))


def test_a_plan_of_which_every_step_is_off_is_not_activated(client: Client, sequence: Sequence) -> None:
    for key in ("email1", "call1"):
        client.post(f"/sequences/{sequence.pk}/steps/{key}/switch/", {"to": "off"})
    said = text(client.post(f"/sequences/{sequence.pk}/activate/", follow=True))
    assert "Every step is switched off: switch one on, or add one." in said
    sequence.refresh_from_db()
    assert sequence.status == "draft"


def test_a_condition_on_a_step_that_is_off_is_doubted(
    client: Client, sequence: Sequence, rep: Member
) -> None:
    asked = [{"field": "step.email1.sent", "op": "is", "value": False}]
    change_step(sequence=sequence, key="call1", by=rep, now=NOW, conditions=asked)
    client.post(f"/sequences/{sequence.pk}/steps/email1/switch/", {"to": "off"})
    assert "Step 2 asks about Step 1, which is switched off" in text(
        client.get(f"/sequences/{sequence.pk}/edit/")
    )


# --- What an edit will change for those inside ------------------------------------------------------------------------


def test_each_change_says_whom_it_reaches_before_it_is_published(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    end = live(sequence, tenant, people=3, days=3)
    ContactFactory.create_batch(2, city="Bonn")
    work_tenant(tenant.pk, now=end + timedelta(days=1), is_on_time=True)
    given: dict[str, Any] = {"sequence": sequence, "by": rep, "now": NOW}
    add_step(kind="task", day=2, settings={"title": "Look"}, **given)
    change_step(key="call1", day=1, **given)
    assert "5 people are inside; before it is published" in text(
        client.get(f"/sequences/{sequence.pk}/edit/")
    )
    page = words(text(client.get(f"/sequences/{sequence.pk}/publish/")))
    assert "Look is new on day 2. 2 will get it, 3 are past it." in page
    assert "moves from day 3 to day 1. 2 will not get it any more, 3 are past it." in page
    assert "5 people are inside." in page and "0 would come in new at the next run" in page


def test_who_has_nothing_ahead_any_more_is_said_before_it_is_published(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    outbox.accept_all(live(sequence, tenant, people=3, days=2))
    remove_step(sequence=sequence, key="call1", by=rep, now=NOW)
    page = words(text(client.get(f"/sequences/{sequence.pk}/publish/")))
    assert "3 of them have no step ahead any more and are completed by the next run." in page


def test_the_panel_says_who_has_its_day_ahead(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=3, days=1)
    path = f"/sequences/{sequence.pk}/edit/"
    assert "3 have day 4 still ahead; 0 are past it" in text(client.get(f"{path}?new=task&day=4"))
    part = text(client.get(f"{path}reach/", {"day": "1"}))
    assert "0 have day 1 still ahead; 3 are past it" in words(part) and "<html" not in part
    for nonsense in ("", "x", "999"):
        assert client.get(f"{path}reach/", {"day": nonsense}).status_code == 200


def test_exit_conditions_say_whom_they_end_before_they_are_saved(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=3, days=1)
    one = Contact.objects.filter(city="Bonn").order_by("pk")[0]
    form = {"exit-match": "any", "exit-0-field": "email", "exit-0-op": "is", "exit-0-value": one.email}
    path = f"/sequences/{sequence.pk}/edit/leaving/"
    said = words(text(client.post(path, form)))
    assert "1 of 3 people inside matches these conditions now and leaves at the next run" in said
    assert "0 of 3 people inside match" in words(text(client.post(path, {})))
    assert client.post(path, form | {"exit-0-field": "nonsense"}).status_code == 200
    sequence.refresh_from_db()
    assert sequence.exit_conditions == []


def test_what_the_check_says_stands_beside_the_button_that_publishes(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member, template: Template
) -> None:
    live(sequence, tenant, people=1)
    add_step(sequence=sequence, kind="email", day=1, template=template, by=rep, now=NOW)
    page = text(client.get(f"/sequences/{sequence.pk}/publish/"))
    assert "day 1" in page and "second" in page


def test_who_is_through_is_said_before_all_steps_end_a_stay_again(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    Sequence.objects.update(exit_all_steps=False)
    outbox.accept_all(live(sequence, tenant, people=3, days=5))
    path = f"/sequences/{sequence.pk}/edit/leaving/"
    assert "0 of 3 people inside match these conditions now" in words(text(client.post(path, {})))
    said = words(text(client.post(path, {"exit_all_steps": "on"})))
    assert "3 have all steps behind them and are completed by it" in said
    Sequence.objects.update(exit_all_steps=True)
    work_tenant(tenant.pk, now=NOW + timedelta(days=6), is_on_time=True)
    assert set(Enrollment.objects.values_list("exit_reason", flat=True)) == {"completed"}


def test_another_time_says_the_next_run_before_it_is_saved(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=1, days=1)
    form = {"run_time": "23:59", "timezone": "Asia/Tokyo"}
    said = words(text(client.post(f"/sequences/{sequence.pk}/edit/next-run/", form)))
    assert "With this the next run is" in said and "23:59" in said and "Asia/Tokyo" in said
    assert client.post(f"/sequences/{sequence.pk}/edit/next-run/", {"run_time": "x"}).status_code == 200


def test_a_step_is_dropped_on_a_place_of_a_day(client: Client, sequence: Sequence) -> None:
    path = f"/sequences/{sequence.pk}/steps/call1/move/"
    client.post(path, {"to": "", "day": "1", "place": "0"})
    steps = list(sequence.plan.steps.order_by("day", "position").values_list("key", "day"))
    assert steps == [("call1", 1), ("email1", 1)]
    said = text(client.post(path, {"day": "99", "place": "0"}, follow=True))
    assert "A day is a number from 1 to 90." in said
    assert client.post(path, {"day": "x", "place": "9" * 30}).status_code == 302


def test_which_later_steps_would_move_follows_the_day(client: Client, sequence: Sequence) -> None:
    asked = {"new": "task", "day": "2", "push": "4"}
    page = text(
        client.get(f"/sequences/{sequence.pk}/edit/", asked, headers=HTMX | {"HX-Target": "timeline"})
    )
    shown = page[page.index('id="push"') :]
    assert "Steps on day 3 come later" in shown and 'value="4"' in shown[: shown.index("</div>")]
    asked["day"] = "3"
    page = text(
        client.get(f"/sequences/{sequence.pk}/edit/", asked, headers=HTMX | {"HX-Target": "timeline"})
    )
    assert "come later" not in page and 'id="push"' in page
    assert 'hx-select-oob="#push"' in page


def test_a_change_of_a_mail_without_a_name_is_shown_by_its_template(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=2)
    client.post(address(sequence, "email1/move/"), {"to": "", "day": "2", "place": "0"})
    page = words(text(client.get(f"/sequences/{sequence.pk}/publish/")))
    assert "Intro moves from day 1 to day 2." in page
    assert "2 mails of it wait to leave and leave as they were made." in page
    client.post(f"/sequences/{sequence.pk}/publish/")
    assert "Moved: <b>Intro</b>" in text(client.get(f"/sequences/{sequence.pk}/versions/"))


def test_what_is_refused_of_a_step_is_said_in_the_editor(client: Client, sequence: Sequence) -> None:
    answer = client.post(address(sequence, "gone/remove/"))
    assert answer["Location"] == f"/sequences/{sequence.pk}/edit/#steps"


def test_the_editor_takes_twenty_five_steps_up_to_day_90_and_says_why_no_more(
    client: Client, sequence: Sequence
) -> None:
    sequence.refresh_from_db()
    for n in range(25 - len(steps(sequence))):
        add_step(sequence=sequence, kind="task", by=sequence.owner, now=NOW, day=90 - n)
    page = client.get(f"/sequences/{sequence.pk}/edit/")
    assert page.status_code == 200 and "Day 90" in words(text(page))
    for headers in ({}, HTMX):
        path = address(sequence)
        refused = client.post(
            path, {"kind": "task", "title": "One more", "day": "90"}, headers=headers, follow=True
        )
        assert "at most 25" in text(refused)
    assert len(steps(sequence)) == 25
