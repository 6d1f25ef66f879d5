"""Whom one's role does not show stands on no page, and is reached by no form (R-071)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from audience.models import Contact
from sequences.commands import people
from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from sequences.commands.status import activate
from sequences.models import Addition, Enrollment, Sequence
from sequences.ticking import work_tenant
from tenants.models import Member, Role, Tenant
from tenants.roles import ACTIONS, ALL, NONE, OWN
from tenants.wall import use
from tests.factories import NOW, AccountFactory, ContactFactory, make_member
from tests.pages.test_walls_of_pages import FOR_MEMBERS, ids_in, mine, signed_in

__all__ = ["mine"]

pytestmark = pytest.mark.django_db

HIDDEN = ("Zeldahidden", "zelda@", "Hiddencorp")
QUERIES = ("", "?q=Zelda", "?state=waiting")
ABOUT_PEOPLE = ("record.view", "record.edit", "record.delete", "export.run")


@pytest.fixture
def theirs(mine: Tenant) -> dict[tuple[str, str], int]:
    """Ids for all routes; somebody else's contacts are inside a sequence that everyone may change, and wait for it."""
    ids = ids_in(mine)
    with use(mine):
        admin = Member.objects.get(role__key="admin")
        sequence = create_sequence(name="Everybody’s", by=admin, now=NOW, is_shared=True)
        add_step(sequence=sequence, kind="call", by=admin, now=NOW)
        activate(sequence=sequence, by=admin, now=NOW)
        inside, waiting, _ = (hidden(admin, n) for n in range(3))
        people.add(sequence=sequence, contacts=[inside.pk], by=admin, now=NOW)
        work_tenant(mine.pk, now=NOW + timedelta(days=1), is_on_time=True)
        people.add(sequence=sequence, contacts=[waiting.pk], by=admin, now=NOW)
    return {route: sequence.pk if route == ("sequences/", "pk") else pk for route, pk in ids.items()} | {
        (route.pattern, "pk"): sequence.pk for route in FOR_MEMBERS if route.pattern.startswith("sequences/<")
    }


def hidden(owner: Member, n: int) -> Contact:
    account = AccountFactory(name=f"Hiddencorp {n}", owner=owner)
    return ContactFactory(first_name="Zeldahidden", email=f"zelda@x{n}.example", account=account, owner=owner)


def client_who_sees(tenant: Tenant, reach: str) -> Any:
    """Signed in as who may do everything, but sees people only so far."""
    with use(tenant):
        permissions = dict.fromkeys(ACTIONS, ALL) | dict.fromkeys(ABOUT_PEOPLE, reach)
        Role.objects.create(name="Half blind", key="half", permissions=permissions)
        make_member("half")
    return signed_in(tenant, "half")


@pytest.mark.parametrize("reach", [NONE, OWN])
def test_who_is_not_shown_to_a_role_stands_on_no_page(
    mine: Tenant, theirs: dict[tuple[str, str], int], reach: str
) -> None:
    client, wrong = client_who_sees(mine, reach), []
    for route in FOR_MEMBERS:
        for query in QUERIES:
            answer = client.get(route.path(theirs) + query)
            body = answer.getvalue().decode(errors="replace")
            if found := [word for word in HIDDEN if word in body]:
                wrong.append(f"{route}{query} ({answer.status_code}): {found}")
    assert wrong == [], "leave out whom policy.visible(member, 'record.view', …) does not hold"


def test_nor_among_the_examples_of_an_audience(mine: Tenant, theirs: dict[tuple[str, str], int]) -> None:
    client = client_who_sees(mine, OWN)
    with use(mine):
        pk = Sequence.objects.get(name="Everybody’s").pk
    answer = client.post(
        f"/sequences/{pk}/edit/preview/",
        {"entry-0-field": "first_name", "entry-0-op": "is", "entry-0-value": "Zeldahidden"},
    ).text
    assert "would enter at a run now" in answer and "3 match" in answer
    assert not any(word in answer.replace('value="Zeldahidden"', "") for word in HIDDEN)


def test_nobody_is_added_paused_or_removed_whom_one_may_not_see(
    mine: Tenant, theirs: dict[tuple[str, str], int]
) -> None:
    client = client_who_sees(mine, OWN)
    with use(mine):
        sequence = Sequence.objects.get(name="Everybody’s")
        inside = list(Enrollment.objects.values_list("contact_id", flat=True))
        everyone = list(Contact.objects.values_list("pk", flat=True))
    page = f"/sequences/{sequence.pk}/people/"
    for query, form in (
        ("", {"ids": inside}),
        ("", {"everyone": "1"}),
        ("?state=waiting", {"everyone": "1"}),
    ):
        client.post(f"{page}do/{query}", form | {"do": "remove"})
    for query, form in (("", {"ids": everyone}), ("?q=Zelda", {"everyone": "1"})):
        client.post(f"{page}add/do/{query}", form)
    with use(mine):
        assert set(Enrollment.objects.values_list("state", flat=True)) == {"active"}
        assert Addition.objects.count() == 1
