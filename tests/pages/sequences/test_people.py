"""/sequences/<id>/people/: the list, bulk verbs, adding; and the fragment of a contact's page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.utils.timezone import now

from audience.models import Contact, SavedView, Suppression
from messaging import outbox
from messaging.commands.sending import change_trial
from messaging.models import Message
from sequences import enrollment
from sequences.commands.editing import change_settings, create_sequence
from sequences.commands.planning import add_step
from sequences.commands.status import activate
from sequences.models import Addition, Enrollment, Sequence
from sequences.reading import paging
from sequences.reading.live import coming
from sequences.reading.people import people as listed
from sequences.reading.people import rows_of
from sequences.ticking import work_tenant
from sequences.views.people import asked_of
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import BONN, leave, live


def text(response: Any) -> str:
    return response.content.decode()


def people(sequence: Sequence, rest: str = "") -> str:
    return f"/sequences/{sequence.pk}/people/{rest}"


def contacts(sequence: Sequence) -> list[int]:
    stays = Enrollment.objects.filter(sequence=sequence).order_by("pk")
    return list(stays.values_list("contact_id", flat=True))


def states(sequence: Sequence) -> dict[int, str]:
    return dict(Enrollment.objects.filter(sequence=sequence).values_list("contact_id", "state"))


def test_each_person_has_state_day_next_step_and_date(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    ContactFactory(first_name="Ann", last_name="Ott", city="Bonn")
    live(sequence, tenant, people=0, days=1)
    page = text(client.get(people(sequence)))
    assert "Ann Ott" in page and "Active" in page and "first_name</var>" in page and "Day 3" in page


def shaped(rep: Member, kind: str, *steps: tuple[str, dict[str, Any]], **values: Any) -> Sequence:
    """A sequence of another kind for everyone in Bonn."""
    made = create_sequence(name="Shaped", by=rep, now=NOW, kind=kind)
    change_settings(sequence=made, by=rep, now=NOW, entry_conditions=BONN)
    for kind_of_step, settings in steps:
        add_step(sequence=made, kind=kind_of_step, by=rep, now=NOW, settings=settings, **values)
    return made


def test_who_has_had_one_step_of_a_list_is_not_said_to_be_at_its_end(
    client: Client, rep: Member, tenant: Tenant
) -> None:
    calls = [("call", {"title": title}) for title in ("Ring", "Ring again", "Ring once more")]
    smart = shaped(rep, "smart", *calls)
    empty = text(client.get(people(smart)))
    assert "Who matches the audience enters once the sequence runs." in empty and "Edit the audience" in empty
    live(smart, tenant, people=1)
    page = text(client.get(people(smart)))
    assert "The first of 2 steps that matches" in page and "All had" not in page
    assert " due" not in page.partition('class="page-head"')[2].partition("</header>")[0], "nobody knows"
    work_tenant(tenant.pk, now=NOW + timedelta(days=2), is_on_time=True)
    assert "The last step, if it matches" in text(client.get(people(smart)))
    work_tenant(tenant.pk, now=NOW + timedelta(days=3), is_on_time=True)
    assert "All had; ends at the next run" in text(client.get(people(smart)))


def test_the_list_says_what_the_next_step_of_a_tree_does(client: Client, rep: Member, tenant: Tenant) -> None:
    waiting = ("wait", {"for": {"days": 9}}), ("call", {"title": "Ring"})
    tree = shaped(rep, "adaptive", *waiting)
    live(tree, tenant, people=1)
    page = text(client.get(people(tree)))
    assert "Wait 9 days" in page and 'data-l="Day"' not in page


def panel_of(client: Client, contact: int) -> str:
    return text(client.get(f"/sequences/panel/contact/{contact}/"))


def test_the_panel_of_a_contact_says_what_comes_next_in_a_list_and_a_tree(
    client: Client, rep: Member, tenant: Tenant
) -> None:
    smart = shaped(rep, "smart", ("call", {"title": "Ring"}), ("call", {"title": "Ring again"}))
    live(smart, tenant, people=1)
    (contact,) = contacts(smart)
    page = panel_of(client, contact)
    assert "The last step, if it matches" in page
    assert f'<option value="{smart.pk}">' not in page, "they are in it"
    Sequence.objects.filter(pk=smart.pk).update(name="List")
    tree = shaped(rep, "adaptive", ("wait", {"for": {"days": 9}}), ("call", {"title": "Ring"}))
    assert f'<option value="{tree.pk}">' in panel_of(client, contact)
    live(tree, tenant, people=0)
    assert "Wait 9 days" in panel_of(client, contact)


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("remove", "Nobody was removed: no one picked is inside or waiting any more."),
        ("pause", "Nobody was paused: no one picked is active."),
        ("resume", "Nobody was resumed: no one picked is paused."),
        ("skip", "Nothing was skipped: no one picked has an open reminder."),
    ],
)
def test_who_comes_second_hears_that_nothing_was_to_be_done(
    client: Client, sequence: Sequence, tenant: Tenant, verb: str, said: str
) -> None:
    live(sequence, tenant, people=1)
    ids = contacts(sequence)
    leave(sequence, ids[0])
    page = text(client.post(people(sequence, "do/"), {"do": verb, "ids": ids}, follow=True))
    assert said in page and "0 people" not in page
    assert "Nobody is picked." in text(client.post(people(sequence, "do/"), {"do": verb}, follow=True))


def test_nobody_yet_says_when_who_matches_enters(
    client: Client, sequence: Sequence, rep: Member, tenant: Tenant
) -> None:
    activate(sequence=sequence, by=rep, now=now())
    assert "Who matches the audience enters at the next run, " in text(client.get(people(sequence)))


def test_the_date_of_the_next_step_is_that_of_its_run(sequence: Sequence, tenant: Tenant) -> None:
    end = live(sequence, tenant, people=1, days=1)
    stays = list(Enrollment.objects.all())
    steps = list(sequence.plan.steps.all())
    (row,) = rows_of(stays, steps, last_ordinal=1, coming=coming(sequence, now=end), now=end)
    assert row.next_step is not None and row.next_step.key == "call1"
    assert row.next_at == NOW.replace(hour=9) + timedelta(days=2)


def test_an_absent_persons_step_waits_for_their_return(sequence: Sequence, tenant: Tenant) -> None:
    end = live(sequence, tenant, people=1, days=1)
    back = (NOW + timedelta(days=6)).date()
    enrollment.hold_rows([sequence.pk])
    stays = enrollment.inside(sequence)
    enrollment.pause(sequence, stays, reason=enrollment.AUTO_REPLY, now=end, until=back)
    rows = rows_of(
        list(Enrollment.objects.all()),
        list(sequence.plan.steps.all()),
        last_ordinal=1,
        coming=coming(sequence, now=end),
        now=end,
    )
    assert rows[0].state == "paused" and rows[0].next_at is not None
    assert rows[0].next_at.date() == back + timedelta(days=1)


def test_the_list_is_filtered_searched_and_paged(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    ContactFactory(first_name="Zoe", last_name="Zimmer", city="Bonn")
    end = live(sequence, tenant, people=60)
    leave(sequence, contacts(sequence)[0], now=end)
    assert "Showing 50 of 61" in text(client.get(people(sequence)))
    assert "Showing 1 of 1" in text(client.get(people(sequence), {"state": "exited"}))
    assert "Zoe Zimmer" in text(client.get(people(sequence), {"q": "zim"}))
    assert "Zoe Zimmer" in text(client.get(people(sequence), {"q": "zoe zim"}))
    assert "Nobody of whom you ask begins with “nobody”." in text(
        client.get(people(sequence), {"q": "nobody"})
    )
    last = Enrollment.objects.order_by("-pk").values_list("pk", flat=True)[49]
    assert "Showing 11 of 61" in text(client.get(people(sequence), {"before": last}))


def test_a_frequent_name_in_a_large_sequence_is_found_among_the_newest(
    client: Client, sequence: Sequence, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "NEWEST", 55)
    ContactFactory(city="Bonn", first_name="Zoe")
    ContactFactory.create_batch(60, city="Bonn", first_name="Ann")
    live(sequence, tenant, people=0)
    page = text(client.get(people(sequence), {"q": "ann"}))
    assert "Showing 50 of 50+" in page and "all 50+ that match" in " ".join(page.split())
    of_anns = contacts(sequence)[:0:-1]
    assert [int(pk) for pk in re.findall(r'name="ids" value="(\d+)"', page)] == of_anns[:50]
    last = Enrollment.objects.get(contact=of_anns[49]).pk
    page = text(client.get(people(sequence), {"q": "ann", "before": str(last)}))
    assert "Showing 10 of 60" in page
    assert [int(pk) for pk in re.findall(r'name="ids" value="(\d+)"', page)] == of_anns[50:]
    assert "Showing 1 of 1" in text(client.get(people(sequence), {"q": "zoe"}))


def test_those_ticked_are_paused_resumed_and_removed(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=3)
    first, second, third = contacts(sequence)
    client.post(people(sequence, "do/"), {"do": "pause", "ids": [first, second]})
    assert states(sequence) == {first: "paused", second: "paused", third: "active"}
    client.post(people(sequence, "do/"), {"do": "resume", "ids": [second]})
    client.post(people(sequence, "do/"), {"do": "remove", "ids": [first]})
    assert states(sequence) == {first: "exited", second: "active", third: "active"}


def test_everyone_means_all_whom_the_filter_holds(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=3)
    first, *others = contacts(sequence)
    client.post(people(sequence, "do/"), {"do": "pause", "ids": [first]})
    path, form = people(sequence, "do/") + "?state=active", {"do": "remove", "everyone": "1"}
    asked = text(client.post(path, form))
    assert "Remove 2 people?" in asked and "cannot be undone" in asked
    assert set(states(sequence).values()) == {"active", "paused"}, "nobody goes before one has said so"
    assert 'name="confirm" value="1"' in asked and 'name="everyone" value="1"' in asked
    client.post(path, form | {"confirm": "1"})
    assert states(sequence) == {first: "paused", **dict.fromkeys(others, "exited")}


def test_nonsense_does_nothing(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=1)
    page = text(client.post(people(sequence, "do/"), {"do": "nonsense", "ids": ["x", "999999"]}, follow=True))
    assert "Choose what is to be done" in page
    client.post(people(sequence, "do/"), {"do": "remove", "ids": ["x", "999999"]})
    assert set(states(sequence).values()) == {"active"}


def test_who_may_only_look_changes_nobody(sequence: Sequence, tenant: Tenant, sign_in: SignIn) -> None:
    live(sequence, tenant, people=1)
    Sequence.objects.update(is_shared=True)
    other = sign_in(make_member("sales_rep"))
    assert 'type="checkbox"' not in text(other.get(people(sequence)))
    for rest in ("do/", "add/do/"):
        assert (
            other.post(people(sequence, rest), {"do": "remove", "ids": contacts(sequence)}).status_code == 403
        )
    assert other.get(people(sequence, "add/")).status_code == 403
    assert set(states(sequence).values()) == {"active"}


# --- Adding -------------------------------------------------------------------------------------------------------


def test_people_are_found_by_name_and_added(client: Client, sequence: Sequence) -> None:
    ann = ContactFactory(first_name="Ann", last_name="Ott")
    ContactFactory(first_name="Ben", last_name="Ott")
    assert "Ann Ott" in text(client.get(people(sequence, "add/"), {"q": "an"}))
    response = client.post(people(sequence, "add/do/") + "?q=an", {"ids": [ann.pk]}, follow=True)
    assert "1 person waits for the next run." in text(response)
    assert [row.contact for row in Addition.objects.all()] == [ann]
    assert "Ann Ott" in text(client.get(people(sequence), {"state": "waiting"}))
    client.post(people(sequence, "do/") + "?state=waiting", {"do": "remove", "ids": [ann.pk]})
    assert not Addition.objects.exists()


def test_all_that_match_are_added(client: Client, sequence: Sequence) -> None:
    for _ in range(40):
        ContactFactory(last_name="Ott")
    ContactFactory(last_name="Other")
    assert "Showing 30 of 40" in text(client.get(people(sequence, "add/"), {"q": "ott"}))
    client.post(people(sequence, "add/do/") + "?q=ott", {"everyone": "1"})
    assert Addition.objects.count() == 40


def test_everyone_without_a_search_is_nobody(client: Client, sequence: Sequence) -> None:
    ContactFactory()
    client.post(people(sequence, "add/do/"), {"everyone": "1"})
    assert not Addition.objects.exists()


def test_everyone_of_a_saved_view_is_added(client: Client, sequence: Sequence) -> None:
    view = SavedView.objects.create(name="Bonners", is_shared=True, conditions=BONN)
    ContactFactory(city="Bonn")
    ContactFactory(city="Köln")
    assert "Showing 1 of 1" in text(client.get(people(sequence, "add/"), {"view": view.pk}))
    client.post(people(sequence, "add/do/") + f"?view={view.pk}", {"everyone": "1"})
    assert Addition.objects.count() == 1


def test_what_becomes_of_each_is_said(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    end = live(sequence, tenant, people=2)
    inside, earlier = contacts(sequence)
    leave(sequence, earlier, now=end)
    stopped = ContactFactory(city="Köln")
    Suppression.objects.create(address_norm=stopped.email_norm, reason="unsubscribed", at=NOW)
    data = {"ids": [inside, earlier, stopped.pk]}
    said = text(client.post(people(sequence, "add/do/"), data, follow=True))
    assert "1 person waits for the next run." in said and "1 person inside or waiting already." in said
    assert "1 person left out: was in it before" in said and "1 person unsubscribed or bounced" in said
    again = text(client.post(people(sequence, "add/do/"), {"ids": [inside]}, follow=True))
    assert "Nobody was added. 1 person inside or waiting already." in again


def test_2_13_who_may_add_again_is_warned_first(sequence: Sequence, tenant: Tenant, sign_in: SignIn) -> None:
    end = live(sequence, tenant, people=1)
    (contact,) = contacts(sequence)
    leave(sequence, contact, now=end)
    new = ContactFactory()
    manager = sign_in(make_member("sequence_manager"))
    form = {"ids": [contact, new.pk]}
    asked = text(manager.post(people(sequence, "add/do/"), form))
    assert (
        "1 person was in this sequence before (1 replied)" in asked
        and "Replied" in asked
        and "Add only the new ones" in asked
    )
    assert f'name="ids" value="{contact}"' in asked and not Addition.objects.exists()
    said = text(manager.post(people(sequence, "add/do/"), form | {"again": "no"}, follow=True))
    assert "1 person waits" in said and "1 person left out: was in it before." in said
    said = text(manager.post(people(sequence, "add/do/"), {"ids": [contact], "again": "yes"}, follow=True))
    assert "1 person waits" in said and "1 person of them was in it before" in said
    assert Addition.objects.count() == 2


def test_2_13_the_contacts_page_warns_and_the_list_adds_again_only_if_told(
    sequence: Sequence, tenant: Tenant, sign_in: SignIn
) -> None:
    end = live(sequence, tenant, people=1)
    (contact,) = contacts(sequence)
    leave(sequence, contact, now=end)
    manager = sign_in(make_member("sequence_manager"))
    path, form = f"/sequences/panel/contact/{contact}/add/", {"sequence": sequence.pk}
    assert "1 person was in" in text(manager.post(path, form))
    assert not Addition.objects.exists()
    assert manager.post(path, form | {"again": "yes"}).status_code == 302
    assert Addition.objects.get().contact_id == contact
    Addition.objects.all().delete()
    picked = form | {"do": "add_to_sequence", "ids": contact}
    assert "who were in it before" in text(manager.post("/contacts/bulk/", picked))
    said = text(manager.post("/contacts/bulk/", picked | {"confirm": "1"}, follow=True))
    assert "1 left out: inside or waiting already, or in it before" in said
    assert not Addition.objects.exists()
    manager.post("/contacts/bulk/", picked | {"confirm": "1", "again": "on"})
    assert Addition.objects.get().contact_id == contact


# --- On the contact's page ----------------------------------------------------------------------------------------


def panel(contact: Contact | int) -> str:
    return f"/sequences/panel/contact/{contact if isinstance(contact, int) else contact.pk}/"


def test_the_panel_shows_every_stay_that_one_may_see(
    client: Client, sequence: Sequence, tenant: Tenant, sign_in: SignIn
) -> None:
    live(sequence, tenant, people=1)
    (contact,) = contacts(sequence)
    part = text(client.get(panel(contact)))
    assert "<html" not in part and "Outbound" in part and "Active" in part
    assert "first_name</var>" in part and "Pause" in part and "Remove" in part
    other = text(sign_in(make_member("sales_rep")).get(panel(contact)))
    assert "Outbound" not in other and "In no sequence yet" in other


def test_a_contact_is_added_and_taken_back_from_their_page(client: Client, sequence: Sequence) -> None:
    contact = ContactFactory()
    data = {"sequence": sequence.pk, "next": f"/contacts/{contact.pk}/"}
    response = client.post(panel(contact) + "add/", data)
    assert response["Location"] == f"/contacts/{contact.pk}/"
    part = text(client.get(panel(contact)))
    assert "Take back" in part
    assert client.post(panel(contact) + "add/", {"sequence": ""})["Location"] == f"/contacts/{contact.pk}/"


def test_there_is_no_panel_of_nobody(client: Client, sequence: Sequence) -> None:
    assert client.get(panel(999_999)).status_code == 404


def test_nonsense_in_an_address_is_no_fault_of_the_server(client: Client, sequence: Sequence) -> None:
    big, odd = "9" * 30, "²\x00"
    for value in (big, odd, "-1", "x"):
        query = {
            "before": value,
            "run": value,
            "q": value,
            "step": "x",
            "did": value,
            "state": value,
            "reason": "x",
        }
        assert client.get(people(sequence), query).status_code == 200
        assert client.get(f"/sequences/{sequence.pk}/runs/", {"before": value}).status_code == 200
        assert client.get("/sequences/", {"owner": value, "q": value, "status": "x"}).status_code == 200
        assert client.get(people(sequence, "add/"), {"q": value, "view": value}).status_code == 200
        assert client.post(people(sequence, "do/"), {"do": "pause", "ids": [value]}).status_code == 302


def test_who_is_not_on_the_trial_list_is_found_by_it(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    end = live(sequence, tenant, people=2)
    admin = make_member("admin")
    change_trial(is_on=True, addresses=["me@us.example"], by=admin, now=end)
    first = Message.objects.order_by("pk").first()
    assert first
    outbox.cancel(enrollments=[first.enrollment_id], reason="trial", now=end)
    page = client.get(f"/sequences/{sequence.pk}/").content.decode()
    assert "1 email</a></b> cancelled: not on the" in page
    found = client.get(f"/sequences/{sequence.pk}/people/?mail=trial").content.decode()
    assert "with an email that was not on the trial list" in found
    assert f"/contacts/{first.contact_id}/" in found
    assert found.count('class="row-link"') == 1
    assert "An email was not sent" in found and "the address is not on the trial list" in found
    told = client.get(f"/contacts/{first.contact_id}/timeline/").content.decode()
    assert "Not sent:" in told and "since the address is not on the trial list" in told


@pytest.mark.parametrize("name", ["q", "state", "reason", "step", "did", "run", "mail", "page"])
def test_an_address_that_nobody_would_write_is_answered(
    client: Client, sequence: Sequence, tenant: Tenant, name: str
) -> None:
    live(sequence, tenant, people=1)
    assert client.get(people(sequence), {name: "\x00"}).status_code == 200


@pytest.mark.parametrize(
    ("rest", "index"),
    [
        ("?state=paused", "enrollment_paused"),
        ("?state=held", "enrollment_held"),
        ("?step=email1&did=skipped", "step_run_skipped"),
        ("?step=email1&did=clicked", "step_run_clicked"),
        ("?step=email1&did=replied", "step_run_replied"),
        ("?step=email1&did=bounced", "step_run_bounced"),
        ("?run=1&did=executed", "step_run_by_run"),
    ],
)
def test_people_are_found_by_an_index_of_what_is_asked(
    sequence: Sequence, tenant: Tenant, rep: Member, rest: str, index: str
) -> None:
    live(sequence, tenant, people=2)
    with connection.cursor() as cursor:
        cursor.execute(MANY_STAYS, {"sequence": sequence.pk})
        cursor.execute("ANALYZE sequences_enrollment, sequences_steprun")
    found = listed(sequence, asked_of(QueryDict(rest.lstrip("?"))), reader=rep)
    assert index in found[:50].explain()


MANY_STAYS = """
    WITH made AS (
        INSERT INTO sequences_enrollment (sequence_id, contact_id, entered_at, state, exited_at)
        SELECT e.sequence_id, e.contact_id, e.entered_at, 'exited', e.entered_at
        FROM (SELECT * FROM sequences_enrollment WHERE sequence_id = %(sequence)s LIMIT 1) e, generate_series(1, 20000)
        RETURNING id)
    INSERT INTO sequences_steprun (enrollment_id, key, kind, state, at)
    SELECT id, 'email1', 'email', 'executed', now() FROM made
"""
