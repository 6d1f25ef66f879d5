"""Fields of rows behind the wall."""

from __future__ import annotations

from typing import Any

from django.db import models


class CurrentTenant(models.Func):
    """SQL: the tenant in use, NULL without one."""

    template = "(NULLIF(current_setting('app.tenant', true), ''))::bigint"
    output_field = models.BigIntegerField()
    arity = 0

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list]:  # type: ignore[override]
        return self.template, []


class TenantForeignKey(models.ForeignKey):
    """A reference within one tenant.

    Its constraint in the database is composite, (tenant_id, x_id) to (tenant_id, id), and is made by the migration
    operation Wall; Django's own would let one tenant point at another's row. No index of its own: every index begins
    with the tenant and is declared by the model that needs it.
    """

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs.setdefault("db_index", False)
        kwargs.setdefault("related_name", "+")
        super().__init__(to, on_delete, **kwargs)


class NullableGenerated(models.GeneratedField):
    """A generated column that Django knows to be NULL at times.

    Its own takes the column for never NULL, and a negation (``exclude``, ``~Q``) then loses the rows where it is. To
    migrations it is the plain one: the column is the same.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.null = True

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        kwargs.pop("null", None)
        return name, "django.db.models.GeneratedField", args, kwargs


def lowered(source: str, **kwargs: Any) -> models.GeneratedField:
    """A stored twin of the text column ``source`` for comparing (semantics 6.4).

    Lowered letter by letter with the fixed locale C.UTF-8; NULL exactly when the text is empty or only blanks.
    """
    return NullableGenerated(
        expression=Lowered(models.F(source)),
        output_field=models.TextField(null=True, db_collation="pg_c_utf8"),
        db_persist=True,
        **kwargs,
    )


class Lowered(models.Func):
    """SQL: a text as it is compared, NULL when blank. The same for a column and for a value of a condition."""

    template = (
        "CASE WHEN btrim(%(expressions)s, E' \\t\\n\\r\\u00a0') <> '' "
        'THEN lower((%(expressions)s) COLLATE "pg_c_utf8") END'
    )
    output_field = models.TextField()
    arity = 1

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list]:  # type: ignore[override]
        sql, params = super().as_sql(compiler, connection, **extra)
        return sql, [*params, *params]  # the template names its expression twice
