"""/sequences/new/ and /sequences/<id>/edit/: making and editing."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.test import Client

from audience.models import Account, SavedView, Suppression
from messaging.models import Template, TemplateVersion
from sequences.commands import people
from sequences.commands.editing import create_sequence
from sequences.models import Sequence, Status
from tenants.models import AuditLine, Member, Role, Tenant
from tenants.wall import use
from tests.factories import NOW, AccountFactory, ContactFactory, make_member, make_tenant
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import BONN, live


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def edit(sequence: Sequence, rest: str = "") -> str:
    return f"/sequences/{sequence.pk}/edit/{rest}"


# --- Making one ---------------------------------------------------------------------------------------------------


def test_a_new_sequence_is_a_draft_that_is_edited_next(client: Client, rep: Member) -> None:
    response = client.post("/sequences/new/", {"name": "VP Sales", "description": "", "record": "contact"})
    made = Sequence.objects.get(name="VP Sales")
    assert response["Location"] == edit(made)
    assert (made.owner, made.status) == (rep, Status.DRAFT)
    assert 'id="fold-audience" open' in text(client.get(edit(made)))


def test_a_name_that_is_taken_is_said_at_the_field_and_stays(client: Client, sequence: Sequence) -> None:
    response = client.post("/sequences/new/", {"name": "OUTBOUND", "record": "contact"})
    assert response.status_code == 422
    assert "already a sequence called" in text(response) and 'value="OUTBOUND"' in text(response)
    assert Sequence.objects.count() == 1


@pytest.mark.parametrize("field", ["kind", "record"])
def test_a_kind_or_record_that_there_is_not_is_said_at_its_field(
    client: Client, rep: Member, field: str
) -> None:
    given = {"name": "VP Sales", "record": "contact", "kind": "classic", field: "nonsense"}
    response = client.post("/sequences/new/", given)
    assert response.status_code == 422
    part = text(response).partition(f'name="{field}"')[2]
    assert "“nonsense”" in part.partition("</fieldset>")[0] and "VP Sales" in text(response)
    assert not Sequence.objects.exists()
    assert client.post("/sequences/new/", given | {field: ""}).status_code == (
        302 if field == "kind" else 422
    )


def test_who_may_not_create_gets_no_page(tenant: Tenant, sign_in: SignIn) -> None:
    client = sign_in(make_member("read_only"))
    assert client.get("/sequences/new/").status_code == 403
    assert client.post("/sequences/new/", {"name": "X", "record": "contact"}).status_code == 403
    assert not Sequence.objects.exists()


# --- Who may edit -------------------------------------------------------------------------------------------------


def test_anothers_sequence_is_not_there_and_a_shared_one_is_not_ones_own(
    sequence: Sequence, sign_in: SignIn
) -> None:
    other = sign_in(make_member("sales_rep"))
    assert other.get(edit(sequence)).status_code == 404
    Sequence.objects.update(is_shared=True)
    assert other.get(edit(sequence)).status_code == 403
    assert other.post(edit(sequence, "details/"), {"name": "Mine now"}).status_code == 403
    assert Sequence.objects.get().name == "Outbound"


def test_another_tenants_sequence_is_not_there(client: Client) -> None:
    with use(make_tenant()):
        foreign = create_sequence(name="Foreign", by=make_member("admin"), now=NOW)
    for address in (edit(foreign), f"/sequences/{foreign.pk}/", f"/sequences/{foreign.pk}/people/"):
        assert client.get(address).status_code == 404
    assert client.post(edit(foreign, "details/"), {"name": "X"}).status_code == 404


# --- Sections -----------------------------------------------------------------------------------------------------


def test_the_details_are_saved(client: Client, sequence: Sequence) -> None:
    data = {"name": "New name", "description": "D", "sender": "contact_owner"}
    assert client.post(edit(sequence, "details/"), data)["Location"] == edit(sequence, "#fold-details")
    sequence.refresh_from_db()
    assert (sequence.name, sequence.sender_mode) == ("New name", "contact_owner")


def test_a_fixed_sender_is_one_with_a_mailbox(client: Client, sequence: Sequence, rep: Member) -> None:
    client.post(edit(sequence, "details/"), {"name": "N", "sender": rep.email})
    sequence.refresh_from_db()
    assert (sequence.sender_mode, sequence.sender) == ("member", rep)
    stranger = make_member("sales_rep")
    assert client.post(edit(sequence, "details/"), {"name": "N", "sender": stranger.email}).status_code == 422


def test_the_audience_is_saved_with_its_conditions_and_views(client: Client, sequence: Sequence) -> None:
    view = SavedView.objects.create(name="Leads", is_shared=True)
    data = {"record": "contact", "views": [view.pk], "unique_email": "on", "entry-match": "any"}
    rows = {"entry-0-field": "score", "entry-0-op": ">", "entry-0-value": "80"}
    rows |= {"entry-1-field": "tags", "entry-1-op": "has_any", "entry-1-value": "hot"}
    response = client.post(edit(sequence, "audience/"), data | rows)
    assert response.status_code == 302, text(response)
    sequence.refresh_from_db()
    assert sequence.entry_match == "any" and sequence.unique_email
    assert sequence.entry_conditions == [
        {"field": "score", "op": ">", "value": 80},
        {"field": "tags", "op": "has_any", "value": ["hot"]},
    ]
    assert [link.view for link in sequence.sequence_views.all()] == [view]


def test_a_wrong_condition_stays_with_its_fault_and_nothing_is_saved(
    client: Client, sequence: Sequence
) -> None:
    data = {"record": "contact", "entry-0-field": "score", "entry-0-op": ">", "entry-0-value": "many"}
    response = client.post(edit(sequence, "audience/"), data)
    assert response.status_code == 422
    page = text(response)
    assert "A number is wanted." in page and 'value="many"' in page and 'id="fold-audience" open' in page
    sequence.refresh_from_db()
    assert sequence.entry_conditions == BONN


def test_a_ninth_condition_is_refused(client: Client, sequence: Sequence) -> None:
    rows = {
        f"entry-{n}-{part}": value for n in range(9) for part, value in (("field", "city"), ("op", "empty"))
    }
    response = client.post(edit(sequence, "audience/"), {"record": "contact"} | rows)
    assert response.status_code == 422 and "At most 8 conditions" in text(response)


def test_a_view_of_another_member_cannot_be_chosen(client: Client, sequence: Sequence) -> None:
    view = SavedView.objects.create(name="Private", owner=make_member("sales_rep"))
    assert "Private" not in text(client.get(edit(sequence)))
    response = client.post(edit(sequence, "audience/"), {"record": "contact", "views": [view.pk]})
    assert response.status_code == 422


def test_the_timing_is_saved(client: Client, sequence: Sequence) -> None:
    data = {"run_time": "10:15", "timezone": "Asia/Kolkata", "exclude_weekends": "on"}
    data |= {"holidays": "2026-12-25 Christmas\n\n2026-05-01", "window_start": "08:00", "window_end": "18:00"}
    assert client.post(edit(sequence, "timing/"), data).status_code == 302
    sequence.refresh_from_db()
    assert (sequence.run_time, str(sequence.timezone)) == (time(10, 15), "Asia/Kolkata")
    assert sequence.holidays == ["2026-05-01", "2026-12-25"]
    assert sequence.window_end == time(18)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"timezone": "Europe/Atlantis"}, "there is no time zone"),
        ({"timezone": "europe/berlin"}, "did you mean Europe/Berlin"),
        ({"run_time": ""}, "Choose the time of day."),
        ({"run_time": "25:00"}, "A time is wanted"),
        ({"holidays": "25.12.2026"}, "“25.12.2026” is no date"),
        ({"holidays": "2026-02-30"}, "“2026-02-30” is no date"),
        ({"window_start": "08:00"}, "Give both times"),
        ({"window_start": "18:00", "window_end": "08:00"}, "ends before it begins"),
    ],
)
def test_a_wrong_timing_is_said_at_its_field(
    client: Client, sequence: Sequence, wrong: dict[str, str], words: str
) -> None:
    response = client.post(
        edit(sequence, "timing/"), {"run_time": "09:00", "timezone": "Europe/Berlin"} | wrong
    )
    assert response.status_code == 422
    assert words.lower() in text(response).lower()
    sequence.refresh_from_db()
    assert sequence.run_time == time(9)


def test_public_holidays_fill_the_list_before_it_is_saved(client: Client, sequence: Sequence) -> None:
    data = {"run_time": "09:00", "timezone": "Europe/Berlin", "holidays": "", "fill": "1", "country": "DE"}
    page = text(client.post(edit(sequence, "timing/"), data))
    assert "-12-25" in page
    sequence.refresh_from_db()
    assert sequence.holidays == []


def test_the_exit_criteria_are_saved(client: Client, sequence: Sequence) -> None:
    data = {"exit_replied": "on", "out_of_office": "ignore", "reentry_days": "30", "exit-match": "any"}
    data |= {"exit-0-field": "step.email1.bounced", "exit-0-op": "is", "exit-0-value": "true"}
    response = client.post(edit(sequence, "exit/"), data)
    assert response.status_code == 302, text(response)
    sequence.refresh_from_db()
    assert (sequence.exit_replied, sequence.exit_bounced, sequence.reentry_days) == (True, False, 30)
    assert sequence.exit_conditions == [{"field": "step.email1.bounced", "op": "is", "value": True}]


def test_a_section_that_is_none_is_not_there(client: Client, sequence: Sequence) -> None:
    assert client.post(edit(sequence, "nonsense/"), {}).status_code == 404


# --- The builder --------------------------------------------------------------------------------------------------


def test_a_button_of_the_builder_saves_nothing_also_without_js(client: Client, sequence: Sequence) -> None:
    data = {
        "record": "contact",
        "entry-0-field": "city",
        "entry-0-op": "is",
        "entry-0-value": "Köln",
        "entry-add": "1",
    }
    response = client.post(edit(sequence, "audience/"), data)
    assert response.status_code == 200 and 'name="entry-1-field"' in text(response)
    sequence.refresh_from_db()
    assert sequence.entry_conditions == BONN


def test_the_builder_is_drawn_anew_alone(client: Client, sequence: Sequence) -> None:
    data = {"record": "contact", "entry-0-field": "score", "entry-0-op": "between"}
    part = text(client.post(edit(sequence, "conditions/entry/"), data, headers={"HX-Request": "true"}))
    assert "<html" not in part and 'name="entry-0-value2"' in part


def test_a_change_of_the_record_keeps_the_fields(client: Client, sequence: Sequence) -> None:
    data = {"record": "account", "entry-record": "contact", "entry-0-field": "city", "entry-0-op": "empty"}
    part = text(client.post(edit(sequence, "conditions/entry/"), data))
    assert '<option value="contact.city" selected>' in part


def test_the_count_and_the_examples_follow_the_form(client: Client, sequence: Sequence) -> None:
    ContactFactory(first_name="Ann", last_name="Ott", city="Bonn")
    ContactFactory(city="Bonn", email="", email_norm=None)
    ContactFactory(city="Köln")
    data = {"record": "contact", "entry-0-field": "city", "entry-0-op": "is", "entry-0-value": "bonn"}
    part = text(client.post(edit(sequence, "preview/"), data))
    assert "<b>2</b>" in part and "Ann Ott" in part
    assert "Nobody enters" in text(client.post(edit(sequence, "preview/"), {"record": "contact"}))
    data["entry-0-value"] = ""
    assert "Complete the conditions" in text(client.post(edit(sequence, "preview/"), data))


def test_companies_bring_their_contacts(client: Client, sequence: Sequence) -> None:
    firm = Account.objects.create(name="Acme", created_at=NOW)
    ContactFactory(account=firm)
    data = {"record": "account", "entry-0-field": "name", "entry-0-op": "is", "entry-0-value": "acme"}
    assert "<b>1</b>" in text(client.post(edit(sequence, "preview/"), data))


# --- The check ----------------------------------------------------------------------------------------------------


def test_a_draft_with_faults_names_each_and_is_not_activated(
    client: Client, sequence: Sequence, template: Template
) -> None:
    Template.objects.update(archived_at=NOW)
    page = text(client.get(edit(sequence)))
    assert "is archived" in page and "?step=email1#step-email1" not in page
    assert f"/templates/{template.pk}/edit/" in page
    response = client.post(f"/sequences/{sequence.pk}/activate/")
    assert response["Location"] == edit(sequence, "#review")
    sequence.refresh_from_db()
    assert sequence.status == Status.DRAFT


def test_activating_for_more_than_the_workspaces_number_asks_for_theirs(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(confirm_above=2)
    for _ in range(3):
        ContactFactory(city="Bonn")
    people.add(sequence=sequence, contacts=[ContactFactory(city="Ulm").pk], by=rep, now=NOW)
    Suppression.objects.create(
        channel="email", address_norm=ContactFactory(city="Bonn").email, reason="bounced", at=NOW
    )
    url, ask = f"/sequences/{sequence.pk}/activate/", f"/sequences/{sequence.pk}/activate/ask/"
    assert client.post(url)["Location"] == ask
    page = text(client.get(ask))
    assert "Activate for 4 people?" in page
    for typed in ("", "3", "400", "four"):
        again = text(client.post(url, {"people": typed}, follow=True))
        assert "That is not their number" in again and 'aria-invalid="true"' in again
    sequence.refresh_from_db()
    assert sequence.status == Status.DRAFT
    assert "Outbound is active." in text(client.post(url, {"people": " 4 "}, follow=True))
    assert AuditLine.objects.get(verb="sequence.activate").data["people"] == 4
    assert client.get(ask)["Location"].endswith("/edit/#review")


def test_without_a_postal_address_nothing_is_activated(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(postal_address="")
    page = text(client.post(f"/sequences/{sequence.pk}/activate/", follow=True))
    assert "The workspace has no postal address" in page
    assert 'href="/settings/workspace/"' in page


def test_a_sound_draft_is_activated(client: Client, sequence: Sequence) -> None:
    assert "Everything is in order" in text(client.get(edit(sequence)))
    client.post(f"/sequences/{sequence.pk}/activate/")
    sequence.refresh_from_db()
    assert sequence.status == Status.ACTIVE


def test_the_editor_asks_a_bounded_number_of_questions(
    client: Client, sequence: Sequence, tenant: Tenant, django_assert_max_num_queries: Any
) -> None:
    """Twenty-five (performance of pages at a million), of which a test's savepoint is two."""
    live(sequence, tenant)
    for place in ("", "?step=email1", "?new=email", "?open=audience", "calendar/"):
        client.get(edit(sequence, place))
        with django_assert_max_num_queries(27):
            client.get(edit(sequence, place))


