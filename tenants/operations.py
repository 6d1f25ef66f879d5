"""Migration operations that build the wall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models
from django.db.migrations.operations import RunPython
from django.db.migrations.operations.base import Operation

from tenants.set_references import CASCADE, REFUSE, SET_NULL, Reference

CURRENT = "(SELECT NULLIF(current_setting('app.tenant', true), '')::bigint)"


class Wall(Operation):
    """Put the tables of these models behind the wall.

    For each: PRIMARY KEY (tenant_id, id), row-level security enabled and forced with one policy, and composite
    foreign keys to other tables behind the wall. Name all models of a migration in one Wall, after their CreateModel.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, *names: str) -> None:
        self.names = names

    def deconstruct(self) -> tuple[str, list, dict]:
        return (self.__class__.__qualname__, list(self.names), {})

    def describe(self) -> str:
        return f"Put behind the wall: {', '.join(self.names)}"

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        found = [to_state.apps.get_model(app_label, name) for name in self.names]
        for model in found:
            table = schema_editor.quote_name(model._meta.db_table)
            key = schema_editor.quote_name(f"{model._meta.db_table}_pkey")
            schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
            schema_editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {key} PRIMARY KEY (tenant_id, id)")
            schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            schema_editor.execute(f"CREATE POLICY wall ON {table} USING (tenant_id = {CURRENT})")
        for model in found:
            for field in model._meta.local_concrete_fields:
                if isinstance(field, models.ForeignKey) and is_walled(field.remote_field.model):
                    add_reference(schema_editor, model._meta.db_table, field)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        pass  # the tables go with their CreateModel


class WallReference(Operation):
    """The composite foreign key of one field that a later migration adds to a table behind the wall.

    Also for a plain id column that points up at a table of a higher floor: ``to`` names it then, as app.Model.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model: str, field: str, to: str | None = None, on_delete: str = "CASCADE") -> None:
        self.model, self.field, self.to, self.on_delete = model, field, to, on_delete

    def deconstruct(self) -> tuple[str, list, dict]:
        kwargs = {"to": self.to, "on_delete": self.on_delete} if self.to else {}
        return (self.__class__.__qualname__, [self.model, self.field], kwargs)

    def describe(self) -> str:
        return f"Hold the reference {self.model}.{self.field} inside the tenant"

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        path = self.model if "." in self.model else f"{app_label}.{self.model}"
        model = to_state.apps.get_model(path)
        field = model._meta.get_field(self.field)
        table = model._meta.db_table
        with seen_by_owner(schema_editor, table):
            if self.to:
                target = to_state.apps.get_model(self.to)._meta.db_table
                execute_reference(schema_editor, table, field.column, target, self.on_delete)
            else:
                add_reference(schema_editor, table, field)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        pass


class DropWallReference(WallReference):
    """Take away the foreign key of a column that something else holds, from here on."""

    def describe(self) -> str:
        return f"Let go of the reference {self.model}.{self.field}"

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        path = self.model if "." in self.model else f"{app_label}.{self.model}"
        meta = to_state.apps.get_model(path)._meta
        table, name = meta.db_table, f"{meta.db_table}_{meta.get_field(self.field).column}_wall"
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class SetReference(Operation):
    """Check a reference once a statement instead of once a row: for columns that many rows of a statement share.

    Replaces the composite foreign key of the field by triggers (tenants.set_references). ``to`` and ``on_delete`` as
    of WallReference. ``agrees``: a column of both tables that must be the same in a row and in its parent.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(
        self, model: str, field: str, to: str | None = None, on_delete: str = "CASCADE", agrees: str = ""
    ) -> None:
        self.model, self.field, self.to, self.on_delete, self.agrees = model, field, to, on_delete, agrees

    def deconstruct(self) -> tuple[str, list, dict]:
        kwargs = {"to": self.to, "on_delete": self.on_delete} if self.to else {}
        kwargs |= {"agrees": self.agrees} if self.agrees else {}
        return (self.__class__.__qualname__, [self.model, self.field], kwargs)

    def describe(self) -> str:
        return f"Check the reference {self.model}.{self.field} once a statement"

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        reference, quote = self._reference(app_label, to_state), schema_editor.quote_name
        schema_editor.execute(f"ALTER TABLE {quote(reference.child)} DROP CONSTRAINT {quote(reference.name)}")
        for statement in reference.create():
            schema_editor.execute(statement, params=None)
        if reference.agrees:
            with seen_by_owner(schema_editor, reference.child, reference.parent):
                schema_editor.execute(reference.check_all(), params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        reference = self._reference(app_label, from_state)
        for statement in reference.drop():
            schema_editor.execute(statement, params=None)
        with seen_by_owner(schema_editor, reference.child):
            execute_reference(
                schema_editor, reference.child, reference.column, reference.parent, reference.foreign_action
            )

    def _reference(self, app_label: str, state: Any) -> Reference:
        model = state.apps.get_model(self.model if "." in self.model else f"{app_label}.{self.model}")
        field = model._meta.get_field(self.field)
        if not self.to:
            return reference_of(model._meta.db_table, field)
        target = state.apps.get_model(self.to)._meta.db_table
        return Reference(model._meta.db_table, field.column, target, self.on_delete, self.agrees)


def reference_of(table: str, field: Any) -> Reference:
    """What the set reference of a relation of a model has to be."""
    action = {"CASCADE": CASCADE, "SET_NULL": SET_NULL}.get(field.remote_field.on_delete.__name__, REFUSE)
    return Reference(table, field.column, field.remote_field.model._meta.db_table, action)


@contextmanager
def seen_by_owner(schema_editor: Any, *tables: str) -> Iterator[None]:
    """Under FORCE the owner sees no rows, so that a constraint would be checked against none of them."""
    for table in tables:
        schema_editor.execute(f"ALTER TABLE {schema_editor.quote_name(table)} NO FORCE ROW LEVEL SECURITY")
    yield
    for table in tables:
        schema_editor.execute(f"ALTER TABLE {schema_editor.quote_name(table)} FORCE ROW LEVEL SECURITY")


def is_walled(model: Any) -> bool:
    """Whether rows of this model (also a migration's historical one) stand behind the wall."""
    default = next((f.db_default for f in model._meta.local_concrete_fields if f.column == "tenant_id"), None)
    return type(default).__name__ == "CurrentTenant"


def add_reference(schema_editor: Any, table: str, field: Any) -> None:
    its = reference_of(table, field)
    execute_reference(schema_editor, table, its.column, its.parent, its.foreign_action)


def execute_reference(schema_editor: Any, table: str, column: str, target: str, action: str) -> None:
    quote = schema_editor.quote_name
    name = quote(f"{table}_{column}_wall"[:63])
    schema_editor.execute(
        f"ALTER TABLE {quote(table)} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, {quote(column)}) "
        f"REFERENCES {quote(target)} (tenant_id, id) ON DELETE {action}"
    )


def each_tenant(code: Callable[[Any], None]) -> RunPython:
    """A data migration: run ``code(apps)`` once inside each tenant.

    A plain RunPython would touch no row behind the wall and say nothing.
    """

    def forwards(apps: Any, schema_editor: Any) -> None:
        from tenants.wall import use

        for tenant_id in list(apps.get_model("tenants", "Tenant").objects.values_list("pk", flat=True)):
            with use(tenant_id):
                code(apps)

    return RunPython(forwards, RunPython.noop)
