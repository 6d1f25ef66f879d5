"""/sequences/<id>/forecast/: asked for, made by a worker, read; nothing of it stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils.timezone import now
from pytest_django import Settings

from audience.models import Contact
from messaging.stops import advisory_key
from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from sequences.forecast import jobs, turns
from sequences.models import Enrollment, Sequence
from tenants.models import Member, Tenant
from tests.factories import NOW, ContactFactory, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import BONN, live
from tests.pages.somebody import words


def there(sequence: Sequence) -> str:
    return f"/sequences/{sequence.pk}/forecast/"


def ask(client: Client, sequence: Sequence, **data: Any) -> str:
    """Ask for one; the address at which it is shown."""
    response = client.post(there(sequence), {"days": "14", "contact": "", **data})
    assert response.status_code == 302, words(response.content.decode())
    return str(response["Location"])


def made(client: Client, sequence: Sequence, **data: Any) -> str:
    """The page of a forecast that a worker has made."""
    address = ask(client, sequence, **data)
    jobs.work(sequence.pk, address.partition("run=")[2], now=NOW)
    response = client.get(address)
    assert response.status_code == 200
    return words(response.content.decode())


def test_a_draft_is_foretold_by_day_and_step(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    ContactFactory(city="Bonn", first_name="Ann", last_name="Ott")
    ContactFactory(city="Bonn", first_name="Bob")
    page = made(client, sequence)
    assert "People lived through 2" in page and "First emails 2" in page
    assert "1. Email" in page and "2. Call reminder" in page and "In all" in page
    assert "Ann Ott" in page and not Enrollment.objects.exists()


def test_a_name_that_nobody_has_is_said_at_its_field(client: Client, sequence: Sequence) -> None:
    ContactFactory(city="Bonn", first_name="Ann")
    response = client.post(there(sequence), {"days": "14", "contact": "Zzyzx"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "No contact begins so." in page and 'value="Zzyzx"' in page


def test_the_calendar_of_a_tree_says_what_its_steps_do(client: Client, rep: Member, tenant: Tenant) -> None:
    ContactFactory(city="Bonn", first_name="Ann")
    tree = create_sequence(name="Tree", by=rep, now=NOW, kind="adaptive")
    tree.entry_conditions = BONN
    tree.save()
    for kind, settings in (
        ("update_field", {"field": "city", "value": "Köln"}),
        ("wait", {"for": {"days": 2}}),
        ("update_field", {"field": "city"}),
    ):
        add_step(sequence=tree, kind=kind, by=rep, now=NOW, settings=settings)
    page = made(client, tree)
    assert "Step 1: Set city to Köln" in page and "Step 3: Empty city" in page
    assert re.search(r"In all .* 1$", page.partition("Ann")[0].strip()), "one leaves"


def test_a_draft_beside_the_version_that_runs_is_named(
    client: Client, sequence: Sequence, rep: Member, tenant: Tenant
) -> None:
    live(sequence, tenant, people=1)
    named = "Changes that are not published yet do not count."
    assert named not in client.get(there(sequence)).content.decode()
    add_step(sequence=sequence, kind="call", by=rep, now=NOW, day=9, settings={"title": "Ring"})
    assert named in client.get(there(sequence)).content.decode()


def test_the_calendar_is_of_who_was_asked_for(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    ContactFactory(city="Bonn", first_name="Ann")
    ContactFactory(city="Ulm", first_name="Zoe", last_name="Zimmer")
    page = made(client, sequence, contact="zoe")
    assert "Zoe Zimmer" in page and "Nothing happens to them in this time" in page


def test_its_progress_is_shown_and_it_can_be_cancelled(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=1)
    address = ask(client, sequence)
    token = address.partition("run=")[2]
    shown = client.get(address, headers={"HX-Request": "true"})
    assert shown.status_code == 200 and "Waits for a worker" in words(shown.content.decode())
    client.post(address, {"cancel": "1"})
    jobs.work(sequence.pk, token, now=NOW)
    over = client.get(address, headers={"HX-Request": "true"})
    assert over.status_code == 286 and "Cancelled." in over.content.decode()


def test_a_forecast_that_nobody_works_on_is_said_to_be_lost(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=1)
    token = jobs.ask(sequence, days=14, contact_id=None, now=NOW - timedelta(minutes=6))
    page = client.get(f"{there(sequence)}?run={token}").content.decode()
    assert "Nobody works on it any more" in page


def test_a_forecast_whose_worker_was_killed_is_lost_at_once(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    live(sequence, tenant, people=1)
    token = jobs.ask(sequence, days=14, contact_id=None, now=now())
    key = f"forecast:{tenant.pk}:{sequence.pk}:{token}"
    cache.set(key, {**cache.get(key), "state": "running", "done": 3})
    address = f"{there(sequence)}?run={token}"
    with another_worker_has(advisory_key(tenant.pk, "forecast", "")):
        assert "Day 3 of 14" in client.get(address).content.decode()
    assert "Nobody works on it any more" in client.get(address).content.decode()


def test_the_calendar_is_of_who_is_inside_where_nobody_is_named(
    client: Client, sequence: Sequence, tenant: Tenant
) -> None:
    ContactFactory(city="Ulm", first_name="Zoe", last_name="Zimmer")
    live(sequence, tenant, people=1)
    Contact.objects.filter(city="Bonn").update(city="Köln", last_name="Inside")
    assert "Inside" in made(client, sequence)


@contextmanager
def another_worker_has(number: int) -> Iterator[None]:
    """A lock that a transaction of somebody else holds meanwhile."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        yield


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ("workspace", "Waits: another forecast of this workspace is being made"),
        ("others", "Waits: forecasts of others are being made"),
    ],
)
def test_a_forecast_waits_for_its_turn_and_says_so(
    client: Client, sequence: Sequence, tenant: Tenant, of: str, said: str
) -> None:
    ContactFactory(city="Bonn")
    token = jobs.ask(sequence, days=14, contact_id=None, now=now() - timedelta(minutes=10))
    address = f"{there(sequence)}?run={token}"
    place = (tenant.pk, "forecast", "") if of == "workspace" else (turns.NOBODY, "forecast", "0")
    with another_worker_has(advisory_key(*place)):
        assert jobs.work(sequence.pk, token, now=now()), "it shall ask again"
    page = client.get(address, headers={"HX-Request": "true"})
    assert page.status_code == 200 and said in words(page.content.decode())
    assert not jobs.work(sequence.pk, token, now=now())
    assert "People lived through 1" in words(client.get(address).content.decode())


