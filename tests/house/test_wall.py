"""The wall between tenants holds in the database, whatever the code says (architecture §4)."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from audience.models import Account, Contact
from sequences.models import StepRun
from tenants.models import Tenant
from tenants.operations import each_tenant, reference_of
from tenants.set_references import CASCADE, Reference
from tenants.wall import NoTenant, current_id, use
from tests.factories import AccountFactory, ContactFactory, make_tenant

pytestmark = pytest.mark.django_db

OUTSIDE = {
    "tenants_tenant",
    "tenants_user",
    "tenants_user_groups",
    "tenants_user_user_permissions",
    "tenants_membership",
    "sequences_schedule",
    "sequences_wake",
    "audience_importdue",
    "audience_recordjobdue",
    "messaging_mailboxdue",
    "messaging_origin",
    "django_migrations",
    "django_content_type",
    "django_session",
    "django_admin_log",  # a constraint keeps it empty
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
}
OUTSIDE_APPS = ("account_", "mfa_", "usersessions_")


@pytest.fixture
def two() -> tuple[Tenant, Tenant]:
    return make_tenant(), make_tenant()


def rows(sql: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def walled_tables() -> list[str]:
    found = rows(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    return sorted(t for (t,) in found if t not in OUTSIDE and not t.startswith(OUTSIDE_APPS))


def test_every_table_is_behind_the_wall_or_named_as_outside() -> None:
    forced = {t for (t,) in rows("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")}
    policies = dict(rows("SELECT tablename, qual FROM pg_policies WHERE policyname = 'wall'"))
    for table in walled_tables():
        assert table in forced, f"{table} has no forced row-level security"
        assert "app.tenant" in policies[table], table


def test_every_primary_key_unique_key_and_index_begins_with_the_tenant() -> None:
    firsts = rows(
        """SELECT c.relname, i.relname, a.attname FROM pg_index x
           JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
           LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
           WHERE c.relnamespace = 'public'::regnamespace"""
    )
    walled = set(walled_tables())
    wrong = [(table, index) for table, index, first in firsts if table in walled and first != "tenant_id"]
    assert wrong == []


def test_every_reference_between_walled_tables_carries_the_tenant() -> None:
    """Django's own foreign keys bypass the policy: tenant 1 could point at a row of tenant 2."""
    found = rows(
        """SELECT conrelid::regclass::text, conname, confrelid::regclass::text,
                  (SELECT array_agg(attname) FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY(conkey))
           FROM pg_constraint WHERE contype = 'f'"""
    )
    walled = set(walled_tables())
    wrong = [name for table, name, target, cols in found if target in walled and "tenant_id" not in cols]
    assert wrong == []


UPWARD = {
    "messaging_message": {
        "step_run_id": Reference(
            "messaging_message", "step_run_id", "sequences_steprun", CASCADE, "enrollment_id"
        )
    }
}
"""Plain columns that point up at a higher floor and are held by a set reference."""


def held_by_foreign_keys() -> set[tuple[str, str]]:
    return {
        (table, column)
        for table, column in rows(
            """SELECT conrelid::regclass::text, a.attname FROM pg_constraint k
               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey) WHERE contype = 'f'"""
        )
    }


def bare(definition: str) -> str:
    """A definition as the catalogue says it, without what it adds."""
    return re.sub(r"[()]|\bpublic\.", "", definition)


def faults_of(reference: Reference) -> list[str]:
    """What the catalogue lacks of a set reference, or has otherwise."""
    found = {
        name: (bare(definition), enabled)
        for name, definition, enabled in rows(
            "SELECT tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE NOT tgisinternal"
        )
    }
    functions = {
        name: (body, secdef, config)
        for name, body, secdef, config in rows("SELECT proname, prosrc, prosecdef, proconfig FROM pg_proc")
    }
    faults = [
        name
        for name, (_, definition) in reference.triggers.items()
        if found.get(name) != (bare(f"CREATE TRIGGER {name} {definition}"), "O")
    ]
    for name, statement in reference.functions().items():
        body, is_definer, config = functions.get(name, ("", True, None))
        if body != statement.split("$$")[1] or is_definer or "search_path=public, pg_temp" not in config:
            faults.append(f"{name}()")
    return faults


def unheld() -> list[str]:
    """Relations of models that neither a composite foreign key nor the whole of a set reference holds."""
    from django.apps import apps

    from tenants.fields import TenantForeignKey

    have, wrong = held_by_foreign_keys(), []
    for model in apps.get_models():
        table = model._meta.db_table
        upward = UPWARD.get(table, {})
        relations = [f for f in model._meta.local_concrete_fields if isinstance(f, TenantForeignKey)]
        references = {f.column: reference_of(table, f) for f in relations} | upward
        for column, reference in references.items():
            if (table, column) not in have and (faults := faults_of(reference)):
                wrong.append(f"{table}.{column}: {', '.join(faults)}")
    return wrong


