"""Doing something to many records: those ticked at once, all of a filter in the background, exports as files."""

from __future__ import annotations

import csv
import html
import io
import re
import zlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audience.bulk import work
from audience.catalogue import make_field
from audience.conditions.types import FieldType
from audience.models import (
    Account,
    Contact,
    ContactTag,
    RecordJob,
    RecordJobDue,
    RecordJobPart,
    Suppression,
)
from audience.tasks import work_due_records, work_records
from sequences.commands.editing import create_sequence
from sequences.models import Enrollment
from tenants.models import AuditLine, Role, Tenant
from tenants.wall import use
from tests.factories import NOW, AccountFactory, ContactFactory, make_member, make_tenant
from tests.pages.signing_in import sign_in
from tests.pages.somebody import Somebody, names, words

pytestmark = pytest.mark.django_db
BULK = "/contacts/bulk/"


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant())


def do(me: Somebody, verb: str, path: str = BULK, **form: Any) -> str:
    """The page that follows; a job in the background is worked to its end."""
    answer = me.client.post(path, {"do": verb, "confirm": "1"} | form, follow=True)
    with use(me.tenant):
        job = RecordJob.objects.last()
    if job and not job.is_over:
        work_records(me.tenant.pk, job.pk)
        return me.get(f"/jobs/{job.pk}/")
    return html.unescape(answer.content.decode())


def labels(me: Somebody) -> dict[str, list[str]]:
    with use(me.tenant):
        rows = ContactTag.objects.order_by("label").values_list("record__first_name", "label")
        found: dict[str, list[str]] = {}
        for name, label in rows:
            found.setdefault(name, []).append(label)
        return found


def test_those_ticked_get_tags_at_once(me: Somebody) -> None:
    with use(me.tenant):
        ann, ben = ContactFactory(first_name="Ann"), ContactFactory(first_name="Ben")
        ContactFactory(first_name="Cas")
    ask = me.client.post(BULK, {"do": "add_tag", "ids": [ann.pk, ben.pk]}).content.decode()
    assert "Add tags" in words(ask) and "2 people" in words(ask)
    page = do(me, "add_tag", ids=[ann.pk, ben.pk], tags="Fair, Hot")
    assert "Add the tags “Fair”, “Hot”: done for 2 people." in page
    assert labels(me) == {"Ann": ["Fair", "Hot"], "Ben": ["Fair", "Hot"]}
    do(me, "remove_tag", ids=[ann.pk], tags="FAIR")
    assert labels(me) == {"Ann": ["Hot"], "Ben": ["Fair", "Hot"]}
    with use(me.tenant):
        assert AuditLine.objects.filter(verb="records.add_tag").count() == 1


def test_what_is_missing_is_said_and_nothing_is_done(me: Somebody) -> None:
    with use(me.tenant):
        ann = ContactFactory()
    for form, said in (
        ({"do": "add_tag", "tags": " , "}, "Name a tag."),
        ({"do": "set_owner", "owner": "99999"}, "Select a valid choice"),
        ({"do": "set_field", "field": "score", "value": "many"}, "Enter a number."),
    ):
        answer = me.client.post(BULK, form | {"confirm": "1", "ids": [ann.pk]})
        assert answer.status_code == 422 and said in words(answer.content.decode())
    assert "Tick somebody first." in me.client.post(BULK, {"do": "add_tag"}, follow=True).content.decode()
    nothing = me.client.post(BULK, {"do": "nonsense", "ids": [ann.pk]}, follow=True)
    assert "Choose what is to be done." in nothing.content.decode()
    with use(me.tenant):
        assert not RecordJob.objects.exists()


