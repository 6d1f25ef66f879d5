"""Deleting records: everything of theirs goes with them, at once and by indexes; what has to stay stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activities.models import Fact, Reminder
from audience.bulk import work
from audience.bulk.registry import VERBS
from audience.commands import suppress
from audience.models import (
    Contact,
    ContactAddress,
    ContactTag,
    RecordJob,
    Suppression,
)
from audience.records import MODELS
from messaging.models import Message, Payload, SenderUsage
from sequences.models import Addition, Enrollment, Sequence, StepRun
from steps.models import Plan
from tenants.models import AuditLine, Member, Tenant
from tests.apps.messaging.factories import make_message, make_sent
from tests.factories import NOW, AccountFactory, ContactFactory, OpportunityFactory, make_member

pytestmark = pytest.mark.django_db

GO_TOGETHER = (
    *("audience_contact", "audience_account", "audience_opportunity"),
    *("sequences_enrollment", "sequences_steprun", "messaging_message"),
)
"""Records, and what goes with a contact."""

REFERENCES = """
    SELECT conrelid::regclass::text, a.attname FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) AND a.attname <> 'tenant_id'
    WHERE contype = 'f' AND confrelid::regclass::text = ANY(%(tables)s)
    UNION
    SELECT args[2], args[3] FROM pg_trigger,
        LATERAL string_to_array(encode(tgargs, 'escape'), '\\000') AS args
    WHERE tgname LIKE '%%_gone' AND tgrelid::regclass::text = ANY(%(tables)s)
"""
INDEXED = """
    SELECT x.indrelid::regclass::text, a.attname FROM pg_index x
    JOIN pg_attribute t ON t.attrelid = x.indrelid AND t.attnum = x.indkey[0] AND t.attname = 'tenant_id'
    JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[1]
    WHERE x.indpred IS NULL OR pg_get_expr(x.indpred, x.indrelid) = format('(%%s IS NOT NULL)', a.attname)
