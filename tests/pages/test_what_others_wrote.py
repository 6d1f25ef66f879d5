"""What somebody typed is shown and never obeyed (R-066), and ids of another workspace lead nowhere (R-072)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.db.models import CharField, F, TextField, Value
from django.db.models.functions import Cast, Concat
from django.test import Client

from tenants.models import Tenant, TenantModel
from tenants.wall import use
from tests.pages.test_walls_of_pages import FOR_MEMBERS, ids_in, rows_of, signed_in, with_admin

pytestmark = pytest.mark.django_db

MARKUP = "'\"><img src=x onerror=boom()>"
ESCAPED = ("&gt;&lt;img src=x onerror=boom()", "\\u003Cimg src=x", "\\u003cimg src=x")
TYPED = {
    *("name", "title", "description", "label", "subject", "said", "file_name", "note", "reason", "text"),
    *("first_name", "last_name", "job_title", "city", "industry", "source", "website", "body"),
}
"""Columns in which words of people stand, by name, in whatever table."""


def write_markup(tenant: Tenant) -> int:
    """Put markup into every such column of every row; how many columns took it."""
    taken = 0
    with use(tenant):
        for model in apps.get_models():
            if not issubclass(model, TenantModel):
                continue
            for field in model._meta.get_fields():
                if isinstance(field, (CharField, TextField)) and field.name in TYPED and not field.choices:
                    taken += _fill(model, field)
    return taken


def _fill(model: type[models.Model], field: models.Field[Any, Any]) -> bool:
    """One column; some hold only what their table allows."""
    try:
        with transaction.atomic():
            unlike = Concat(Value(MARKUP), Cast(F("pk"), TextField()))
            return model._default_manager.update(**{field.name: unlike}) > 0
    except DatabaseError:
        return False


def test_r_066_what_somebody_typed_is_text_on_every_page() -> None:
    mine = with_admin("mine")
    client, ids = signed_in(mine), ids_in(mine)
    assert write_markup(mine) > 20
    obeyed, shown = [], 0
    for route in FOR_MEMBERS:
        answer = client.get(route.path(ids))
        page = answer.getvalue().decode(errors="replace")
        assert answer.status_code < 500, route
        if "html" in answer.headers.get("Content-Type", ""):
            shown += any(escaped in page for escaped in ESCAPED)
            if "<img src=x" in page:
                obeyed.append(str(route))
    assert obeyed == []
    assert shown > 20


KINDS = [
    "settings/members/",
    "contacts/",
    "companies/",
    "templates/",
    "views/",
    "sequences/",
    "settings/mailboxes/",
]


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind == "contacts/" else [pytest.mark.slow]) for kind in KINDS]
)
def test_r_072_an_id_of_another_workspace_in_any_form_leads_nowhere(kind: str) -> None:
    mine, theirs = with_admin("mine"), with_admin("theirs")
    client, ids, foreign = signed_in(mine), ids_in(mine), ids_in(theirs)
    write_markup(theirs)
    id_ = next(pk for (pattern, _), pk in foreign.items() if pattern.startswith(kind))
    fields = names_of_fields(client, ids)
    assert len(fields) > 100
    before, wrong = rows_of(theirs), []
    for route in FOR_MEMBERS:
        with transaction.atomic():
            answer = client.post(route.path(ids), dict.fromkeys(fields, str(id_)))
            page = answer.getvalue().decode(errors="replace")
            transaction.set_rollback(True)
        if answer.status_code >= 500 or "src=x" in page:
            wrong.append(f"{route}: {answer.status_code}")
    assert wrong == []
    assert rows_of(theirs) == before


def names_of_fields(client: Client, ids: dict[tuple[str, str], int]) -> set[str]:
    """The name of each field of each form there is."""
    found: set[str] = set()
    for route in FOR_MEMBERS:
        page = client.get(route.path(ids)).getvalue().decode(errors="replace")
        found |= set(re.findall(r"<(?:input|select|textarea|button)\b[^>]*?\bname=\"([^\"]+)\"", page))
    return found - {"csrfmiddlewaretoken"}
