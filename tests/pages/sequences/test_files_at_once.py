"""The same file is brought in by several people at once: each gets it whole, under a name of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from messaging.models import Template
from sequences.models import Sequence
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import make_member, make_tenant
from tests.pages.signing_in import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

FILE = """
templates: {Hello: {subject: Hi, body: "<p>Hi</p>"}}
sequences:
  - name: Outbound
    kind: classic
    schedule: {time: "09:00", timezone: Europe/Berlin}
    steps: [{key: a, day: 1, kind: email, template: Hello}]
"""
MANY = 6


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    """A tenant whose rows other connections see; the test stands outside of its wall."""
    return make_tenant()


def test_a_file_brought_in_at_once_finds_a_name_for_each(tenant: Tenant) -> None:
    sign_in(Client(), tenant)
    with use(tenant):
        people = [make_member("sales_rep", f"rep{n}@us.example").user for n in range(MANY)]
    begin = Barrier(MANY)

    def post(n: int) -> int:
        client = Client()
        client.force_login(people[n])
        begin.wait(timeout=30)
        try:
            return client.post("/sequences/import/", {"text": FILE, "make": "1"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as many:
        answers = list(many.map(post, range(MANY)))
    with use(tenant):
        names = set(Sequence.objects.values_list("name", flat=True))
        assert answers == [302] * MANY
        assert names == {"Outbound", *(f"Outbound ({n})" for n in range(2, MANY + 1))}
        assert Template.objects.count() == MANY