"""


def test_what_goes_or_lets_go_with_a_record_is_found_by_an_index(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REFERENCES, {"tables": list(GO_TOGETHER)})
        references = set(cursor.fetchall())
        cursor.execute(INDEXED, {})
        indexed = set(cursor.fetchall())
    assert ("activities_fact", "enrollment_id") in references
    assert ("messaging_message", "contact_id") in references
    assert references - indexed == set()


@pytest.fixture
def admin(tenant: Tenant) -> Member:
    return make_member("admin")


@pytest.fixture
def sequence(admin: Member) -> Sequence:
    plan = Plan.objects.create(made_at=NOW)
    return Sequence.objects.create(
        name="S", owner=admin, plan=plan, created_at=NOW, edited_at=NOW, status="active"
    )


def delete(record: str, ids: list[int], by: Member) -> RecordJob:
    return work.start(by=by, record=record, verb=VERBS["delete"], arguments={}, ids=ids, at=NOW)


def with_history(sequence: Sequence, **through: Any) -> Contact:
    """Somebody inside, with a mail that was sent and one that waits, and all that a contact can have."""
    contact = ContactFactory(**{k: v for k, v in through.items() if k == "account"})
    stay = Enrollment.objects.create(
        sequence=sequence, contact=contact, entered_at=NOW, day1_run=1, **through
    )
    for state in ("sent", "pending"):
        sent_at = NOW if state == "sent" else None
        message = make_message(
            contact=contact, enrollment_id=stay.pk, state=state, sent_at=sent_at, **through_deal(through)
        )
        Payload.objects.create(message=message, raw=b"x", sha256=b"x")
    make_message(contact=contact, state="sent", sent_at=NOW)
    Fact.objects.create(
        contact=contact, account=through.get("account"), kind="opened", at=NOW, enrollment_id=stay.pk
    )
    Reminder.objects.create(contact=contact, kind="call", made_at=NOW, due_at=NOW, **through_deal(through))
    ContactTag.objects.create(record=contact, label="Fair")
    ContactAddress.objects.create(contact=contact, email="b@x.example", email_norm="b@x.example")
    return contact


def through_deal(through: dict[str, Any]) -> dict[str, Any]:
    return {"opportunity": through["opportunity"]} if "opportunity" in through else {}


def test_a_contact_goes_with_all_history_and_nobody_else_does(admin: Member, sequence: Sequence) -> None:
    gone, stays = with_history(sequence), with_history(sequence)
    waiting = Sequence.objects.create(
        name="T", owner=admin, plan=Plan.objects.create(made_at=NOW), created_at=NOW, edited_at=NOW
    )
    Addition.objects.create(sequence=waiting, contact=gone, by=admin, at=NOW)
    assert delete("contact", [gone.pk], admin).changed == 1
    assert list(Contact.objects.all()) == [stays]
    for model in (Enrollment, Message, Fact, Reminder, ContactAddress):
        assert set(model._default_manager.values_list("contact", flat=True)) == {stays.pk}, model
    assert set(StepRun.objects.values_list("enrollment__contact", flat=True)) == {stays.pk}
    assert set(Payload.objects.values_list("message__contact", flat=True)) == {stays.pk}
    assert set(ContactTag.objects.values_list("record", flat=True)) == {stays.pk}
    assert not Addition.objects.exists()


def test_what_keeps_others_from_harm_stays_behind(admin: Member, sequence: Sequence) -> None:
    contact = with_history(sequence)
    deal = OpportunityFactory(contact=contact)
    suppress(by=admin, channel="email", address=contact.email, at=NOW)
    SenderUsage.objects.create(sender=admin, day=NOW.date(), made=1)
    delete("contact", [contact.pk], admin)
    assert Suppression.objects.get().address_norm == contact.email_norm, "a new import must not write to them"
    assert SenderUsage.objects.get().made == 1, "what was sent counts for its day"
    assert AuditLine.objects.filter(verb="records.delete").exists()
    deal.refresh_from_db()
    assert deal.contact is None


def test_a_company_or_deal_leaves_the_people_and_their_stays(admin: Member, sequence: Sequence) -> None:
    company, deal = AccountFactory(), OpportunityFactory()
    contact = with_history(sequence, account=company, opportunity=deal)
    assert delete("account", [company.pk], admin).changed == 1
    assert delete("opportunity", [deal.pk], admin).changed == 1
    contact.refresh_from_db()
    stay = Enrollment.objects.get()
    assert (contact.account, stay.account, stay.opportunity, stay.state) == (None, None, None, "active")
    assert Message.objects.count() == 3
    assert not Message.objects.exclude(opportunity=None).exists()
    assert not Fact.objects.exclude(account=None).exists()
    assert not Reminder.objects.exclude(opportunity=None).exists()


def test_many_take_as_many_statements_as_few(admin: Member, sequence: Sequence) -> None:
    delete("contact", [with_history(sequence).pk], admin)
    counted = []
    for count in (2, 40):
        ids = [with_history(sequence).pk for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert delete("contact", ids, admin).changed == count
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_the_messages_of_one_contact_are_found_by_their_index(tenant: Tenant) -> None:
    make_sent()
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN DELETE FROM messaging_message WHERE contact_id = 1")
        assert "message_by_contact" in str(cursor.fetchall())


SCANS = """
    SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE relname = ANY(%s) AND seq_scan > 0
"""


@pytest.mark.parametrize("record", ["contact", "account", "opportunity"])
def test_no_table_is_read_whole_for_each_record_that_goes(
    admin: Member, sequence: Sequence, record: str
) -> None:
    """Also with plans that the session made when the tables were small, as after most of a table was deleted."""
    factories = {"contact": ContactFactory, "account": AccountFactory, "opportunity": OpportunityFactory}
    with_history(sequence, account=AccountFactory(), opportunity=OpportunityFactory())
    made = factories[record].create_batch(60)
    with connection.cursor() as cursor:
        cursor.execute(REFERENCES, {"tables": list(GO_TOGETHER)})
        tables = sorted({table for table, _ in cursor.fetchall()})
        cursor.execute(f"ANALYZE {', '.join(tables)}")
    for one in made[:10]:  # the plans are made, and kept
        MODELS[record].objects.filter(pk=one.pk)._raw_delete(connection.alias)
    with connection.cursor() as cursor:
        cursor.execute(SCANS, [tables])
        before = dict(cursor.fetchall())
    job = delete(record, [one.pk for one in made[10:]], admin)
    assert job.changed == 50
    with connection.cursor() as cursor:
        cursor.execute(SCANS, [tables])
        after = dict(cursor.fetchall())
    often = {table: n - before.get(table, 0) for table, n in after.items() if n - before.get(table, 0) > 10}
    assert often == {}
