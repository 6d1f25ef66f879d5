"""References that are checked once a statement are as strict as foreign keys (docs/adr/0017)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, NotSupportedError, connection, transaction
from psycopg.errors import ForeignKeyViolation

from messaging.models import Mailbox, Mailing, Message
from sequences.models import Enrollment, Run, Sequence, StepRun
from steps.models import Plan
from tenants.models import Tenant
from tenants.operations import each_tenant
from tenants.wall import use
from tests.apps.messaging.factories import make_mailbox, make_mailing, make_message
from tests.factories import NOW, ContactFactory, make_member, make_tenant
from tests.processes import eventually

pytestmark = pytest.mark.django_db

NOBODY = 10**12


@dataclass
class Life:
    """A stay, its step run in a run, and its message."""

    sequence: Sequence
    run: Run
    stay: Enrollment
    step_run: StepRun
    mailing: Mailing
    mailbox: Mailbox
    message: Message


def make_life(mailbox: Mailbox | None = None) -> Life:
    owner, plan = make_member(), Plan.objects.create(made_at=NOW)
    name = f"S{Sequence.objects.count()}"
    sequence = Sequence.objects.create(name=name, owner=owner, plan=plan, created_at=NOW, edited_at=NOW)
    run = Run.objects.create(sequence=sequence, scheduled_for=NOW, ordinal=1, started_at=NOW)
    stay = Enrollment.objects.create(sequence=sequence, contact=ContactFactory(), entered_at=NOW)
    step_run = StepRun.objects.create(
        enrollment=stay, key="a", kind="email", state="executed", at=NOW, run=run
    )
    mailing, mailbox = make_mailing(), mailbox or make_mailbox()
    message = make_message(
        mailbox, mailing, stay.contact, enrollment_id=stay.pk, step_run_id=step_run.pk, state="sent"
    )
    return Life(sequence, run, stay, step_run, mailing, mailbox, message)


@pytest.fixture
def life(tenant: Tenant) -> Life:
    return make_life()


def execute(sql: str, *params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


def refused(sql: str, *params: Any) -> Any:
    """What the database says against it: a foreign key's diagnosis."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        execute(sql, *params)
    said = caught.value.__cause__.diag  # type: ignore[union-attr]
    assert said.sqlstate == "23503"
    return said


STEP_RUN = """INSERT INTO sequences_steprun (enrollment_id, run_id, key, kind, state, at)
              SELECT %s, run, key, 'email', 'executed', now() FROM unnest(%s::bigint[], %s::text[]) AS r (run, key)"""


def test_rows_whose_parent_is_missing_are_refused_with_the_name_of_the_reference(life: Life) -> None:
    said = refused(STEP_RUN, life.stay.pk, [life.run.pk, NOBODY, None], ["b", "c", "d"])
    assert (said.constraint_name, said.table_name, said.column_name) == (
        "sequences_steprun_run_id_wall",
        "sequences_steprun",
        "run_id",
    )
    assert str(NOBODY) in said.message_detail
    assert execute(STEP_RUN, life.stay.pk, [life.run.pk, None, life.run.pk], ["b", "c", "d"]) == 3


def test_a_parent_of_another_tenant_is_missing(life: Life) -> None:
    with use(make_tenant()):
        other = make_life()
    refused(STEP_RUN, life.stay.pk, [other.run.pk], ["b"])
    refused("UPDATE sequences_steprun SET run_id = %s", other.run.pk)
    refused("UPDATE messaging_message SET mailbox_id = %s", other.mailbox.pk)


def test_a_changed_reference_is_checked(life: Life) -> None:
    refused("UPDATE sequences_steprun SET run_id = %s", NOBODY)
    assert execute("UPDATE sequences_steprun SET run_id = NULL") == 1
    assert execute("UPDATE sequences_steprun SET run_id = %s", life.run.pk) == 1


def test_rows_that_are_put_in_or_changed_on_conflict_are_checked(life: Life) -> None:
    upsert = STEP_RUN + " ON CONFLICT (tenant_id, enrollment_id, key) DO UPDATE SET run_id = %s"
    refused(upsert, life.stay.pk, [life.run.pk], ["a"], NOBODY)
    refused(upsert, life.stay.pk, [NOBODY], ["b"], life.run.pk)
    assert execute(upsert, life.stay.pk, [life.run.pk, None], ["a", "b"], life.run.pk) == 2