def test_all_that_match_are_done_in_the_background_batch_by_batch(me: Somebody) -> None:
    with use(me.tenant):
        ContactFactory.create_batch(25, lifecycle_stage="Lead")
        ContactFactory(lifecycle_stage="Customer")
    form = {"do": "set_field", "confirm": "1", "everyone": "1", "field": "lifecycle_stage", "value": "Won"}
    answer = me.client.post(
        BULK, form | {"filter": "?cond-0-field=lifecycle_stage&cond-0-op=is&cond-0-value=lead"}
    )
    with use(me.tenant):
        job = RecordJob.objects.get()
        assert answer["Location"] == f"/jobs/{job.pk}/"
        ContactFactory(lifecycle_stage="Lead")  # comes later: not meant
        assert RecordJobDue.objects.filter(job_id=job.pk).exists()
        assert work.step(job.pk, now=NOW, size=10)
    assert "10 of 25" in words(me.get(f"/jobs/{job.pk}/"))
    assert me.client.get(f"/jobs/{job.pk}/progress/").status_code == 200
    work_records(me.tenant.pk, job.pk)
    page = words(me.get(f"/jobs/{job.pk}/"))
    assert "25 people" in page
    assert me.client.get(f"/jobs/{job.pk}/progress/").status_code == 286
    with use(me.tenant):
        stages = Contact.objects.order_by("pk").values_list("lifecycle_stage", flat=True)
        assert list(stages) == ["Won"] * 25 + ["Customer", "Lead"]
        assert not RecordJobDue.objects.filter(job_id=job.pk).exists()
    assert "Set lifecycle stage to “Won”" in html.unescape(words(me.get("/jobs/")))


def work_due_records_later(me: Somebody) -> None:
    """As the beat rings when time has passed."""
    RecordJobDue.objects.update(due_at=NOW - timedelta(days=9))
    work_due_records()


def test_a_job_that_is_stopped_keeps_what_is_done(me: Somebody) -> None:
    with use(me.tenant):
        ContactFactory.create_batch(5)
    form = {"do": "add_tag", "confirm": "1", "everyone": "1", "tags": "Fair"}
    me.client.post(BULK, form)
    with use(me.tenant):
        job = RecordJob.objects.get()
        work.step(job.pk, now=NOW, size=2)
    page = me.client.post(f"/jobs/{job.pk}/stop/", follow=True).content.decode()
    assert "Stopped" in words(page) and "2 people" in words(page)
    work_records(me.tenant.pk, job.pk)
    assert len(labels(me)) == 2


def test_a_field_of_ones_own_is_set_by_its_type(me: Somebody) -> None:
    with use(me.tenant):
        ann = ContactFactory()
        day = make_field("contact", "renews_on", FieldType.DATE)
        tier = make_field("contact", "tiers", FieldType.TAGS)
        vip = make_field("contact", "vip", FieldType.YES_NO)
    ask = me.client.post(BULK, {"do": "set_field", "ids": [ann.pk], "field": "renews_on"}).content.decode()
    assert 'type="date"' in ask
    do(me, "set_field", ids=[ann.pk], field="renews_on", value="2026-05-04")
    do(me, "set_field", ids=[ann.pk], field="tiers", value="Gold, Silver")
    do(me, "set_field", ids=[ann.pk], field="vip", value="on")
    with use(me.tenant):
        ann.refresh_from_db()
        assert str(getattr(ann, day.column)) == "2026-05-04"
        assert getattr(ann, vip.column) is True
        assert ContactTag.objects.filter(record=ann, field=tier).count() == 2
    assert "Empty renews on" in do(me, "set_field", ids=[ann.pk], field="renews_on", value="")
    with use(me.tenant):
        ann.refresh_from_db()
        assert getattr(ann, day.column) is None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("score", "7", "Set score to “7”: done"),
        ("score", "1234567.25", "Set score to “1234567.25”: done"),
        ("meets_at", "2026-05-01T09:30", "Set meets at to “2026-05-01 09:30”: done"),
        ("timezone", "Europe/Berlin", "Set time zone to “Europe/Berlin”: done"),
        ("timezone", "", "Empty time zone: done"),
        ("timezone", "Nowhere/Land", "There is no time zone “Nowhere/Land”"),
        ("score", "many", "Enter a number."),
    ],
)
def test_what_is_set_is_checked_and_said_as_on_the_page_of_one(
    me: Somebody, field: str, value: str, said: str
) -> None:
    with use(me.tenant):
        Tenant.objects.filter(pk=me.tenant.pk).update(timezone="Europe/Berlin")
        ann = ContactFactory()
        make_field("contact", "meets_at", FieldType.DATE_TIME)
    assert said in do(me, "set_field", ids=[ann.pk], field=field, value=value)


