"""The wall between tenants: which tenant's rows a transaction may see.

Row-level security in the database compares each row's tenant with the setting ``app.tenant``; this module is the only
place that sets it. There is no way to switch the wall off: without a tenant there are no rows and no inserts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.db import connection, transaction

if TYPE_CHECKING:
    from tenants.models import Tenant

_current: ContextVar[int | None] = ContextVar("tenant", default=None)


class NoTenant(RuntimeError):
    """Tenant data was asked for outside of ``use()``."""


@contextmanager
def use(tenant: Tenant | int) -> Iterator[None]:
    """Open a transaction (a savepoint where one is open) that sees the rows of ``tenant`` only.

    Nested use goes back to the outer tenant on leaving. The setting ends with the transaction, so a connection that
    goes back to a pool carries none.
    """
    tenant_id = tenant if isinstance(tenant, int) else tenant.pk
    nested = connection.in_atomic_block
    outer = _current.get() if nested else None
    token = _current.set(tenant_id)
    try:
        with transaction.atomic():
            _set(tenant_id)
            yield
            # A savepoint that is released keeps its settings; one that is rolled back loses them by itself.
            if nested and outer != tenant_id:
                _set(outer)
    finally:
        _current.reset(token)


def current_id() -> int:
    """The id of the tenant in use. Raises NoTenant outside of ``use()``."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise NoTenant("no tenant is in use here")
    return tenant_id


def in_use() -> int | None:
    """The id of the tenant in use, None outside of ``use()``; for logs."""
    return _current.get()


def _set(tenant_id: int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant_id or "")])