@pytest.mark.parametrize("is_there", [True, False])
def test_copied_rows_are_checked(life: Life, is_there: bool) -> None:
    """Only who passes the wall may COPY; a statement like any other all the same."""
    execute("ALTER TABLE sequences_steprun NO FORCE ROW LEVEL SECURITY")
    row = (life.stay.pk, life.run.pk if is_there else NOBODY, "b", "email", "executed", NOW)
    copy = "COPY sequences_steprun (enrollment_id, run_id, key, kind, state, at) FROM STDIN"
    with (
        nullcontext() if is_there else pytest.raises(ForeignKeyViolation),
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(copy) as rows,
    ):
        rows.write_row(row)
    if is_there:
        assert StepRun.objects.filter(key="b", run=life.run).exists()


def test_parent_and_child_of_one_statement_are_fine(life: Life) -> None:
    made = execute(
        """WITH stay AS (
               INSERT INTO sequences_enrollment (sequence_id, contact_id, entered_at)
               VALUES (%s, %s, now()) RETURNING id
           ) INSERT INTO sequences_steprun (enrollment_id, key, kind, state, at)
             SELECT id, 'x', 'call', 'executed', now() FROM stay""",
        life.sequence.pk,
        ContactFactory().pk,
    )
    assert made == 1


def test_a_message_has_the_enrollment_of_its_step_run(life: Life) -> None:
    other = Enrollment.objects.create(sequence=life.sequence, contact=ContactFactory(), entered_at=NOW)
    given: dict[str, Any] = {"mailbox": life.mailbox, "mailing": life.mailing, "resend_no": 1}
    with pytest.raises(IntegrityError, match="step_run_id_wall"), transaction.atomic():
        make_message(enrollment_id=other.pk, step_run_id=life.step_run.pk, **given)
    with pytest.raises(IntegrityError, match="message_of_a_step_run"), transaction.atomic():
        make_message(enrollment_id=life.stay.pk, step_run_id=None, **given)
    with pytest.raises(IntegrityError, match="message_of_a_step_run"), transaction.atomic():
        make_message(step_run_id=life.step_run.pk, **given)
    refused("UPDATE messaging_message SET enrollment_id = %s", other.pk)
    refused("UPDATE sequences_steprun SET enrollment_id = %s", other.pk)
    make_message(enrollment_id=life.stay.pk, step_run_id=life.step_run.pk, **given)
    assert execute("UPDATE messaging_message SET enrollment_id = NULL, step_run_id = NULL") == 2


def test_keys_never_change(life: Life) -> None:
    assert refused("UPDATE sequences_run SET id = id + 1000").table_name == "sequences_steprun"
    assert execute("UPDATE sequences_run SET id = id, executed = 7") == 1


def test_set_null_empties_the_column_and_keeps_the_row(life: Life) -> None:
    execute("DELETE FROM sequences_run")
    execute("DELETE FROM messaging_mailbox")
    life.step_run.refresh_from_db()
    life.message.refresh_from_db()
    assert (life.step_run.run_id, life.message.mailbox_id) == (None, None)


def test_what_protects_its_parent_refuses_to_let_it_go(life: Life) -> None:
    said = refused("DELETE FROM messaging_mailing")
    assert said.constraint_name == "messaging_message_mailing_id_wall"
    assert str(life.mailing.pk) in said.message_detail
    execute("DELETE FROM messaging_message")
    assert execute("DELETE FROM messaging_mailing") == 1


def test_cascades_go_all_the_way_down_and_spare_the_others(life: Life) -> None:
    other = make_life(life.mailbox)
    with use(make_tenant()):
        foreign = make_life()
    execute("DELETE FROM sequences_sequence WHERE id = %s", life.sequence.pk)
    for model, spared in ((Enrollment, other.stay), (StepRun, other.step_run), (Message, other.message)):
        assert list(model._default_manager.all()) == [spared]
    with use(foreign.sequence.tenant_id):
        assert Message.objects.get().enrollment_id == foreign.stay.pk