@pytest.mark.parametrize("what", ["changed", "deleted"])
def test_all_that_match_a_view_are_those_who_did_when_it_was_asked(me: Somebody, what: str) -> None:
    with use(me.tenant):
        for n in range(3):
            ContactFactory(first_name=f"A{n}", city="Wesel")
        ContactFactory(first_name="Other", city="Bonn")
    address = "cond-match=all&cond-0-field=city&cond-0-op=is&cond-0-value=Wesel"
    view = me.client.post(f"/views/new/?record=contact&{address}", {"name": "Wesel"})["Location"]
    pk = view.partition("view=")[2]
    asked = {"do": "add_tag", "confirm": "1", "everyone": "1", "tags": "x", "filter": f"view={pk}"}
    job = int(me.client.post(BULK, asked)["Location"].split("/")[-2])
    with use(me.tenant):
        assert work.step(job, now=NOW, size=1)
    if what == "changed":
        me.client.post(f"/views/{pk}/", {"name": "Wesel", "filter": address.replace("Wesel", "Bonn")})
    else:
        me.client.post(f"/views/{pk}/delete/")
    work_records(me.tenant.pk, job)
    page = me.get(f"/jobs/{job}/")
    assert "3 people" in words(page)
    assert labels(me) == {"A0": ["x"], "A1": ["x"], "A2": ["x"]}
    back = re.search(r'href="(/contacts/\?[^"]*)"', page)
    assert back and len(names(me.get(html.unescape(back[1])))) == 3


def test_an_owner_is_given_and_taken_away(me: Somebody) -> None:
    with use(me.tenant):
        acme, other = AccountFactory(), make_member()
    do(me, "set_owner", "/companies/bulk/", ids=[acme.pk], owner=other.pk)
    with use(me.tenant):
        assert Account.objects.get().owner_id == other.pk
    do(me, "set_owner", "/companies/bulk/", ids=[acme.pk], owner="")
    with use(me.tenant):
        assert Account.objects.get().owner_id is None


def test_who_is_deleted_leaves_every_sequence_first(me: Somebody) -> None:
    with use(me.tenant):
        ann, ben = ContactFactory(), ContactFactory()
        sequence = create_sequence(name="Outbound", by=me.member, now=NOW)
        Enrollment.objects.create(sequence=sequence, contact=ann, entered_at=NOW)
    ask = me.client.post(BULK, {"do": "delete", "ids": [ann.pk]}).content.decode()
    assert "This cannot be undone." in words(ask)
    assert "Delete: done for 1 person." in do(me, "delete", ids=[ann.pk])
    with use(me.tenant):
        assert list(Contact.objects.all()) == [ben]
        assert not Enrollment.objects.exists()


def test_mail_to_many_is_stopped(me: Somebody) -> None:
    with use(me.tenant):
        ann = ContactFactory(email="Ann@x.example")
        same = ContactFactory(email="ann@X.example")
        none = ContactFactory(email="")
        sequence = create_sequence(name="Outbound", by=me.member, now=NOW)
        Enrollment.objects.create(sequence=sequence, contact=ann, entered_at=NOW)
    page = do(me, "suppress", ids=[ann.pk, same.pk, none.pk])
    assert "done for 2 people. 1 left out: without an email address" in page
    with use(me.tenant):
        assert Suppression.objects.get().address_norm == "ann@x.example"
        assert Enrollment.objects.get().exit_reason == "unsubscribed"
    do(me, "suppress", ids=[ann.pk])
    with use(me.tenant):
        assert Suppression.objects.count() == 1


