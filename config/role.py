"""The application refuses to work as a database role that the tenant wall does not hold."""

from typing import Any

from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

SQL = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"

_checked: set[str] = set()


def refusal(role: str, superuser: bool, bypasses: bool) -> str | None:
    """Why `role` may not be used, or None. Such roles see every tenant's rows, policies or not."""
    if superuser or bypasses:
        right = "SUPERUSER" if superuser else "BYPASSRLS"
        return f"Stepwise cannot start: the database role {role} has {right}, so the wall between tenants is off."
    return None


def check_role() -> None:
    """Connect and end the process if the role is refused. A database that is away is no reason to end."""
    try:
        connection.ensure_connection()
    except OperationalError:
        return
    connection.close()


def _on_connection(connection: Any, **_kwargs: object) -> None:
    if connection.vendor != "postgresql" or connection.settings_dict["USER"] in _checked:
        return
    with connection.cursor() as cursor:
        cursor.execute(SQL)
        why_not = refusal(*cursor.fetchone())
    if why_not:
        raise SystemExit(why_not)
    _checked.add(connection.settings_dict["USER"])


connection_created.connect(_on_connection, dispatch_uid="refuse a role that passes the wall")