def test_as_many_forecasts_are_made_as_the_installation_lets(
    client: Client, sequence: Sequence, tenant: Tenant, settings: Settings
) -> None:
    ContactFactory(city="Bonn")
    settings.FORECASTS_AT_ONCE = 2
    with another_worker_has(advisory_key(turns.NOBODY, "forecast", "0")):
        assert "People lived through 1" in made(client, sequence)


def test_one_that_waits_can_be_cancelled(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=1)
    address = ask(client, sequence)
    token = address.partition("run=")[2]
    with another_worker_has(advisory_key(tenant.pk, "forecast", "")):
        assert jobs.work(sequence.pk, token, now=NOW)
        client.post(address, {"cancel": "1"})
        assert not jobs.work(sequence.pk, token, now=NOW), "nobody waits any more"
    assert "Cancelled." in client.get(address).content.decode()


def test_a_draft_with_faults_is_not_foretold(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    sequence.plan.steps.update(template=None)
    page = words(client.get(there(sequence)).content.decode())
    assert "Nothing can be foretold yet" in page
    response = client.post(there(sequence), {"days": "14"})
    assert response.status_code == 200 and "Nothing can be foretold yet" in response.content.decode()


def test_days_that_are_not_offered_are_refused(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    assert client.post(there(sequence), {"days": "100000"}).status_code == 422


def test_a_forgotten_forecast_leads_back(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    response = client.get(f"{there(sequence)}?run=nothing", follow=True)
    assert "no longer kept" in response.content.decode()


def test_another_workspace_cannot_read_it(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    live(sequence, tenant, people=1)
    token = ask(client, sequence).partition("run=")[2]
    assert jobs.job_of(sequence.pk, token) is not None
    assert jobs.job_of(sequence.pk + 1, token) is None


def test_who_may_not_edit_it_gets_none(sequence: Sequence, tenant: Tenant, sign_in: SignIn) -> None:
    Sequence.objects.update(is_shared=True)
    other = sign_in(make_member("sales_rep", "other@us.example"))
    assert other.get(there(sequence)).status_code == 403


def test_the_editor_leads_there(client: Client, sequence: Sequence, tenant: Tenant) -> None:
    ContactFactory(city="Bonn")
    assert re.search(there(sequence), client.get(f"/sequences/{sequence.pk}/edit/").content.decode())
    assert Contact.objects.count() == 1
