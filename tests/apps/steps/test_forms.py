"""The forms of steps: steps.forms."""

import pytest

from audience.conditions.types import FieldType
from audience.fields import Field
from messaging.models import Template
from steps.forms import (
    FORMS,
    TREE_FORMS,
    CallForm,
    EmailForm,
    EmailReminderForm,
    Setting,
    StepForm,
    TaskForm,
    TreeSetting,
    UpdateForm,
)
from steps.kinds import KINDS
from steps.models import Step
from tenants.models import Tenant

SENDERS = [("", "As the sequence"), ("owner", "Owner"), ("mia@us.example", "Mia")]


@pytest.fixture
def template(tenant: Tenant) -> Template:
    return Template.objects.create(name="Intro")


def setting() -> Setting:
    return Setting(SENDERS, SENDERS, Template.objects.all(), {"contact.first_name"})


def email(data: dict) -> EmailForm:
    return EmailForm(data, setting=setting())


def faults(form: StepForm) -> dict:
    return {name: list(found) for name, found in form.errors.items()}


def test_an_email_step_takes_all_its_settings(template: Template) -> None:
    form = email(
        {"day": "3", "name": "Bump", "template": template.pk, "thread": "reply", "from": "mia@us.example"}
        | {"reply_to": "team@us.example", "cc": "a@x.example, b@x.example", "bcc": "", "track_clicks": "on"}
    )
    assert form.is_valid(), form.errors
    assert form.values == {
        "name": "Bump",
        "template": template,
        "settings": {
            "thread": "reply",
            "from": "mia@us.example",
            "reply_to": "team@us.example",
            "cc": ["a@x.example", "b@x.example"],
            "track_opens": False,
            "unsubscribe": False,
        },
    }


def test_what_is_the_default_is_not_stored(template: Template) -> None:
    on = {"track_opens": "on", "track_clicks": "on", "unsubscribe": "on"}
    form = email({"day": "1", "template": template.pk, "thread": "new", "from": "", **on})
    assert form.is_valid(), form.errors
    assert form.settings == {}


@pytest.mark.parametrize("day", ["", "0", "91", "x"])
def test_a_day_is_from_1_to_90(template: Template, day: str) -> None:
    form = email({"day": day, "template": template.pk, "thread": "new"})
    assert not form.is_valid() and list(form.errors) == ["day"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cc", "a@x.example, nobody"),
        ("reply_to", "a@x.example, b@x.example"),
        ("cc", "a@x.example\r\nBcc: all@x.example"),
        ("from", "stranger@x.example"),
        ("template", "999"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_input(template: Template, name: str, value: str) -> None:
    form = email({"day": "1", "template": template.pk, "thread": "new", name: value})
    assert not form.is_valid() and list(form.errors) == [name]


def test_a_stored_step_is_shown_as_it_is(template: Template) -> None:
    step = Step(
        kind="email", day=4, template=template, settings={"cc": ["a@x.example"], "track_opens": False}
    )
    form = EmailForm(setting=setting(), step=step)
    assert form["cc"].value() == "a@x.example"
    assert (form["track_opens"].value(), form["track_clicks"].value()) == (False, True)
    assert form["template"].value() == template.pk


def test_a_sender_who_is_gone_stays_to_be_seen(tenant: Tenant) -> None:
    step = Step(kind="email", day=1, settings={"from": "old@us.example"})
    choices = dict(EmailForm(setting=setting(), step=step).fields["from"].choices)  # type: ignore[attr-defined]
    assert choices["old@us.example"] == "old@us.example (cannot send)"


def test_a_call_has_script_outcomes_due_and_priority(tenant: Tenant) -> None:
    data = {
        "day": "2",
        "title": "Call {{ contact.first_name }}",
        "script": "Hi",
        "outcomes": "Yes\r\n no \n\nNo",
    }
    form = CallForm(data | {"due": "3", "priority": "high", "assignee": "owner"}, setting=setting())
    assert form.is_valid(), form.errors
    assert form.settings == {
        "title": "Call {{ contact.first_name }}",
        "script": "Hi",
        "outcomes": ["Yes", "no"],
        "due": {"days": 3},
        "priority": "high",
        "assignee": "owner",
    }


def test_hours_of_a_due_time_come_from_files_and_stay(tenant: Tenant) -> None:
    step = Step(kind="task", day=1, settings={"title": "T", "due": {"hours": 4}})
    form = TaskForm(
        {"day": "1", "title": "T", "due": "1", "priority": "normal"}, setting=setting(), step=step
    )
    assert form.is_valid(), form.errors
    assert form.settings["due"] == {"hours": 4, "days": 1}


def test_a_placeholder_that_is_no_field_is_named(tenant: Tenant) -> None:
    form = TaskForm(
        {"day": "1", "title": "Ask {{ contact.salary }}", "priority": "normal"}, setting=setting()
    )
    assert "contact.salary" in faults(form)["title"][0]


def test_a_fault_in_a_longer_text_is_named_with_its_line(tenant: Tenant) -> None:
    data = {"day": "1", "title": "T", "description": "One\n{% if %}", "priority": "normal"}
    assert faults(TaskForm(data, setting=setting()))["description"][0].startswith("Line 2: ")


def test_a_reminder_needs_a_title_and_an_email_reminder_does_not(template: Template) -> None:
    assert "title" in faults(CallForm({"day": "1", "priority": "normal"}, setting=setting()))
    form = EmailReminderForm({"day": "1", "priority": "normal", "template": template.pk}, setting=setting())
    assert form.is_valid(), form.errors
    assert form.values == {"name": "", "settings": {}, "template": template}


def test_every_form_knows_its_kind() -> None:
    assert {kind: form.kind for kind, form in FORMS.items()} == {kind: kind for kind in FORMS}
    works = {name for name, kind in KINDS.items() if kind.channel or kind.is_manual}
    assert set(FORMS) == works


def update(value: str) -> UpdateForm:
    amount = Field("opportunity", "amount", "amount", FieldType.MONEY)
    offered = TreeSetting(fields=[("amount", "Amount")], known={"amount": amount})
    return UpdateForm({"field": "amount", "value": value, "day": "1"}, setting=offered)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        *(("12", 12), ("0.1", 0.1), ("71,5", 71.5), ("1,234.50", 1234.5), ("1.234,50", 1234.5)),
        *(("€ 5", 5), ("-3", -3), ("999999999999999", 999_999_999_999_999), ("1234567890123.45", 1234567890123.45)),
    ],
)  # fmt: skip
def test_an_amount_is_stored_as_it_was_typed(typed: str, stored: float) -> None:
    form = update(typed)
    form.is_valid()
    assert "value" not in form.errors
    assert form.settings == {"field": "amount", "value": stored}
    assert type(form.settings["value"]) is type(stored)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("many", "A number is wanted."),
        ("nan", "A number is wanted."),
        ("1e400", "A number of at most 15 digits is wanted."),
        ("9007199254740993", "A number of at most 15 digits is wanted."),
        ("1234567890123.4567", "A number of at most 15 digits is wanted."),
    ],
)
def test_an_amount_that_cannot_be_kept_as_it_was_typed_is_refused(typed: str, said: str) -> None:
    assert faults(update(typed))["value"] == [said]


def test_each_kind_has_one_form() -> None:
    assert set(FORMS) | set(TREE_FORMS) == set(KINDS) and not set(FORMS) & set(TREE_FORMS)