def test_a_rep_changes_their_own_only_and_is_told(client: Client) -> None:
    me = Somebody(client, make_tenant(), "sales_rep")
    with use(me.tenant):
        mine, other = ContactFactory(owner=me.member), ContactFactory()
    ask = me.client.post(BULK, {"do": "add_tag", "ids": [mine.pk, other.pk]}).content.decode()
    assert "1 of them is left out" in words(ask)
    page = do(me, "add_tag", ids=[mine.pk, other.pk], tags="Fair")
    assert "done for 1 person. 1 left out: your role does not reach them." in page
    assert list(labels(me).values()) == [["Fair"]]
    for verb in ("delete", "export"):
        answer = me.client.post(
            BULK, {"do": verb, "confirm": "1", "ids": [mine.pk], "columns": ["email"]}, follow=True
        )
        assert "Choose what is to be done." in answer.content.decode()
    with use(me.tenant):
        assert Contact.objects.count() == 2


def test_records_of_another_workspace_are_not_reached(me: Somebody) -> None:
    with use(make_tenant()) as _:
        foreign = ContactFactory()
    do(me, "delete", ids=[foreign.pk])
    with use(foreign.tenant_id):
        assert Contact.objects.filter(pk=foreign.pk).exists()


def test_a_right_that_is_taken_away_meanwhile_ends_the_job(me: Somebody) -> None:
    with use(me.tenant):
        ContactFactory.create_batch(3)
    me.client.post(BULK, {"do": "add_tag", "confirm": "1", "everyone": "1", "tags": "Fair"})
    with use(me.tenant):
        job = RecordJob.objects.get()
        Role.objects.filter(key="admin").update(permissions={"record.view": "all"})
    work_records(me.tenant.pk, job.pk)
    assert "may not do this any more" in words(me.get(f"/jobs/{job.pk}/"))
    assert labels(me) == {}


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def export(me: Somebody, **form: Any) -> bytes:
    do(me, "export", **form)
    with use(me.tenant):
        job = RecordJob.objects.latest("pk")
    answer = me.client.get(f"/jobs/{job.pk}/file.csv")
    assert answer.status_code == 200
    return answer.getvalue()


HOSTILE = [
    *("=1+1", "+49 30", "-5", "@SUM(A1)", "\t=1", "\r=1", '="x"', "'=1"),
    *("x,=1+1", "x;=1+1", 'a"b', "x;y,z", "Zoë\nB", "日本"),
]


def test_r_079_an_export_has_the_columns_chosen_and_no_formula_and_comes_back_whole(me: Somebody) -> None:
    """In names and in fields of one's own."""
    with use(me.tenant):
        acme = AccountFactory(name="Acme, Inc.")
        field = make_field("contact", "balance", FieldType.NUMBER)
        note = make_field("contact", "note", FieldType.TEXT)
        for n, text in enumerate(HOSTILE):
            ContactFactory(
                email=f"p{n}@x.example",
                first_name="P",
                last_name=text,
                account=acme,
                **{field.column: -n - 0.5, note.column: text},
            )
    columns = ["email", "last_name", "account", "balance", "owner", "created_at", "lifecycle_stage", "note"]
    data = export(me, everyone="1", columns=columns)
    header, *rows = rows_of(data)
    assert header == [
        "Email",
        "Last name",
        "Company",
        "Balance",
        "Owner",
        "Created",
        "Lifecycle stage",
        "Note",
    ]
    assert len(rows) == len(HOSTILE)
    assert [row[3] for row in rows][:2] == ["-0.5", "-1.5"]
    assert not any(cell[:1] in ("=", "+", "@", "\t", "\r") for row in rows for cell in row)
    assert rows[0][1] == "'=1+1" and rows[2][1] == "'-5" and rows[0][2] == "Acme, Inc."
    bring_in(me, data)
    with use(me.tenant):
        back = list(Contact.objects.order_by("pk").values_list("last_name", flat=True))
        assert [text.strip() for text in back] == [text.strip() for text in HOSTILE]
        notes = Contact.objects.order_by("pk").values_list(note.column, flat=True)
        assert [text.strip() for text in notes] == [text.strip() for text in HOSTILE]
        balances = Contact.objects.order_by("pk").values_list(field.column, flat=True)
        assert list(balances) == [-n - 0.5 for n in range(len(HOSTILE))]
        assert Account.objects.count() == 1


