"""The editor of smart and adaptive sequences: a list and a tree, by forms and links alone (semantics 4.2, 5.1, 6.2)."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from messaging.models import Template
from sequences.commands.planning import add_step
from sequences.commands.status import activate
from sequences.files.exporting import export
from sequences.models import Sequence
from tenants.models import Member, Tenant
from tests.factories import NOW
from tests.pages.sequences.building import HTMX, REPLIED, add, added, grown, page, press, shape, steps, text
from tests.pages.sequences.conftest import live


def test_a_new_sequence_is_of_any_kind(client: Client, rep: Member) -> None:
    first = text(client.get("/sequences/new/"))
    for words in ("Classic", "Smart", "Adaptive", "By relevance.", "By answer.", "kind-picture"):
        assert words in first
    for kind in ("classic", "smart", "adaptive"):
        response = client.post("/sequences/new/", {"name": kind, "record": "contact", "kind": kind})
        made = Sequence.objects.get(name=kind)
        assert made.kind == kind
        assert response["Location"] == f"/sequences/{made.pk}/edit/"
        assert page(client, made)
    tree = Sequence.objects.get(name="adaptive")
    assert not tree.exit_replied
    assert tree.run_time is None
    assert f"{tree.hours_start:%H:%M} {tree.hours_end:%H:%M}" == "09:00 17:00"


def test_a_kind_that_is_none_is_refused_at_its_place(client: Client) -> None:
    response = client.post("/sequences/new/", {"name": "X", "record": "contact", "kind": "magic"})
    assert response.status_code == 422
    assert "“magic” is no type of sequence" in text(response)
    assert not Sequence.objects.filter(name="X").exists()


def test_a_clone_has_the_whole_tree(client: Client, tree: Sequence, template: Template) -> None:
    grown(client, tree, template)
    client.post(f"/sequences/{tree.pk}/clone/")
    made = Sequence.objects.get(name="Tree (copy)")
    assert shape(made) == shape(tree)
    assert (made.kind, made.hours_start, made.hours_end) == ("adaptive", tree.hours_start, tree.hours_end)


def test_the_plus_offers_every_kind(client: Client, tree: Sequence, smart: Sequence) -> None:
    found = page(client, tree, "edit/?add=start")
    for words in (
        "First of all.",
        "Email reminder",
        "Call",
        "Wait",
        "Update field",
        "Go to another sequence",
    ):
        assert words in found
    assert "new=condition&amp;at=start&amp;ask=call" in found
    part = text(client.get(f"/sequences/{tree.pk}/edit/?add=start", headers=HTMX))
    assert "<html" not in part
    assert "data-panel" in part
    assert 'id="timeline" hx-swap-oob="true"' in part
    of_a_list = page(client, smart, "edit/?add=start")
    assert "new=email" in of_a_list
    assert "new=wait" not in of_a_list
    assert client.get(f"/sequences/{smart.pk}/edit/?new=wait&at=end").status_code == 404


def test_a_tree_is_built_by_forms(client: Client, tree: Sequence, template: Template) -> None:
    grown(client, tree, template)
    added(client, tree, "wait", "after:call1", days="2", hours="3")
    added(client, tree, "email_reminder", "after:wait1", title="Write", assignee="owner")
    added(client, tree, "update_field", "after:if1", field="lifecycle_stage", value="Customer")
    assert shape(tree) == [
        "email1",
        "if1",
        *("yes of if1: call1", "yes of if1: wait1", "yes of if1: mail1"),
        "no of if1: task1",
        "set1",
    ]
    by_key = {step.key: step for step in steps(tree)}
    assert by_key["if1"].settings == {"of": "email1", "event": "replied", "within": {"days": 3}}
    assert by_key["wait1"].settings == {"for": {"days": 2, "hours": 3}}
    assert by_key["set1"].settings == {"field": "lifecycle_stage", "value": "Customer"}
    found = page(client, tree)
    for words in ("is replied to within 3 days?", "Wait 2 days 3 hours", "Set lifecycle stage to Customer"):
        assert words in found
    for arm in ("arm arm-yes", "arm arm-no"):
        assert arm in found


def test_what_was_built_is_what_a_file_says(client: Client, tree: Sequence, template: Template) -> None:
    grown(client, tree, template)
    written = export([Sequence.objects.get(pk=tree.pk)])
    for words in ("kind: adaptive", "within: {days: 3}", "'yes':", "'no':", "hours: '09:00-17:00'"):
        assert words in written, written


def test_a_condition_asks_about_a_call_or_about_fields(client: Client, tree: Sequence) -> None:
    values = {"title": "Ring", "assignee": "owner", "priority": "normal", "outcomes": "Yes please\nNo"}
    added(client, tree, "call", **values)
    added(client, tree, "condition", ask="call", call="call1", outcomes="Yes please")
    fields = {"step-0-field": "city", "step-0-op": "is", "step-0-value": "Bonn", "days": "nonsense"}
    added(client, tree, "condition", ask="fields", **fields)
    by_key = {step.key: step for step in steps(tree)}
    assert by_key["if1"].settings == {"of": "call1", "outcomes": ["Yes please"]}
    assert by_key["if2"].settings == {}
    assert by_key["if2"].conditions == [{"field": "city", "op": "is", "value": "Bonn"}]
    assert "city is “Bonn”" in re.sub(r"<[^>]+>", "", page(client, tree)) or "Bonn" in page(client, tree)
    client.post(
        f"/sequences/{tree.pk}/steps/if2/",
        {"kind": "condition", "ask": "call", "call": "call1", "outcomes": "No", **fields},
    )
    changed = {step.key: step for step in steps(tree)}["if2"]
    assert (changed.settings, changed.conditions) == ({"of": "call1", "outcomes": ["No"]}, [])


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("wait", {}, "Say how long: more than nothing."),
        ("wait", {"days": "31"}, "A wait lasts at most 30 days."),
        ("wait", {"days": "two"}, "A whole number is wanted."),
        ("wait", {"days": "30", "minutes": "1"}, "A wait lasts at most 30 days."),
        ("condition", {"ask": ""}, "Choose what it asks about."),
        (
            "condition",
            {"ask": "mail", "event": "opened", "days": "1"},
            "Choose the email that is asked about.",
        ),
        (
            "condition",
            {"ask": "mail", "mail": "email1", "event": "opened"},
            "Say how long: more than nothing.",
        ),
        ("condition", {"ask": "mail", "mail": "gone9", "event": "opened", "days": "1"}, "gone9"),
        ("condition", {"ask": "call"}, "Choose the call that is asked about."),
        ("condition", {"ask": "call", "call": "call1"}, "Tick at least one outcome."),
        ("condition", {"ask": "fields"}, "Add at least one condition"),
        ("update_field", {}, "Choose the field."),
        ("update_field", {"field": "score", "value": "many"}, "A number is wanted."),
        ("update_field", {"field": "owner", "value": "nobody@x.example"}, "There is no user"),
        ("update_field", {"field": "nonsense", "value": "x"}, "is no field to be updated"),
        ("advance", {}, "Choose the sequence in which they go on."),
        ("advance", {"sequence": "Nowhere"}, "cannot be chosen"),
    ],
)
def test_bad_input_is_said_at_its_place(
    client: Client, tree: Sequence, template: Template, kind: str, values: dict[str, str], words: str
) -> None:
    grown(client, tree, template)
    response = add(client, tree, kind, "after:email1", **values)
    assert response.status_code == 422
    assert words in text(response)
    assert 'name="at" value="after:email1"' in text(response)
    assert len(steps(tree)) == 4


def test_the_value_of_an_update_suits_its_field(client: Client, tree: Sequence) -> None:
    asked = {"kind": "update_field", "at": "end", "refresh": "1", "name": "Mark"}
    for field, control in (
        ("owner", '<select id="id_value"'),
        ("contact.owner", ""),
        ("lifecycle_stage", 'list="id_value-list"'),
        ("account.employees", 'inputmode="decimal"'),
        ("opportunity.close_on", 'type="date"'),
    ):
        response = client.post(f"/sequences/{tree.pk}/steps/", asked | {"field": field})
        assert response.status_code == 200
        assert control in text(response), field
        assert 'value="Mark"' in text(response)
    assert not steps(tree)
    added(client, tree, "update_field", field="tags", value="hot, won")
    added(client, tree, "update_field", field="opportunity.close_on", value="2026-12-24")
    added(client, tree, "update_field", field="score", value="12")
    added(client, tree, "update_field", field="city")
    assert [step.settings for step in steps(tree)] == [
        {"field": "tags", "value": ["hot", "won"]},
        {"field": "opportunity.close_on", "value": "2026-12-24"},
        {"field": "score", "value": 12},
        {"field": "city"},
    ]
    assert "hot, won" in page(client, tree, "edit/?step=set1")


@pytest.mark.parametrize(
    ("typed", "number"), [("1,5", 1.5), ("1,500", 1500), ("-2.25", -2.25), ("1 000", 1000)]
)
def test_a_number_is_read_as_its_writer_means_it(
    client: Client, tree: Sequence, typed: str, number: float
) -> None:
    added(client, tree, "update_field", field="opportunity.amount", value=typed)
    assert steps(tree)[0].settings["value"] == number


@pytest.mark.parametrize("typed", ["nan", "inf", "٣", "1,2,3"])
def test_what_is_no_number_is_said_at_its_place(client: Client, tree: Sequence, typed: str) -> None:
    response = add(client, tree, "update_field", field="score", value=typed)
    assert response.status_code == 422
    assert "A number is wanted." in text(response)


def test_an_update_whose_file_names_the_record_can_be_edited(
    client: Client, tree: Sequence, rep: Member
) -> None:
    named = {"field": "contact.lifecycle_stage", "value": "Lost"}
    add_step(sequence=tree, kind="update_field", by=rep, now=NOW, settings=named)
    assert "Set lifecycle stage to Lost" in page(client, tree)
    panel = page(client, tree, "edit/?step=set1")
    assert '<option value="lifecycle_stage" selected>' in panel
    given = {"field": "lifecycle_stage", "value": "Customer"}
    client.post(f"/sequences/{tree.pk}/steps/set1/", given)
    assert steps(tree)[0].settings == given
    added(client, tree, "update_field", field="account.name", value="Acme")
    added(client, tree, "update_field", field="tags", value="hot, won")
    shown = page(client, tree)
    assert "Set company name to Acme" in shown
    assert "Set tags to hot, won" in shown


def test_panels_and_reminders_name_kinds_as_the_picker_does(client: Client, tree: Sequence) -> None:
    assert "Add move to another sequence" in page(client, tree, "edit/?new=advance&at=end")
    assert "Add field update" in page(client, tree, "edit/?new=update_field&at=end")
    reminders = page(client, tree, "reminders/")
    assert "Email reminder" in reminders and "SMS reminder" in reminders and "Manual" not in reminders


def test_advancing_offers_active_sequences_of_the_same_record(
    client: Client, tree: Sequence, sequence: Sequence, tenant: Tenant
) -> None:
    assert "No other sequence" in page(client, tree, "edit/?new=advance&at=end")
    live(sequence, tenant)
    found = page(client, tree, "edit/?new=advance&at=end")
    assert '<option value="Outbound">' in found
    added(client, tree, "call", title="Ring", assignee="owner")
    added(client, tree, "advance", sequence="Outbound")
    assert "Go on in Outbound" in page(client, tree)


def test_a_fault_leads_to_its_node(client: Client, tree: Sequence, template: Template) -> None:
    added(client, tree, "email", template=str(template.pk), thread="new")
    added(client, tree, "wait", "end", days="1")
    found = page(client, tree)
    assert "something must follow a wait" in found
    assert 'href="?step=wait1#step-wait1"' in found
    added(client, tree, "condition", "after:email1", mail="email1", **REPLIED)
    press(client, tree, "email1/remove")
    assert "the plan has no step “email1”" in page(client, tree)


def test_a_condition_that_asks_about_nothing_is_a_fault(client: Client, rep: Member, tree: Sequence) -> None:
    add_step(sequence=tree, kind="condition", by=rep, now=NOW)
    assert "Step 1: it asks about nothing yet." in page(client, tree)


def test_a_tree_has_working_hours_and_exits_of_its_own(client: Client, tree: Sequence) -> None:
    found = page(client, tree, "edit/?open=timing")
    assert 'name="hours_start"' in found
    assert 'name="run_time"' not in found
    hours = {"hours_start": "08:30", "hours_end": "00:00", "timezone": "Europe/Berlin"}
    assert client.post(f"/sequences/{tree.pk}/edit/timing/", hours).status_code == 302
    tree.refresh_from_db()
    assert (str(tree.hours_start), str(tree.hours_end)) == ("08:30:00", "00:00:00")
    wrong = client.post(f"/sequences/{tree.pk}/edit/timing/", hours | {"hours_end": "08:00"})
    assert wrong.status_code == 422
    assert "working hours do not cross midnight" in text(wrong)


def test_an_active_tree_is_edited_on_a_draft(
    client: Client, rep: Member, tree: Sequence, template: Template
) -> None:
    grown(client, tree, template)
    tree.refresh_from_db()
    activate(sequence=tree, by=rep, now=NOW)
    added(client, tree, "wait", "after:call1", days="1")
    added(client, tree, "call", "after:wait1", title="Again", assignee="owner")
    tree.refresh_from_db()
    assert tree.draft is not None
    assert tree.plan.steps.count() == 4
    assert shape(tree)[2:5] == ["yes of if1: call1", "yes of if1: wait1", "yes of if1: call2"]
    found = page(client, tree)
    assert "2 changes not yet published." in found
    asked = page(client, tree, "publish/")
    assert "wait1" in asked or "Wait 1 day" in asked
    client.post(f"/sequences/{tree.pk}/discard/")
    tree.refresh_from_db()
    assert tree.draft is None


def test_a_step_of_a_tree_is_not_switched_off(client: Client, tree: Sequence) -> None:
    added(client, tree, "call", title="Ring", assignee="owner")
    assert "not switched off" in press(client, tree, "call1/switch", to="off")
    assert not steps(tree)[0].is_off


def test_the_overview_and_the_list_know_no_days_where_there_are_none(
    client: Client, tree: Sequence, smart: Sequence, template: Template
) -> None:
    grown(client, tree, template)
    added(client, smart, "email", template=str(template.pk), thread="new")
    found = page(client, tree, "")
    assert "arm arm-yes" in found
    assert "is replied to within 3 days?" in found
    for shown in (found, page(client, smart, ""), text(client.get("/sequences/"))):
        assert not re.search(r"Day (0|None)|· 0 days", shown)
    assert "<span>Day</span>" not in page(client, smart, "")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("email", {"thread": "new"}),
        ("email_reminder", {"title": "Write"}),
        ("call", {"title": "Ring"}),
        ("task", {"title": "Look"}),
        ("sms", {"text": "Hello"}),
        ("sms_reminder", {"title": "Write", "text": "Hello"}),
        ("linkedin", {"action": "connect", "title": "Connect"}),
        ("wait", {"days": "1"}),
        ("condition", {"ask": "fields", "step-0-field": "city", "step-0-op": "not_empty"}),
        ("update_field", {"field": "city", "value": "Bonn"}),
        ("advance", {"sequence": "Outbound"}),
    ],
)
def test_every_kind_of_step_stands_in_a_tree(
    client: Client,
    tenant: Tenant,
    tree: Sequence,
    sequence: Sequence,
    template: Template,
    kind: str,
    values: dict[str, str],
) -> None:
    assert "new=linkedin" not in page(client, tree, "edit/?add=start")
    tenant.has_linkedin = True
    tenant.save()
    live(sequence, tenant)
    given = values | ({"template": str(template.pk)} if kind == "email" else {})
    assert f"new={kind}" in page(client, tree, "edit/?add=start")
    assert "data-panel" in page(client, tree, f"edit/?new={kind}&at=start")
    added(client, tree, kind, "start", **given)
    made = steps(tree)[0]
    assert (made.kind, made.day) == (kind, None)
    assert f'id="step-{made.key}"' in page(client, tree, f"edit/?step={made.key}")
    again = client.post(
        f"/sequences/{tree.pk}/steps/{made.key}/",
        {"kind": kind, "name": "Mine", "priority": "normal", "step-match": "all"} | given,
    )
    assert again.status_code == 302
    assert (steps(tree)[0].name, steps(tree)[0].settings) == ("Mine", made.settings)
