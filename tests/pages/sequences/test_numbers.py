"""Each number that a sequence's pages link leads to exactly so many people (complaint 24)."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from messaging import outbox
from messaging.models import Message
from sequences.models import Run
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage, at, stage
from tests.pages.conftest import SignIn

pytestmark = pytest.mark.django_db

BODY = """
limits: {emails_per_user_per_day: 4}
users: [{email: mia@us.example, timezone: Europe/Berlin}]
contacts:
  - {id: ann, email: ann@x.example, first_name: Ann}
  - {id: bob, email: bob@x.example, first_name: Bob}
  - {id: cat, email: cat@x.example, first_name: Cat}
  - {id: dan, email: dan@x.example, first_name: Dan, city: Bonn}
  - {id: eve, email: "", mobile: "+4915112345678", first_name: Eve}
  - {id: fay, email: fay@x.example, first_name: Fay, city: Bonn}
  - {id: gil, email: gil@x.example, first_name: Gil, city: Bonn}
sequences:
  - name: Everyone
    kind: classic
    schedule: {time: "09:00"}
    audience: {conditions: [{field: first_name, op: not_empty}]}
    exit: {conditions: [{field: job_title, op: is, value: Boss}]}
    steps:
      - {key: mail, day: 1, kind: email, template: t}
      - {key: call, day: 1, kind: call, conditions: [{field: city, op: is, value: Bonn}]}
      - {key: task, day: 2, kind: task}
      - {key: last, day: 3, kind: email, template: t}
"""
LINK = re.compile(r'<a class="link"\s+href="([^"]*/people/\?[^"]*)">\s*([\d,]+)')
SHOWN = re.compile(r"([\d,]+) steps in all|Showing \d+ of ([\d,]+)")


@pytest.fixture
def on(tenant: Tenant) -> Stage:
    """Runs in which people entered, were held, skipped, left by a condition, by a reply and at the end."""
    on = stage(tenant, BODY)
    on.work("05-04 10:00")
    on.happens("05-04 11:00", do="reply", contact="ann", sequence="Everyone", step="mail")
    on.happens("05-04 11:00", do="auto_reply", contact="bob")
    on.work("05-06 10:00", is_accepted=False)
    on.happens("05-06 11:00", do="remove", contact="cat", sequence="Everyone")
    outbox.accept_all(at("05-06 12:00"))
    on.work("05-12 10:00")
    return on


def test_who_was_held_is_found_after_going_on(on: Stage, sign_in: SignIn) -> None:
    client = sign_in(on.life.by)
    run = Run.objects.filter(sequence=on.sequence, held__gt=0).order_by("pk")[0]
    assert run != Run.objects.filter(sequence=on.sequence).order_by("pk").last()
    ((reason, count),) = run.reasons["held"].items()
    address = f"/sequences/{on.sequence.pk}/people/?run={run.pk}&did=held"
    assert shown(client, address) == shown(client, f"{address}&reason={reason}") == count > 0
    assert "those who were held" in " ".join(client.get(address).content.decode().split())
    assert shown(client, f"{address}&reason=stopped") == 0
    other = Run.objects.filter(sequence=on.sequence, held=0).order_by("pk")[0]
    assert shown(client, f"/sequences/{on.sequence.pk}/people/?run={other.pk}&did=held") == 0


def people_linked(client: Client, path: str) -> dict[str, int]:
    """Each link to people with the number that it shows."""
    found = LINK.findall(client.get(path).content.decode())
    return {unescape(address): int(number.replace(",", "")) for address, number in found}


def shown(client: Client, address: str) -> int:
    """How many the list says it holds: steps, where somebody had several, else people."""
    found = SHOWN.search(client.get(address).content.decode())
    return int((found[1] or found[2]).replace(",", "")) if found else 0


@pytest.mark.parametrize("page", ["", "runs/"])
def test_each_number_leads_to_so_many_people(on: Stage, sign_in: SignIn, page: str) -> None:
    client = sign_in(on.life.by)
    linked = people_linked(client, f"/sequences/{on.sequence.pk}/{page}")
    assert len(linked) > 8
    wrong = {address: (said, shown(client, address)) for address, said in linked.items()}
    assert {address: both for address, both in wrong.items() if both[0] != both[1]} == {}


def test_there_is_something_of_everything(on: Stage) -> None:
    assert set(Message.objects.values_list("state", flat=True)) == {"sent", "cancelled"}
    did = {"entered", "executed", "skipped", "held", "exited", "resumed"}
    assert did == {name for name in did for run in on.runs if getattr(run, name)}