def bring_in(me: Somebody, data: bytes) -> None:
    """Import the file as it is, over what is there."""
    from audience.imports import jobs
    from audience.imports.work import Work

    with use(me.tenant):
        job = jobs.open_import(by=me.member, data=data, file_name="x.csv", kind="contact", at=NOW)
        jobs.start(job, by=me.member, at=NOW, is_worked_here=True)
        working = Work(job.pk)
        while working.step(now=NOW):
            pass
        job.refresh_from_db()
        assert (job.updated, job.refused) == (len(HOSTILE), 0)


def test_a_large_export_is_made_in_pieces_and_kept_for_a_week(me: Somebody) -> None:
    with use(me.tenant):
        people = ContactFactory.create_batch(7)
    me.client.post(BULK, {"do": "export", "confirm": "1", "everyone": "1", "columns": ["email"]})
    with use(me.tenant):
        job = RecordJob.objects.get()
        while work.step(job.pk, now=NOW, size=3):
            pass
        assert RecordJobPart.objects.count() == 3
        due = RecordJobDue.objects.get(job_id=job.pk).due_at
        assert due == NOW + timedelta(days=7)
    answer = me.client.get(f"/jobs/{job.pk}/file.csv", headers={"Accept-Encoding": "gzip, br"})
    assert answer["Content-Disposition"].startswith('attachment; filename="contacts-')
    # Browsers stop reading behind the first gzip member: the pieces must not be sent packed, one behind the other.
    packed = answer.get("Content-Encoding") == "gzip"
    seen = zlib.decompressobj(31).decompress(answer.getvalue()) if packed else answer.getvalue()
    assert [row[0] for row in rows_of(seen)] == ["Email", *(contact.email for contact in people)]
    work_due_records_later(me)
    assert me.client.get(f"/jobs/{job.pk}/file.csv").status_code == 404
    assert "no longer kept" in words(me.get(f"/jobs/{job.pk}/"))
    assert not RecordJobDue.objects.exists()


def test_a_file_is_for_who_asked_for_it(me: Somebody) -> None:
    with use(me.tenant):
        ann = ContactFactory()
    export(me, ids=[ann.pk], columns=["email"])
    with use(me.tenant):
        job = RecordJob.objects.get()
    other = Client()
    sign_in(other, me.tenant, "sales_manager")
    assert other.get(f"/jobs/{job.pk}/file.csv").status_code == 404
    assert other.get(f"/jobs/{job.pk}/").status_code == 404
    stranger = Client().get(f"/jobs/{job.pk}/file.csv")
    assert stranger.status_code == 302
    with use(me.tenant):
        Role.objects.filter(key="admin").update(permissions={"record.view": "all"})
    assert me.client.get(f"/jobs/{job.pk}/file.csv").status_code == 403


def test_an_export_reaches_what_the_role_may_export(client: Client) -> None:
    me = Somebody(client, make_tenant(), "sequence_manager")
    with use(me.tenant):
        mine, _ = ContactFactory(owner=me.member), ContactFactory()
    rows = rows_of(export(me, everyone="1", columns=["email"]))
    assert rows == [["Email"], [mine.email]]


def test_without_a_column_there_is_no_file(me: Somebody) -> None:
    with use(me.tenant):
        ann = ContactFactory()
    answer = me.client.post(BULK, {"do": "export", "confirm": "1", "ids": [ann.pk]})
    assert answer.status_code == 422 and "Choose a column." in words(answer.content.decode())