def test_people_who_lack_what_a_template_needs_are_counted(
    client: Client, sequence: Sequence, template: Template
) -> None:
    TemplateVersion.objects.update(needed=["contact.first_name", "account.name"])
    ContactFactory(city="Bonn", first_name="")
    ContactFactory(city="Bonn")
    part = text(client.get(edit(sequence, "doubts/")))
    assert "1 of 2 people has no contact.first_name" in part
    assert "2 of 2 people have no account.name" in part
    assert "?step=email1#step-email1" in part


def test_the_review_says_how_many_who_match_are_refused_and_why(client: Client, sequence: Sequence) -> None:
    ContactFactory.create_batch(3, city="Bonn")
    part = text(client.get(edit(sequence, "doubts/")))
    assert "3 people match the audience" in part and "would not come in" not in part
    gone = ContactFactory(city="Bonn")
    Suppression.objects.create(channel="email", address_norm=gone.email, reason="unsubscribed", at=NOW)
    part = text(client.get(edit(sequence, "doubts/")))
    assert "1 of the 4 who match would not come in, 3 would." in part
    assert "<b>1</b> unsubscribed or bounced" in part


def test_an_audience_of_nobody_is_said(client: Client, sequence: Sequence) -> None:
    assert "Nobody matches" in text(client.get(edit(sequence, "doubts/")))
    Sequence.objects.update(entry_conditions=[])
    assert text(client.get(edit(sequence, "doubts/"))).strip() == ""


