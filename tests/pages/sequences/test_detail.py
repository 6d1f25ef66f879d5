"""/sequences/<id>/: overview, runs, settings, versions; and the verbs of its head."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from activities import facts
from messaging import intake, outbox
from messaging.commands.sending import stop_sending
from messaging.models import Message
from messaging.signals import click_taken_back
from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step, move_step
from sequences.commands.publishing import publish
from sequences.models import Enrollment, HeldStays, Run, Sequence, Status, StepRun
from sequences.reading.figures import LARGE, STATES, figures_of
from sequences.reading.live import live_of
from tenants.models import Member, Tenant
from tests.factories import NOW, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import leave, live
from tests.pages.somebody import words

TABS = ("", "people/", "runs/", "settings/", "versions/")


def text(response: Any) -> str:
    return response.content.decode()


def at(sequence: Sequence, rest: str = "") -> str:
    return f"/sequences/{sequence.pk}/{rest}"


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_a_draft_and_of_one_that_runs(
    client: Client, sequence: Sequence, tenant: Tenant, tab: str
) -> None:
    assert client.get(at(sequence, tab)).status_code == 200
    live(sequence, tenant, days=4)
    assert client.get(at(sequence, tab)).status_code == 200


@pytest.mark.parametrize("tab", TABS)
def test_one_that_is_shared_may_be_looked_at_only(sequence: Sequence, sign_in: SignIn, tab: str) -> None:
    other = sign_in(make_member("sales_rep"))
    assert other.get(at(sequence, tab)).status_code == 404
    Sequence.objects.update(is_shared=True)
    page = text(other.get(at(sequence, tab)))
    assert "/edit/" not in page and "/archive/" not in page and "/people/add/" not in page
    assert "/clone/" in page


def test_the_next_run_and_those_due_are_said(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=3, days=2)
    page = text(client.get(at(sequence)))
    assert "Next run" in page and "UTC" in page
    assert "3 due" in page


def test_numbers_lead_to_the_people(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=3, days=3)
    StepRun.objects.filter(key="email1").update(sent_at=NOW)
    first = StepRun.objects.filter(key="email1").order_by("pk").first()
    assert first is not None
    StepRun.objects.filter(pk=first.pk).update(replied_at=NOW)
    page = text(client.get(at(sequence)))
    assert "people/?step=email1&amp;did=replied" in page
    found = text(client.get(at(sequence, "people/"), {"step": "email1", "did": "replied"}))
    assert "Showing 1 of 1" in found


def test_runs_say_what_they_did_and_lead_to_the_people(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=2, days=3)
    page = text(client.get(at(sequence, "runs/")))
    run = Run.objects.order_by("pk").first()
    assert run is not None
    assert "Run 1" in page and f"run={run.pk}&amp;did=entered" in page
    found = text(client.get(at(sequence, "people/"), {"run": run.pk, "did": "entered"}))
    assert "Showing 2 of 2" in found


def test_a_missed_run_is_said(client: Client, sequence: Sequence) -> None:
    Run.objects.create(sequence=sequence, scheduled_for=NOW, started_at=NOW, local_day=NOW.date())
    assert "Missed" in text(client.get(at(sequence, "runs/")))


def test_what_keeps_people_waiting_is_said_with_a_link(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=4)
    one = Enrollment.objects.order_by("pk")[0]
    Enrollment.objects.filter(pk=one.pk).update(held_reason="mailbox", held_since=NOW)
    page = text(client.get(at(sequence)))
    assert "1 held" in page and "state=held&amp;reason=mailbox" in page and "/settings/mailboxes/" in page


def test_settings_are_read_back_in_words(client: Client, sequence: Sequence) -> None:
    page = text(client.get(at(sequence, "settings/")))
    assert "City is Bonn" in page and "09:00 UTC" in page and "The contact replies" not in page


def test_the_pages_ask_a_bounded_number_of_questions(
    client: Client, sequence: Sequence, tenant: Tenant, django_assert_max_num_queries: Any
) -> None:
    live(sequence, tenant, people=60, days=4)
    for tab in TABS:
        with django_assert_max_num_queries(29):
            client.get(at(sequence, tab))


def test_large_sequences_are_listed_as_of_their_last_run(sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=2)
    sequence.counters |= {"entered": LARGE + 1, "active": 7}
    figures = figures_of([sequence])[sequence.pk]
    assert (figures.active, figures.exited) == (7, 0)


def test_a_large_sequence_tells_on_its_own_pages_who_is_where_now(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=3)
    first = Enrollment.objects.filter(sequence=sequence)[0]
    sequence.counters |= {"entered": LARGE + 1}
    sequence.save()
    client.post(at(sequence, "people/do/"), {"do": "pause", "ids": [first.contact_id]})
    page = words(text(client.get(at(sequence, "people/"))))
    assert "Active 2" in page and "Paused 1" in page
    assert "as of its last run" not in page
    assert "In a sequence as large as this they are as of its last run." in words(
        text(client.get(at(sequence)))
    )


def test_a_very_large_sequence_says_that_its_numbers_are_of_the_last_run(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=3)
    sequence.counters |= {"entered": STATES + 1, "active": 7}
    sequence.save()
    page = words(text(client.get(at(sequence, "people/"))))
    assert "Active 7" in page and "the numbers of states are as of its last run" in page


def test_a_list_counts_the_smallest_anew_as_far_as_it_can(
    sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    live(sequence, tenant, people=2)
    other = create_sequence(name="Other", by=rep, now=NOW)
    other.counters = sequence.counters | {"entered": LARGE - 1, "active": 7}
    sequence.counters |= {"entered": 1, "active": 7}
    figures = figures_of([other, sequence])
    assert (figures[sequence.pk].active, figures[other.pk].active) == (2, 0)
    sequence.counters["entered"] = 2
    figures = figures_of([other, sequence])
    assert (figures[sequence.pk].active, figures[other.pk].active) == (2, 7)


# --- Verbs --------------------------------------------------------------------------------------------------------


def test_pausing_and_resuming(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant)
    client.post(at(sequence, "pause/"))
    sequence.refresh_from_db()
    assert sequence.status == Status.PAUSED
    assert "Resume" in text(client.get(at(sequence)))
    client.post(at(sequence, "resume/"))
    sequence.refresh_from_db()
    assert sequence.status == Status.ACTIVE


def test_archiving_asks_what_becomes_of_those_inside(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=2)
    assert "2 people are inside" in text(client.get(at(sequence, "archive/")))
    client.post(at(sequence, "archive/do/"), {"inside": "end"})
    sequence.refresh_from_db()
    assert sequence.status == Status.ARCHIVED
    assert set(Enrollment.objects.values_list("state", "exit_reason")) == {("exited", "removed")}


def test_a_draft_is_deleted_and_what_was_active_is_not(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant)
    page = text(client.post(at(sequence, "delete/do/"), follow=True))
    assert "archive it" in page and Sequence.objects.exists()
    Sequence.objects.update(status=Status.DRAFT, activated_at=None)
    Enrollment.objects.all().delete()
    assert client.get(at(sequence, "delete/")).status_code == 200
    client.post(at(sequence, "delete/do/"))
    assert not Sequence.objects.exists()


def test_cloning_makes_a_draft_of_ones_own(sequence: Sequence, sign_in: SignIn) -> None:
    Sequence.objects.update(is_shared=True)
    member = make_member("sales_rep")
    response = sign_in(member).post(at(sequence, "clone/"))
    made = Sequence.objects.get(owner=member)
    assert response["Location"] == f"/sequences/{made.pk}/edit/"
    assert made.plan.steps.count() == 2


@pytest.mark.parametrize("verb", ["activate/", "pause/", "resume/", "archive/do/", "delete/do/", "discard/"])
def test_verbs_are_posts_of_those_who_may(
    sequence: Sequence, sign_in: SignIn, client: Client, verb: str
) -> None:
    assert client.get(at(sequence, verb)).status_code == 405
    Sequence.objects.update(is_shared=True)
    assert sign_in(make_member("sales_rep")).post(at(sequence, verb)).status_code == 403
    assert sign_in(make_member("read_only")).post(at(sequence, verb)).status_code == 403


def test_a_verb_leads_back_inside_the_site_only(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant)
    for evil in ("https://evil.example/", "//evil.example/", "/\\evil.example/"):
        assert client.post(at(sequence, "pause/"), {"next": evil})["Location"] == at(sequence)
    assert (
        client.post(at(sequence, "pause/"), {"next": "/sequences/?tab=mine"})["Location"]
        == "/sequences/?tab=mine"
    )


def test_who_left_is_counted_as_exited(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    end = live(sequence, tenant, people=2)
    stay = Enrollment.objects.order_by("pk")[0]
    leave(sequence, stay.contact_id, now=end)
    figures = figures_of([sequence])[sequence.pk]
    assert (figures.active, figures.exited, figures.entered) == (1, 1, 2)


def test_the_reasons_of_a_run_lead_to_the_people(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=3, days=3)
    stays = list(Enrollment.objects.order_by("pk"))
    run = Run.objects.filter(ordinal=3).get()
    StepRun.objects.filter(enrollment=stays[0], key="call1").update(state="skipped", reason="condition")
    leave(sequence, stays[1].contact_id, now=run.started_at)
    Run.objects.filter(pk=run.pk).update(
        skipped=1, exited=1, resumed=1, held=1,
        reasons={"skipped": {"condition": 1}, "exited": {"replied": 1}, "held": {"limit": 1}},
    )  # fmt: skip
    HeldStays.objects.create(run=run, reason="limit", stays=[stays[2].pk])
    facts.record("resumed", (f"SELECT {stays[2].contact_id}, {stays[2].pk}", ()), at=run.started_at)
    page = text(client.get(at(sequence, "runs/")))
    for query in (
        {"run": run.pk, "did": "skipped", "reason": "condition"},
        {"run": run.pk, "did": "exited", "reason": "replied"},
        {"run": run.pk, "did": "resumed"},
        {"run": run.pk, "did": "held", "reason": "limit"},
    ):
        assert "?" + "&amp;".join(f"{name}={value}" for name, value in query.items()) in page, query
        assert "Showing 1 of 1" in text(client.get(at(sequence, "people/"), query)), query
    overview = text(client.get(at(sequence)))
    assert "?step=call1&amp;did=skipped&amp;reason=condition" in overview


def test_what_programs_open_and_click_counts_apart_and_moves_nothing(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    end = live(sequence, tenant, people=3)
    outbox.accept_all(end)
    first, second, third = Message.objects.order_by("pk")
    intake.take_in("opened", message=first, at=end, source="pixel")
    for message in (first, second):
        intake.take_in("opened", message=message, at=end, source="pixel", by_machine=True, machine="scanner")
    intake.take_in("clicked", message=third, at=end, source="link", n=0, url="https://x.example")
    steps = {run.enrollment.contact_id: run for run in StepRun.objects.select_related("enrollment")}
    assert steps[second.contact_id].opened_at is None
    page = text(client.get(at(sequence)))
    assert "2 by programs" in page and page.count("by programs") == 1
    found = text(client.get(at(sequence, "people/?step=email1&did=machine_opened")))
    assert "was opened by a program" in found
    assert f"/contacts/{third.contact_id}/" not in found
    click_taken_back.send(Message, message_id=third.pk)
    mark = StepRun.objects.get(enrollment__contact=third.contact_id)
    assert (mark.clicked_at, mark.opened_at, mark.machine_clicked_at) == (None, None, end)
    assert text(client.get(at(sequence))).count("by programs") == 2
    timeline = text(client.get(f"/contacts/{second.contact_id}/timeline/"))
    assert "A program opened" in timeline and "a security scanner" in timeline


def test_while_sending_is_stopped_nobody_is_said_to_go_on(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    outbox.accept_all(live(sequence, tenant))
    page = f"/sequences/{sequence.pk}/"
    assert "All who are inside go on by themselves." in text(client.get(page))
    stop_sending(member=rep, reason="Wait", by=rep, now=NOW)
    stopped = text(client.get(page))
    assert "go on by themselves" not in stopped and "until it is resumed" in stopped


def test_who_had_the_step_of_the_day_already_is_not_due(
    client: Client, sequence: Sequence, tenant: Tenant, rep: Member
) -> None:
    """The call of day 3 is moved to day 2 after some had it there: it never runs again for them."""
    live(sequence, tenant, people=2)  # two have had the mail of day 1
    key = sequence.plan.steps.get(kind="email").key
    assert live_of(sequence, sequence.plan.working_steps, now=NOW).due == 0
    move_step(sequence=sequence, key=key, day=2, place=0, by=rep, now=NOW)
    publish(sequence=sequence, by=rep, now=NOW)
    sequence.refresh_from_db()
    assert live_of(sequence, sequence.plan.working_steps, now=NOW).due == 0, "they had it on day 1"
    add_step(sequence=sequence, kind="task", by=rep, now=NOW, day=2, settings={"title": "Look"})
    sequence.refresh_from_db()
    publish(sequence=sequence, by=rep, now=NOW)
    sequence.refresh_from_db()
    assert live_of(sequence, sequence.plan.working_steps, now=NOW).due == 2