def test_a_contact_takes_their_stays_and_messages_along(life: Life) -> None:
    execute("DELETE FROM audience_contact")
    assert not Enrollment.objects.exists()
    assert not Message.objects.exists()
    assert Run.objects.count() == 1


def test_django_deletes_as_it_did(life: Life) -> None:
    life.run.delete()
    life.step_run.refresh_from_db()
    assert life.step_run.run_id is None
    life.sequence.delete()
    assert not Message.objects.exists()
    assert not StepRun.objects.exists()


def test_outside_of_a_tenant_nothing_is_deleted_and_nothing_asked(db: None) -> None:
    tenant = make_tenant()
    with use(tenant):
        make_life()
    assert execute("DELETE FROM sequences_run") == 0
    with use(tenant):
        assert StepRun.objects.get().run_id is not None


def test_a_data_migration_deletes_in_each_tenant(db: None) -> None:
    two = make_tenant(), make_tenant()
    for tenant in two:
        with use(tenant):
            make_life()
    operation: Any = each_tenant(lambda a: a.get_model("sequences", "Run").objects.all().delete())
    operation.code(apps, None)
    for tenant in two:
        with use(tenant):
            assert StepRun.objects.get().run_id is None


def test_a_parent_is_not_truncated_alone(life: Life) -> None:
    with pytest.raises(NotSupportedError, match="cannot truncate"), transaction.atomic():
        execute("TRUNCATE messaging_mailing")
    execute("TRUNCATE messaging_mailing, messaging_message CASCADE")
    assert not Message.objects.exists()


@pytest.fixture
def outside(transactional_db: None) -> Iterator[tuple[Tenant, Life, Callable[..., Future[Any]]]]:
    """A life that other connections see, and a thread with a connection of its own."""
    tenant = make_tenant()
    with use(tenant):
        life = make_life()

    def closing(sql: str, *params: Any) -> int:
        try:
            with use(tenant):
                return execute(sql, *params)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield tenant, life, lambda sql, *params: pool.submit(closing, sql, *params)


def waits(future: Future[Any]) -> bool:
    """Until the other connection stands before our lock."""
    return bool(execute("SELECT FROM pg_locks WHERE NOT granted")) and not future.done()


@pytest.mark.parametrize("action", ["commit", "rollback"])
def test_who_puts_in_rows_waits_for_who_deletes_the_parent(outside: Any, action: str) -> None:
    tenant, life, elsewhere = outside
    with use(tenant):
        execute("DELETE FROM sequences_run")
        other = elsewhere(STEP_RUN, life.stay.pk, [life.run.pk], ["late"])
        eventually(lambda: waits(other))
        if action == "rollback":
            transaction.set_rollback(True)
    if action == "rollback":
        assert other.result(60) == 1
    else:
        with pytest.raises(IntegrityError, match="sequences_steprun_run_id_wall"):
            other.result(60)


@pytest.mark.parametrize(
    ("delete", "refuses"),
    [("sequences_run", False), ("sequences_enrollment", False), ("messaging_mailing", True)],
)
def test_who_deletes_the_parent_waits_for_who_puts_in_rows_and_finds_them(
    outside: Any, delete: str, refuses: bool
) -> None:
    tenant, life, elsewhere = outside
    if refuses:
        with use(tenant):
            Message.objects.all().delete()
    with use(tenant):
        execute(STEP_RUN, life.stay.pk, [life.run.pk], ["early"])
        if refuses:
            make_message(life.mailbox, life.mailing)
        other = elsewhere(f"DELETE FROM {delete}")
        eventually(lambda: waits(other))
    if refuses:
        with pytest.raises(IntegrityError, match="mailing_id_wall"):
            other.result(60)
        return
    assert other.result(60) == 1
    with use(tenant):
        if delete == "sequences_run":
            assert set(StepRun.objects.values_list("run_id", flat=True)) == {None}
        else:
            assert not StepRun.objects.exists()


def test_two_that_put_in_rows_of_the_same_parents_do_not_wait(outside: Any) -> None:
    tenant, life, elsewhere = outside
    with use(tenant):
        execute(STEP_RUN, life.stay.pk, [life.run.pk], ["one"])
        assert elsewhere(STEP_RUN, life.stay.pk, [life.run.pk], ["two"]).result(60) == 1