def test_how_long_the_first_mails_take_is_forecast(client: Client, sequence: Sequence, rep: Member) -> None:
    Member.objects.filter(pk=rep.pk).update(emails_per_day=2)
    ContactFactory.create_batch(5, city="Bonn")
    data = {"record": "contact", "entry-0-field": "city", "entry-0-op": "is", "entry-0-value": "bonn"}
    assert "over 3 runs" in text(client.post(edit(sequence, "preview/"), data))


def test_a_company_is_picked_by_the_beginning_of_its_name(client: Client, sequence: Sequence) -> None:
    acme = AccountFactory(name="Acme")
    AccountFactory(name="Ajax")
    AccountFactory(name="Bolt")
    form = {"entry-match": "all", "entry-0-field": "account", "entry-0-op": "is", "entry-0-find": "A"}
    part = text(client.post(f"/sequences/{sequence.pk}/edit/conditions/entry/", form))
    assert f'<option value="{acme.pk}">Acme</option>' in part and "Ajax" in part and "Bolt" not in part
    form |= {"entry-0-value": str(acme.pk), "entry-0-find": "", "record": "contact"}
    client.post(f"/sequences/{sequence.pk}/edit/audience/", form)
    sequence.refresh_from_db()
    assert sequence.entry_conditions == [{"field": "account", "op": "is", "value": str(acme.pk)}]
    page = text(client.get(f"/sequences/{sequence.pk}/edit/"))
    assert f'<option value="{acme.pk}" selected>Acme</option>' in page and "company is Acme" in page


