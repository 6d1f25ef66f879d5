"""Templates are checked on save, versioned, and shown as a contact would get them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from audience.catalogue import make_field
from audience.conditions.types import FieldType
from audience.models import ContactTag, CustomField
from messaging.models import TemplateVersion
from messaging.templating import TemplateRefused, preview, save_template
from tenants.models import AuditLine, Member, Tenant
from tests.factories import NOW, AccountFactory, ContactFactory, OpportunityFactory, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(tenant: Tenant) -> Member:
    return make_member(signature="<p>Mia, {{ sender.email }}</p>")


def save(mia: Member, subject: str = "Hi", body: str = "<p>Hi</p>", **more: Any) -> TemplateVersion:
    return save_template(by=mia, subject=subject, body=body, now=NOW, **{"name": "Intro", **more})


def faults(mia: Member, **given: Any) -> list[tuple[str, int]]:
    with pytest.raises(TemplateRefused) as refused:
        save(mia, **given)
    return [(fault.place, fault.line) for fault in refused.value.faults]


def test_2_31_what_it_needs_is_kept_with_the_version(mia: Member) -> None:
    version = save(
        mia,
        "{{ contact.first_name }}",
        "{{ job_title | default: 'you' }} {% if city %}{{ account.name }}{% endif %}",
    )
    assert (version.number, version.needed) == (1, ["contact.first_name"])
    assert version.template.current == version
    assert AuditLine.objects.get().verb == "template.made"


def test_2_32_each_change_is_a_version_of_its_own(mia: Member) -> None:
    first = save(mia)
    assert save(mia, template=first.template) == first, "nothing changed"
    second = save(mia, "Hello", template=first.template)
    assert (second.number, second.template.current) == (2, second)
    first.refresh_from_db()
    assert first.subject == "Hi"


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"subject": "{{ contact.frist_name }}"}, [("subject", 1)]),
        ({"body": "<p>x</p>\n{{ nobody }}"}, [("body", 2)]),
        ({"body": "{% for i in (1..9999999) %}x{% endfor %}"}, [("body", 1)]),
        ({"body": "{{ city | upcase | default: 'x' }}"}, [("body", 1)]),
        ({"body": "{{ open"}, [("body", 1)]),
        ({"name": " "}, [("name", 1)]),
        ({"subject": ""}, [("subject", 1)]),
        ({"body": " "}, [("body", 1)]),
    ],
)
def test_each_fault_is_named_at_its_place_and_nothing_is_saved(
    mia: Member, given: dict[str, str], where: list[tuple[str, int]]
) -> None:
    assert faults(mia, **given) == where
    assert not TemplateVersion.objects.exists()


def test_a_name_is_taken_without_case(mia: Member) -> None:
    save(mia)
    assert faults(mia, name="INTRO") == [("name", 1)]


def test_custom_fields_of_the_workspace_are_known(mia: Member) -> None:
    make_field("contact", "shoe_size", FieldType.NUMBER)
    assert save(mia, body="{{ contact.shoe_size }}").needed == ["contact.shoe_size"]


def test_a_preview_shows_every_kind_of_value(mia: Member) -> None:
    field = make_field("contact", "shoe_size", FieldType.NUMBER)
    make_field("account", "vip", FieldType.YES_NO)
    account = AccountFactory(name="Acme", owner=make_member(), employees=12.0)
    contact = ContactFactory(first_name="Ann", owner=mia, account=account, **{field.column: 41.5})
    ContactTag.objects.create(record=contact, label="Hot")
    deal = OpportunityFactory(name="Big", amount=5000.0, close_on=date(2026, 6, 1))
    body = (
        "{{ first_name }} {{ contact.account }} {{ account.owner }} {{ account.employees }} {{ account.vip }} "
        "{{ contact.shoe_size }} {{ contact.tags | join: ',' }} {{ opportunity.amount }} "
        "{{ opportunity.close_on | date: '%d.%m.%Y' }} {{ owner.name }}"
    )
    found = preview("{{ opportunity.name }}", body, contact=contact, sender=mia, opportunity=deal)
    assert account.owner is not None
    assert found.subject == "Big"
    assert found.text.splitlines()[0] == (
        f"Ann Acme {account.owner.name} 12 No 41.5 Hot 5000 01.06.2026 {mia.name}"
    )
    assert mia.email in found.html
    assert found.missing == ()


@pytest.mark.parametrize(
    ("held", "said"), [(True, "Yes yes 1 on"), (False, "No no 0 off"), (None, "No no 0 off")]
)
def test_a_yes_or_no_is_asked_as_such_and_written_as_words(mia: Member, held: bool | None, said: str) -> None:
    field = make_field("contact", "vip", FieldType.YES_NO)
    contact = ContactFactory(**{field.column: held})
    body = (
        "{{ vip }} {% if vip %}yes{% else %}no{% endif %} {% if contact.vip == true %}1{% else %}0{% endif %} "
        "{% unless vip %}off{% else %}on{% endunless %}"
    )
    found = preview("Hello", body, contact=contact, sender=mia)
    assert found.text.splitlines()[0] == said


def test_a_preview_names_what_the_contact_lacks_and_shows_the_rest(mia: Member) -> None:
    found = preview("Hi {{ city }}", "{{ opportunity.name }}x", contact=ContactFactory(city=" "), sender=mia)
    assert (found.subject, found.missing) == ("Hi", ("contact.city", "opportunity.name"))


def test_a_field_that_was_retired_is_empty(mia: Member) -> None:
    field = make_field("contact", "old", FieldType.TEXT)
    CustomField.objects.filter(pk=field.pk).update(retired_at=NOW)
    assert preview("{{ contact.old }}", "x", contact=ContactFactory()).missing == ("contact.old",)