def test_every_reference_column_of_a_model_is_held_by_the_database() -> None:
    assert unheld() == []


@pytest.mark.parametrize("reference", [reference_of("sequences_steprun", StepRun._meta.get_field("run")),
                                       UPWARD["messaging_message"]["step_run_id"]])  # fmt: skip
def test_a_set_reference_that_lacks_a_part_is_found(reference: Reference) -> None:
    where = f"{reference.child}.{reference.column}: "
    spoilt = [
        (f"DROP TRIGGER {name} ON {table}", name) for name, (table, _) in reference.triggers.items()
    ] + [
        (f"ALTER TABLE {table} DISABLE TRIGGER {name}", name)
        for name, (table, _) in reference.triggers.items()
    ]
    for name in reference.functions():
        empty = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        spoilt += [(empty, f"{name}()"), (f"ALTER FUNCTION {name}() SECURITY DEFINER", f"{name}()")]
    for statement, part in spoilt:
        with pytest.raises(Taken), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement)
            assert f"{where}{part}" in unheld(), statement
            raise Taken
    assert unheld() == []


class Taken(Exception):
    """Leaves a transaction without a trace."""


def test_views_ask_with_the_rights_of_who_asks() -> None:
    found = rows(
        "SELECT relname, reloptions FROM pg_class WHERE relkind IN ('v','m') AND relnamespace='public'::regnamespace"
    )
    assert [v for v, options in found if "security_invoker=true" not in (options or [])] == []


def test_the_role_of_the_app_cannot_look_over_the_wall() -> None:
    assert rows("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [
        (False, False)
    ]


def test_without_a_tenant_there_are_no_rows_and_no_inserts(two: tuple[Tenant, Tenant]) -> None:
    with use(two[0]):
        ContactFactory()
    assert Contact.objects.count() == 0
    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
        ContactFactory()
    with pytest.raises(NoTenant):
        current_id()


def test_each_tenant_sees_its_own_rows_only(two: tuple[Tenant, Tenant]) -> None:
    with use(two[0]):
        mine = ContactFactory()
    with use(two[1]):
        assert not Contact.objects.filter(pk=mine.pk).exists()
        assert Contact.objects.filter(pk=mine.pk).update(first_name="Stolen") == 0
        assert Contact.objects.filter(pk=mine.pk).delete()[0] == 0
    with use(two[0]):
        assert Contact.objects.get().first_name == mine.first_name


def test_a_row_of_another_tenant_cannot_be_pointed_at(two: tuple[Tenant, Tenant]) -> None:
    with use(two[0]):
        account = AccountFactory()
    with use(two[1]), pytest.raises(IntegrityError), transaction.atomic():
        ContactFactory(account_id=account.pk)


def test_a_row_cannot_be_written_for_another_tenant(two: tuple[Tenant, Tenant]) -> None:
    with use(two[0]), pytest.raises(ProgrammingError), transaction.atomic():
        ContactFactory(tenant_id=two[1].pk)


def test_nested_use_goes_back_to_the_outer_tenant(two: tuple[Tenant, Tenant]) -> None:
    one, other = two
    with use(one):
        ContactFactory()
        with use(other):
            assert Contact.objects.count() == 0
            assert current_id() == other.pk
        assert Contact.objects.count() == 1
        with pytest.raises(ZeroDivisionError), use(other):
            raise ZeroDivisionError
        assert Contact.objects.count() == 1
        assert current_id() == one.pk
    assert Contact.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_setting_ends_with_the_transaction() -> None:
    """What a connection carries back to a pool is nobody's tenant (R-074)."""
    tenant = make_tenant()
    with use(tenant):
        pass
    assert rows("SELECT COALESCE(current_setting('app.tenant', true), '')") == [("",)]
    assert Contact.objects.count() == 0


def test_removing_what_is_pointed_at_empties_the_pointer_and_keeps_the_tenant(
    two: tuple[Tenant, Tenant],
) -> None:
    with use(two[0]):
        contact = ContactFactory(account=AccountFactory())
        rows_before = Account.objects.count()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM audience_account")
        contact.refresh_from_db()
        assert (rows_before, contact.account_id, contact.tenant_id) == (1, None, two[0].pk)


def test_a_data_migration_reaches_the_rows_of_each_tenant(two: tuple[Tenant, Tenant]) -> None:
    from django.apps import apps

    for tenant in two:
        with use(tenant):
            ContactFactory(city="Old")
    operation = each_tenant(
        lambda a: a.get_model("audience", "Contact").objects.filter(city="Old").update(city="New")
    )
    operation.code(apps, None)
    for tenant in two:
        with use(tenant):
            assert Contact.objects.get().city == "New"