def test_records_that_one_may_not_see_are_not_offered(
    client: Client, sequence: Sequence, rep: Member
) -> None:
    AccountFactory(name="Acme")
    Role.objects.filter(pk=rep.role_id).update(permissions=rep.role.permissions | {"record.view": "none"})
    form = {"entry-match": "all", "entry-0-field": "account", "entry-0-op": "is", "entry-0-find": "A"}
    assert "Acme" not in text(client.post(f"/sequences/{sequence.pk}/edit/conditions/entry/", form))


def test_the_views_offered_are_those_of_the_record_that_is_chosen(client: Client, sequence: Sequence) -> None:
    SavedView.objects.create(name="People", record="contact")
    path = f"/sequences/{sequence.pk}/edit/"
    assert "People" in text(client.get(f"{path}?open=audience"))
    part = text(client.post(f"{path}conditions/entry/", {"record": "account", "entry-match": "all"}))
    assert 'id="entry-views" hx-swap-oob="true"' in part and "People" not in part
    assert "filter your companies" in part
    mine = SavedView.objects.get()
    refused = client.post(f"{path}audience/", {"record": "account", "entry-match": "all", "views": [mine.pk]})
    assert refused.status_code == 422 and "one of another kind of record" in text(refused)


def test_a_folded_section_says_what_is_not_as_usual(client: Client, sequence: Sequence) -> None:
    Sequence.objects.filter(pk=sequence.pk).update(
        unique_email=True, exclusive=True, reentry_days=1, out_of_office="ignore"
    )
    page = text(client.get(edit(sequence)))
    assert "; one for each email address; exclusive" in page
    assert "; comes back 1 day after the exit; out-of-office replies are ignored" in page
